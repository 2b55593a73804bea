"""An Attention as small multiples of all heads."""

from __future__ import annotations

import io

import numpy as np
from markupsafe import Markup
from PIL import Image

from bert_demo.results import Attention, HeadProfiles
from bert_demo.results.attention_views import beyond
from bert_demo.views.colours import UNSEEN, UNSEEN_OPACITY
from bert_demo.views.tables import packed
from bert_demo.views.templates import render

THUMBNAIL = 64
"""Pixels a side of a head in the overview; longer texts are averaged down to it."""

LEVELS = 16
"""Strengths that a small picture tells apart: two pixels in a byte."""

_ACCENT = (14, 107, 124)


def overview_panel(result: Attention, chosen: tuple[int, int], profiles: HeadProfiles | None = None) -> str:
    """Every head of every layer as a small picture to click; strength is the square root of the weight.

    profiles: the heads' habits, to name them by.
    """
    pictures = thumbnails(result)
    rows = [
        (
            layer,
            [
                (head, (layer, head) == chosen, name_of_head(layer, head, profiles), pictures[layer, head])
                for head in result.heads
            ],
        )
        for layer in result.layers
    ]
    return render(
        "attention_overview.overview",
        result=result,
        rows=rows,
        shown=THUMBNAIL,
        averaged=len(result.tokens) > THUMBNAIL,
        local=local_layers(result),
    )


def local_layers(result: Attention) -> dict[int, list[int]]:
    """The local layers by how many tokens on either side they look at."""
    found: dict[int, list[int]] = {}
    for layer, reach in zip(result.layers, result.reach, strict=False):
        if reach is not None:
            found.setdefault(reach, []).append(layer)
    return found


def thumbnails(result: Attention) -> dict[tuple[int, int], Markup]:
    """The small picture of each (layer, head), a PNG in base64."""
    small = shrink(result.weights, THUMBNAIL)
    pictures = {}
    for row, layer in enumerate(result.layers):
        reach = result.reach[row] if result.reach else None
        outside = None
        if reach is not None:
            outside = shrink(beyond(result.weights[row].max(0), reach).astype(float), THUMBNAIL) > 1 - 1e-6
        for column, head in enumerate(result.heads):
            pictures[layer, head] = packed(_png(_strengths(small[row, column], outside), outside is not None))
    return pictures


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


def _strengths(weights: np.ndarray, outside: np.ndarray | None = None) -> np.ndarray:
    """(n, n) whole numbers below LEVELS: the square root of each weight's share of its head's largest.

    outside: what is not looked at, which takes the last number.
    """
    highest = LEVELS - (1 if outside is None else 2)
    shares: np.ndarray = np.sqrt(weights / max(float(weights.max()), 1e-9))
    found = (shares * highest).round().astype(np.uint8)
    if outside is not None:
        found[outside] = LEVELS - 1
    return found


def _png(strengths: np.ndarray, local: bool = False) -> bytes:
    """A palette picture whose index is the opacity of the accent colour; in a local layer the last is what it cannot
    look at."""
    image = Image.frombytes("P", strengths.shape[::-1], strengths.tobytes())
    levels = LEVELS - 1 if local else LEVELS
    image.putpalette([*_ACCENT * levels, *UNSEEN * (LEVELS - levels)])
    opacities = [round(255 * level / (levels - 1)) for level in range(levels)]
    opacities += [round(255 * UNSEEN_OPACITY)] * (LEVELS - levels)
    stream = io.BytesIO()
    image.save(stream, "PNG", transparency=bytes(opacities), bits=4, optimize=False)
    return stream.getvalue()
