"""HeadSteps as files: every vector as a row or an array, and the strips of cells as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import numpy as np

from bert_demo.results import HeadSteps
from bert_demo.views.colours import Palette
from bert_demo.views.export.drawing import Box, Drawing, Words, legible, write
from bert_demo.views.export.fonts import fitted
from bert_demo.views.panels.attention_steps import shown_keys
from bert_demo.views.tables import as_csv, as_json
from bert_demo.views.templates import number, percent

NAME, STRIP, FIGURES = 140, 520, 240
"""Units of a line: its name, the cells of a vector, its figures."""
HIGH, LINE = 14, 24
"""Units of a strip, and of the first strip of a line."""
_COLUMNS = ("vector", "position", "token", "product", "scaled", "weight")


def rows(result: HeadSteps) -> Iterator[tuple[object, ...]]:
    """A row for each vector: the query, each key with its figures, each value, the output; nine digits."""
    tokens = [token.shown for token in result.tokens]
    asks = (result.query, tokens[result.query])
    figures = np.stack([result.products, result.scaled, result.weights], axis=1)
    yield "q", *asks, None, None, None, *_rounded(result.q)
    for place, token in enumerate(tokens):
        yield "k", place, token, *_rounded(figures[place]), *_rounded(result.keys[place])
    for place, token in enumerate(tokens):
        yield "v", place, token, None, None, None, *_rounded(result.values[place])
    yield "output", *asks, None, None, None, *_rounded(result.output)


def _rounded(vector: np.ndarray) -> list[float]:
    return [float(f"{value:.9g}") for value in vector.tolist()]


def _columns(result: HeadSteps) -> tuple[str, ...]:
    return (*_COLUMNS, *map(str, range(len(result.q))))


def steps_csv(result: HeadSteps, stream: IO[bytes]) -> None:
    """The rows as CSV."""
    stream.write(as_csv(_columns(result), rows(result)).encode("utf-8", "replace"))


def steps_json(result: HeadSteps, stream: IO[bytes]) -> None:
    """The rows as JSON, a record each."""
    stream.write(as_json(_columns(result), rows(result)).encode("utf-8", "replace"))


def steps_npz(result: HeadSteps, stream: IO[bytes]) -> None:
    """q, keys, values as the model has them; products, scaled, weights, output in double precision; tokens; query."""
    arrays = {
        name: getattr(result, name) for name in ("q", "keys", "values", "products", "scaled", "weights", "output")
    }
    tokens = np.array([token.text for token in result.tokens])
    np.savez(stream, **arrays, tokens=tokens, query=np.array(result.query, np.int32))


def steps_picture(result: HeadSteps, kind: str, stream: IO[bytes], dark: bool = False) -> None:
    """The strips as on the page: above the line when positive, below it in another colour when negative."""
    sheet = _Sheet(Palette.of(dark))
    root = f"\N{SQUARE ROOT}{len(result.q)}"
    keys = shown_keys(result)
    mixed = result.keys * result.q.astype(np.float64)
    asks = legible(result.tokens[result.query].shown)
    sheet.title(f"1. The query of \N{LEFT DOUBLE QUOTATION MARK}{asks}\N{RIGHT DOUBLE QUOTATION MARK}")
    sheet.line("q", [(result.q, _most(result.q))], [])
    sheet.title(f"2. to 4. Each key k; q\N{MULTIPLICATION SIGN}k cell by cell, summed; divided by {root}; softmax")
    for key in keys:
        figures = [number(result.products[key], 3), number(result.scaled[key], 3), percent(result.weights[key])]
        vectors = [(result.keys[key], _most(result.keys)), (mixed[key], _most(mixed))]
        sheet.line(f"{key} {result.tokens[key].shown}", vectors, figures)
    sheet.title("5. The values v, each times its weight, summed: the head's output")
    for key in keys:
        sheet.line(
            f"{key} {result.tokens[key].shown}",
            [(result.values[key], _most(result.values))],
            [percent(result.weights[key])],
        )
    sheet.line("output", [(result.output, _most(result.output))], [])
    write(sheet.drawing, kind, stream)


def _most(vectors: np.ndarray) -> float:
    """The size that is full colour, of each kind of vector its own."""
    return float(np.abs(vectors).max()) or 1.0


class _Sheet:
    """Lines of strips, each below the last."""

    def __init__(self, colours: Palette) -> None:
        self.colours = colours
        self.drawing = Drawing(NAME + STRIP + FIGURES, 8, colours.panel)

    def title(self, text: str) -> None:
        self.drawing.shapes.append(Words(text, 8, self.drawing.height + 16, 15, self.colours.ink, bold=True))
        self.drawing.height += 34

    def line(self, name: str, strips: list[tuple[np.ndarray, float]], figures: list[str]) -> None:
        top = self.drawing.height
        middle = top + HIGH / 2
        shown = fitted(legible(name), 13, NAME - 16)
        self.drawing.shapes.append(Words(shown, NAME - 8, middle, 13, self.colours.ink, "end"))
        for row, (vector, most) in enumerate(strips):
            self._strip(vector, most, top + row * (HIGH + 2))
        for place, figure in enumerate(reversed(figures)):
            right = NAME + STRIP + FIGURES - 8 - place * FIGURES / 3
            self.drawing.shapes.append(Words(figure, right, middle, 12, self.colours.ink, "end"))
        self.drawing.height += LINE + (HIGH + 2) * (len(strips) - 1)

    def _strip(self, vector: np.ndarray, most: float, top: float) -> None:
        cell = STRIP / len(vector)
        shapes = self.drawing.shapes
        shapes.append(Box(NAME, top, STRIP, HIGH, self.colours.page))
        shapes.append(Box(NAME, top + HIGH / 2 - 0.5, STRIP, 1, self.colours.line))
        for place, value in enumerate(vector.tolist()):
            height = top if value >= 0 else top + HIGH / 2
            opacity = 0.06 + 0.94 * abs(value) / most
            shapes.append(
                Box(
                    NAME + place * cell,
                    height,
                    cell,
                    HIGH / 2,
                    self.colours.accent if value >= 0 else self.colours.other,
                    opacity,
                )
            )
