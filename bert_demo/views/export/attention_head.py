"""What is open of the attention as files: its weights, its heatmap, its arcs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import IO

import numpy as np
from PIL import Image

from bert_demo.results.attention_views import HeadView
from bert_demo.views.colours import UNSEEN, UNSEEN_OPACITY, Palette
from bert_demo.views.export.attention_files import quoted
from bert_demo.views.export.drawing import Box, Drawing, Picture, Polyline, Words, legible, write
from bert_demo.views.export.fonts import fitted
from bert_demo.views.panels.attention_head import labels_of
from bert_demo.views.tables import as_json, harmless

WIDTH, LINE, MARGIN, SIZE = 720, 20, 150, 13
"""Units of the arcs: their width, a word's height, the room for words, their size."""
MOST_LINES, LEAST = 300, 0.01
"""Lines that are drawn where no word is chosen, and the weight from which on any is drawn."""
_HEATMAP, _CELL = 900, 22


def weights_csv(view: HeadView, stream: IO[bytes]) -> None:
    """A line for each row, named by position and word; nine digits, which is a single-precision number exactly."""
    rows, columns = labels_of(view)
    lines = [",".join(quoted(str(harmless(name))) for name in ("query", *columns))]
    for name, weights in zip(rows, view.weights.tolist(), strict=True):
        lines.append(",".join((quoted(str(harmless(name))), *(f"{weight:.9g}" for weight in weights))))
    stream.write("\r\n".join(lines).encode("utf-8", "replace"))


def weights_json(view: HeadView, stream: IO[bytes]) -> None:
    """A record for each row: its name and a weight for each column."""
    rows, columns = labels_of(view)
    numbers = view.weights.astype(np.float32).tolist()
    records = [(name, *weights) for name, weights in zip(rows, numbers, strict=True)]
    stream.write(as_json(("query", *columns), records).encode("utf-8", "replace"))


def weights_npz(view: HeadView, about: Sequence[str], stream: IO[bytes]) -> None:
    """weights, float32 (rows, columns); query_tokens, key_tokens; query_positions, key_positions; about, texts."""
    np.savez(
        stream,
        weights=view.weights.astype(np.float32),
        query_tokens=np.array([view.names[place] for place in view.rows]),
        key_tokens=np.array([view.names[place] for place in view.columns]),
        query_positions=np.array(view.rows, np.int32),
        key_positions=np.array(view.columns, np.int32),
        about=np.array(list(about)),
    )


def heatmap_picture(view: HeadView, kind: str, stream: IO[bytes], dark: bool = False) -> None:
    """One square a weight, the darker the more on its own scale; where squares are small, some words alone."""
    colours = Palette.of(dark)
    count = max(len(view.rows), len(view.columns), 1)
    cell = min(_CELL, _HEATMAP / count)
    step = max(1, round(12 / cell))
    wide, high = cell * len(view.columns), cell * len(view.rows)
    drawing = Drawing(round(MARGIN + wide + MARGIN / 2), round(MARGIN + high + 10), colours.panel)
    drawing.shapes.append(Picture(MARGIN, MARGIN, wide, high, _opacities(view), colours.accent, dark=dark))
    for row in range(0, len(view.rows), step):
        name = fitted(legible(view.names[view.rows[row]]), 12, MARGIN - 12)
        drawing.shapes.append(Words(name, MARGIN - 6, MARGIN + (row + 0.5) * cell, 12, colours.ink, "end"))
    for column in range(0, len(view.columns), step):
        name = fitted(legible(view.names[view.columns[column]]), 12, MARGIN - 12)
        drawing.shapes.append(Words(name, MARGIN + (column + 0.5) * cell, MARGIN - 6, 12, colours.ink, turned=True))
    write(drawing, kind, stream)


def _opacities(view: HeadView) -> bytes:
    """A PNG of the accent colour, one pixel a weight, whose opacity is its share of the greatest; grey is what cannot
    be looked at."""
    weights = view.weights
    shares = weights / max(float(weights.max(initial=0)), 1e-9)
    pixels = np.empty((*weights.shape, 4), np.uint8)
    pixels[..., :3] = (14, 107, 124)
    pixels[..., 3] = (shares * 255).round()
    if view.outside is not None:
        pixels[view.outside] = (*UNSEEN, round(255 * UNSEEN_OPACITY))
    stream = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(stream, "PNG")
    return stream.getvalue()


def arcs_picture(view: HeadView, chosen: Sequence[int], kind: str, stream: IO[bytes], dark: bool = False) -> None:
    """Words that ask at the left, words that answer at the right, a line for a weight.

    chosen: positions of words whose lines are drawn, both ways; without any the strongest of all.
    """
    colours = Palette.of(dark)
    high = LINE * max(len(view.rows), len(view.columns)) + 8
    drawing = Drawing(WIDTH, high, colours.panel)
    for place, words, left in ((0, view.rows, True), (WIDTH - MARGIN, view.columns, False)):
        for row, word in enumerate(words):
            if word in chosen:
                drawing.shapes.append(Box(place, row * LINE + 4, MARGIN, LINE, colours.accent, 0.22))
            name = fitted(legible(view.names[word]), SIZE, MARGIN - 6)
            x, anchor = (MARGIN - 4, "end") if left else (place + 4, "start")
            drawing.shapes.append(Words(name, x, _middle(row), SIZE, colours.ink, anchor, bold=word in chosen))
    looks = {"any": colours.accent, "from": colours.accent, "into": colours.other}
    for row, column, way in _lines(view, set(chosen)):
        drawing.shapes.append(_arc(view, row, column, looks[way], way == "into"))
    write(drawing, kind, stream)


def _middle(row: int) -> float:
    return row * LINE + LINE / 2 + 4


def _arc(view: HeadView, row: int, column: int, colour: str, dashed: bool) -> Polyline:
    left, right = MARGIN + 2, WIDTH - MARGIN - 2
    bend, weight = (right - left) * 0.45, float(view.weights[row, column])
    y, z = _middle(row), _middle(column)
    points = ((left, y), (left + bend, y), (right - bend, z), (right, z))
    names = (view.names[view.rows[row]], view.names[view.columns[column]])
    title = legible(f"{names[0]} \N{RIGHTWARDS ARROW} {names[1]} {weight:.6f}")
    return Polyline(points, colour, 0.6 + 3 * weight, min(1.0, 0.12 + weight), dashed, True, title)


def _lines(view: HeadView, chosen: set[int]) -> list[tuple[int, int, str]]:
    """(row, column, from or into a chosen word or any) of what is drawn, the weakest first."""
    weights = view.weights
    if chosen:
        found = [(row, column, "from") for row, word in enumerate(view.rows) if word in chosen for column in
                 range(len(view.columns))]  # fmt: skip
        found += [(row, column, "into") for column, word in enumerate(view.columns) if word in chosen for row in
                  range(len(view.rows))]  # fmt: skip
    else:
        best = np.argsort(-weights, axis=None, kind="stable")[:MOST_LINES]
        found = [
            (int(row), int(column), "any") for row, column in zip(*np.unravel_index(best, weights.shape), strict=True)
        ]
    found = [each for each in found if weights[each[0], each[1]] >= LEAST]
    return sorted(found, key=lambda each: float(weights[each[0], each[1]]))
