"""An Attention as small multiples of all heads."""

from __future__ import annotations

import io

import numpy as np
from markupsafe import Markup
from PIL import Image

from bert_demo.results import Attention, HeadProfiles
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
    )


def thumbnails(result: Attention) -> dict[tuple[int, int], Markup]:
    """The small picture of each (layer, head), a PNG in base64."""
    strengths = _strengths(shrink(result.weights, THUMBNAIL))
    return {
        (layer, head): packed(_png(strengths[row, column]))
        for row, layer in enumerate(result.layers)
        for column, head in enumerate(result.heads)
    }


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


def _png(strengths: np.ndarray) -> bytes:
    """A palette picture whose index is the opacity of the accent colour."""
    image = Image.frombytes("P", strengths.shape[::-1], strengths.tobytes())
    image.putpalette(list(_ACCENT) * LEVELS)
    opacities = bytes(round(255 * level / (LEVELS - 1)) for level in range(LEVELS))
    stream = io.BytesIO()
    image.save(stream, "PNG", transparency=opacities, bits=4, optimize=False)
    return stream.getvalue()
