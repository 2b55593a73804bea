"""An Attention as small multiples of all heads."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from bert_demo.plots.markup import card, check, data, esc
from bert_demo.results import Attention, HeadProfiles

THUMBNAIL = 64
"""Pixels a side of a head in the overview; longer texts are averaged down to it."""

LEVELS = 16
"""Strengths that a small picture tells apart: two pixels in a byte."""

_ACCENT = (14, 107, 124)


def overview_panel(result: Attention, chosen: tuple[int, int], profiles: HeadProfiles | None = None) -> str:
    """Every head of every layer as a small picture to click; strength is the square root of the weight.

    profiles: the heads' habits, to name them by.
    """
    strengths = _strengths(shrink(result.weights, THUMBNAIL))
    rows = []
    for row, layer in enumerate(result.layers):
        cells = "".join(
            _thumbnail(strengths[row, column], layer, head, (layer, head) == chosen, profiles)
            for column, head in enumerate(result.heads)
        )
        rows.append(f'<div class="heads"><small>{layer}</small>{cells}</div>')
    note = (
        f"Layers 0 to {result.layers[-1]} from top to bottom, heads 0 to {result.heads[-1]} from left to right. Each "
        "square is one head: rows ask, columns answer. Click one, or walk with the arrow keys, to open it. The darker, "
        "the more; each square has a scale of its own. It shows where heads look, not why the model decides."
    )
    if len(result.tokens) > THUMBNAIL:
        note += f" {len(result.tokens)} tokens are averaged down to {THUMBNAIL} squares a side; the open head is exact."
    if result.windows > 1:
        note += f" The text is read in {result.windows} windows; this is window {result.window}."
    error = result.largest_row_error
    proof = check(error < 1e-5, f"every row is a distribution: the sums are 1 to within {error:.0e}")
    keep = "".join(f'<button type="button" data-save="{kind}">{kind.upper()}</button>' for kind in ("png", "svg"))
    said = '<p class="note habit" id="habit" aria-live="polite">&nbsp;</p>'
    return card(
        "Every head", f'<div class="overview">{"".join(rows)}</div>{said}{proof}<div class="keep">{keep}</div>', note
    )


def name_of_head(layer: int, head: int, profiles: HeadProfiles | None = None) -> str:
    """A head and, where it is known, its habit, such as "layer 2, head 3: next 62%"."""
    name = f"layer {layer}, head {head}"
    return name if profiles is None else f"{name}: {profiles.habit(layer, head)}"


def shrink(weights: np.ndarray, most: int) -> np.ndarray:
    """Average square matrices, (..., n, n), down to at most `most` a side; smaller ones stay exact."""
    size = weights.shape[-1]
    if size <= most:
        return weights
    edges = np.linspace(0, size, most + 1).round().astype(int)
    sums = np.add.reduceat(np.add.reduceat(weights, edges[:-1], -2), edges[:-1], -1)
    counts = np.diff(edges)
    means: np.ndarray = sums / np.outer(counts, counts)
    return means


def _strengths(weights: np.ndarray) -> np.ndarray:
    """(..., n, n) whole numbers below LEVELS: the square root of each weight's share of its head's largest."""
    largest = np.maximum(weights.max((-2, -1), keepdims=True), 1e-9)
    shares: np.ndarray = np.sqrt(weights / largest)
    return (shares * (LEVELS - 1)).round().astype(np.uint8)


def _thumbnail(strengths: np.ndarray, layer: int, head: int, chosen: bool, profiles: HeadProfiles | None) -> str:
    name = esc(name_of_head(layer, head, profiles))
    return (
        f'<button type="button" class="thumb" data-head="{layer}-{head}" aria-pressed="{str(chosen).lower()}" '
        f'data-pick="{data({"layer": layer, "head": head})}" title="{name}" '
        f'aria-label="{name}"><img alt="" src="data:image/png;base64,{_png(strengths)}"></button>'
    )


def _png(strengths: np.ndarray) -> str:
    """A palette picture whose index is the opacity of the accent colour."""
    image = Image.frombytes("P", strengths.shape[::-1], strengths.tobytes())
    image.putpalette(list(_ACCENT) * LEVELS)
    opacities = bytes(round(255 * level / (LEVELS - 1)) for level in range(LEVELS))
    stream = io.BytesIO()
    image.save(stream, "PNG", transparency=opacities, bits=4, optimize=False)
    return base64.b64encode(stream.getvalue()).decode("ascii")


def plain(name: str) -> str:
    """plotly reads tags in labels: take their brackets away."""
    return esc(name).replace("&#36;", "$").replace("&#123;", "{").replace("&#125;", "}").replace("&#96;", "`")


def short(name: str) -> str:
    """A token as a tick: at most 16 characters."""
    shown = name if len(name) <= 16 else f"{name[:15]}\N{HORIZONTAL ELLIPSIS}"
    return plain(shown)
