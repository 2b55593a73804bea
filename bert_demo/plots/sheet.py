"""All heads on one sheet, as an SVG that stands by itself."""

from __future__ import annotations

import base64
import html
import io
from typing import IO

import numpy as np
from PIL import Image

from bert_demo.plots.drawings import Told, heads_of
from bert_demo.results import Attention

CELL, LEAST, MOST = 10, 160, 640
"""Units of a square, and of the least and the greatest side of a head."""

_WORDS, _GAP, _EDGE = 90, 12, 40
_LONGEST = 16
"""Characters of a word that is written whole."""

_PALETTE = bytes(round(255 + (colour - 255) * strength / 255) for strength in range(256) for colour in (14, 107, 124))
_UNFIT = dict.fromkeys((*range(32), *range(127, 160), *range(55296, 57344), 65534, 65535), "␣")
"""Characters that XML forbids, and others that are not seen."""


def sheet(result: Attention, stream: IO[bytes], told: Told) -> None:
    """Write every head as a picture of one pixel a weight, layers downwards, heads to the right, with the words.

    The colour is the square root of a weight's share of the head's largest, in 256 steps; nothing is averaged.
    """
    count = len(result.tokens)
    side = max(LEAST, min(MOST, CELL * count))
    left, top = _EDGE + _WORDS, _EDGE + _WORDS
    wide = left + len(result.heads) * (side + _GAP) + _GAP
    high = top + len(result.layers) * (side + _GAP) + 2 * _EDGE
    write = stream.write
    write(_opening(result, wide, high).encode())
    words = [_spelt(token.text) for token in result.tokens]
    for column, head in enumerate(result.heads):
        write(_above(head, words, left + column * (side + _GAP), top, side).encode())
    for row, layer in enumerate(result.layers):
        write(_beside(layer, words, left, top + row * (side + _GAP), side).encode())
    for layer, head in heads_of(result, told):
        at = left + result.heads.index(head) * (side + _GAP), top + result.layers.index(layer) * (side + _GAP)
        write(_picture(result.head(layer, head), layer, head, at, side).encode())
    write(b"</svg>\n")


def _opening(result: Attention, wide: int, high: int) -> str:
    part = f", window {result.window} of {result.windows}" if result.windows > 1 else ""
    said = _spelt(
        f"Attention of {result.model}, {len(result.tokens)} tokens{part}: layers 0 to {result.layers[-1]} downwards, "
        f"heads 0 to {result.heads[-1]} to the right; rows ask, columns answer; the darker, the more, on each head's "
        "own scale (square root). It shows where heads look, not why the model decides.",
        400,
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{wide}" '
        f'height="{high}" viewBox="0 0 {wide} {high}" font-family="system-ui, Noto Sans, Noto Sans CJK SC, sans-serif" '
        f'font-size="14" fill="#1d2126"><title>Attention of all heads</title>'
        f'<rect width="100%" height="100%" fill="#fff"/><text x="{_EDGE}" y="{high - _EDGE}">{said}</text>\n'
    )


def _above(head: int, words: list[str], left: int, top: int, side: int) -> str:
    lines = [
        f'<text transform="translate({left + middle:.1f} {top - 4}) rotate(-90)" font-size="{size:.1f}" '
        f'dominant-baseline="central">{word}</text>'
        for word, middle, size in _placed(words, side)
    ]
    return f'<text x="{left + side / 2}" y="{_EDGE - 14}" text-anchor="middle">head {head}</text>{"".join(lines)}\n'


def _beside(layer: int, words: list[str], left: int, top: int, side: int) -> str:
    lines = [
        f'<text x="{left - 4}" y="{top + middle:.1f}" font-size="{size:.1f}" text-anchor="end" '
        f'dominant-baseline="central">{word}</text>'
        for word, middle, size in _placed(words, side)
    ]
    turned = f"translate({_EDGE - 20} {top + side / 2}) rotate(-90)"
    return f'<text transform="{turned}" text-anchor="middle">layer {layer}</text>{"".join(lines)}\n'


def _placed(words: list[str], side: int) -> list[tuple[str, float, float]]:
    """(word, middle along the side, size); where squares are small, every second or tenth word."""
    cell = side / len(words)
    step = max(1, int(np.ceil(4 / cell)))
    size = min(11.0, 0.8 * cell * step)
    return [(words[place], (place + 0.5) * cell, size) for place in range(0, len(words), step)]


def _picture(weights: np.ndarray, layer: int, head: int, at: tuple[int, int], side: int) -> str:
    shares = np.sqrt(weights / max(float(weights.max()), 1e-9))
    image = Image.fromarray((shares * 255).round().astype(np.uint8), "L")
    image.putpalette(_PALETTE)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    packed = base64.b64encode(stream.getvalue()).decode("ascii")
    box = f'x="{at[0]}" y="{at[1]}" width="{side}" height="{side}"'
    return (
        f'<image {box} preserveAspectRatio="none" style="image-rendering:pixelated" '
        f'xlink:href="data:image/png;base64,{packed}"><title>head {layer}-{head} ({layer + 1}-{head + 1} counted from '
        f'one)</title></image><rect {box} fill="none" stroke="#d9dee2"/>\n'
    )


def _spelt(name: str, longest: int = _LONGEST) -> str:
    """A text for XML, shortened, with its markup escaped and what cannot be shown replaced."""
    shown = name if len(name) <= longest else f"{name[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"
    return html.escape(shown.translate(_UNFIT))
