"""All heads on one sheet, as an SVG that stands by itself."""

from __future__ import annotations

import io
from typing import IO

import numpy as np
from PIL import Image

from bert_demo.results import Attention
from bert_demo.views.export.attention_files import OnProgress, heads_of
from bert_demo.views.tables import packed
from bert_demo.views.templates import render

CELL, LEAST, MOST = 10, 160, 640
"""Units of a square, and of the least and the greatest side of a head."""

_WORDS, _GAP, _EDGE = 90, 12, 40
_LONGEST = 16
"""Characters of a word that is written whole."""

_PALETTE = bytes(round(255 + (colour - 255) * strength / 255) for strength in range(256) for colour in (14, 107, 124))
_UNFIT = dict.fromkeys((*range(32), *range(127, 160), *range(55296, 57344), 65534, 65535), "␣")
"""Characters that XML forbids, and others that are not seen."""


def sheet(result: Attention, stream: IO[bytes], on_progress: OnProgress) -> None:
    """Write every head as a picture of one pixel a weight, layers downwards, heads to the right, with the words.

    The colour is the square root of a weight's share of the head's largest, in 256 steps; nothing is averaged.
    """
    count = len(result.tokens)
    side = max(LEAST, min(MOST, CELL * count))
    left, top = _EDGE + _WORDS, _EDGE + _WORDS
    wide = left + len(result.heads) * (side + _GAP) + _GAP
    high = top + len(result.layers) * (side + _GAP) + 2 * _EDGE
    words = _placed([spelt(token.shown) for token in result.tokens], side)
    stream.write(render("contact_sheet.svg.opening", wide, high, _EDGE, _about(result)).encode())
    for column, head in enumerate(result.heads):
        at = left + column * (side + _GAP), top
        stream.write(render("contact_sheet.svg.above", head, words, *at, side, _EDGE).encode())
    for row, layer in enumerate(result.layers):
        at = left, top + row * (side + _GAP)
        stream.write(render("contact_sheet.svg.beside", layer, words, *at, side, _EDGE).encode())
    for layer, head in heads_of(result, on_progress):
        at = left + result.heads.index(head) * (side + _GAP), top + result.layers.index(layer) * (side + _GAP)
        picture = packed(_png(result.head(layer, head)))
        stream.write(render("contact_sheet.svg.picture", layer, head, *at, side, picture).encode())
    stream.write(render("contact_sheet.svg.closing").encode())


def _about(result: Attention) -> str:
    part = f", window {result.window} of {result.windows}" if result.windows > 1 else ""
    return spelt(
        f"Attention of {result.model}, {len(result.tokens)} tokens{part}: layers 0 to {result.layers[-1]} downwards, "
        f"heads 0 to {result.heads[-1]} to the right; rows ask, columns answer; the darker, the more, on each head's "
        "own scale (square root). It shows where heads look, not why the model decides.",
        400,
    )


def _placed(words: list[str], side: int) -> list[tuple[str, float, str]]:
    """(word, middle along the side, size); where squares are small, every second or tenth word."""
    cell = side / len(words)
    step = max(1, int(np.ceil(4 / cell)))
    size = f"{min(11.0, 0.8 * cell * step):.1f}"
    return [(words[place], (place + 0.5) * cell, size) for place in range(0, len(words), step)]


def _png(weights: np.ndarray) -> bytes:
    shares = np.sqrt(weights / max(float(weights.max()), 1e-9))
    image = Image.fromarray((shares * 255).round().astype(np.uint8), "L")
    image.putpalette(_PALETTE)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def spelt(name: str, longest: int = _LONGEST) -> str:
    """A text for XML, shortened, and what XML forbids or nobody sees replaced."""
    shown = name if len(name) <= longest else f"{name[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"
    return shown.translate(_UNFIT)
