"""All heads as files: arrays, tables, and a drawing of each with its words, as a homework asks for."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import IO

import numpy as np
from PIL import Image, ImageDraw

from bert_demo.results import Attention
from bert_demo.views.export.fonts import font_for

SIDE = 1600
"""Pixels that the squares of a drawing take at most, more only when each would be less than MINIMUM."""

CELL, MINIMUM = 40, 3
_MARGIN = 200
"""Pixels for the words."""

OnProgress = Callable[[int, int], None]
"""Called with (heads done, all heads), where a file is made head by head; what it raises ends the work."""


def arrays(result: Attention, stream: IO[bytes], on_progress: OnProgress) -> None:
    """An npz file: weights, float32 (layers, heads, n, n); tokens; model; revision; window."""
    on_progress(0, len(result.layers) * len(result.heads))
    np.savez_compressed(
        stream,
        weights=result.weights.astype(np.float32, copy=False),
        tokens=np.array([token.text for token in result.tokens]),
        model=np.array(result.model),
        revision=np.array(result.revision),
        window=np.array(result.window),
    )


def tables(result: Attention, stream: IO[bytes], on_progress: OnProgress) -> None:
    """A zip of attention-head-0-0.csv and so on, layer and head from 0: rows ask, columns answer, both named by
    position and token; nine digits, which is a float32 exactly.
    """
    names = [f"{place} {token.text}" for place, token in enumerate(result.tokens)]
    labels = [quoted(name) for name in names]
    header = quoted("query") + "," + ",".join(labels) + "\r\n"
    numbers = ",".join(["%.9g"] * len(names)) + "\r\n"
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as files:
        for layer, head in heads_of(result, on_progress):
            rows = result.head(layer, head).tolist()
            lines = [f"{name},{numbers % tuple(row)}" for name, row in zip(labels, rows, strict=True)]
            files.writestr(f"attention-head-{layer}-{head}.csv", header + "".join(lines))


def drawings(result: Attention, stream: IO[bytes], on_progress: OnProgress) -> None:
    """A zip of Attention_Layer1_Head1.png and so on, counted from 1 as the homework does: white is 1, black is 0.

    Rows ask, columns answer; words stand at the left and on top.
    """
    cell = max(MINIMUM, min(CELL, SIDE // len(result.tokens)))
    frame = _frame([token.shown for token in result.tokens], cell)
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as files:
        for layer, head in heads_of(result, on_progress):
            picture = _drawn(frame, result.head(layer, head), cell)
            files.writestr(f"Attention_Layer{layer + 1}_Head{head + 1}.png", picture)


def heads_of(result: Attention, on_progress: OnProgress) -> Iterator[tuple[int, int]]:
    """All (layer, head) in order; says before each how many are done."""
    planned = len(result.layers) * len(result.heads)
    for number, (layer, head) in enumerate((layer, head) for layer in result.layers for head in result.heads):
        on_progress(number, planned)
        yield layer, head


def quoted(name: str) -> str:
    """A text as CSV has it."""
    return '"' + name.replace('"', '""') + '"'


def _drawn(frame: Image.Image, weights: np.ndarray, cell: int) -> bytes:
    squares = Image.fromarray((weights * 255).round().astype(np.uint8), "L")
    squares = squares.resize((cell * len(weights), cell * len(weights)), Image.Resampling.NEAREST)
    frame.paste(squares, (_MARGIN, _MARGIN))
    stream = io.BytesIO()
    frame.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def _frame(names: list[str], cell: int) -> Image.Image:
    """Black, with the words at the left and, turned, on top; where squares are small, every second or tenth word."""
    side = _MARGIN + cell * len(names)
    frame = Image.new("L", (side, side))
    height = max(cell, 10)
    for place in range(0, len(names), -(-height // cell)):
        strip = Image.new("L", (_MARGIN - 8, height))
        _write(strip, names[place], min(20, round(height * 0.7)))
        at = _MARGIN + place * cell + (cell - height) // 2
        frame.paste(strip, (0, at))
        frame.paste(strip.transpose(Image.Transpose.ROTATE_270), (at, 0))
    return frame


def _write(strip: Image.Image, name: str, size: int) -> None:
    """A word at the right end of a strip, shortened until it fits."""
    font, name = font_for(name, size)
    pen = ImageDraw.Draw(strip)
    whole = name
    while pen.textlength(name, font) > strip.width - 4 and len(whole) > 1:
        whole = whole[:-1]
        name = whole + "..."
    pen.text((strip.width - 2, strip.height / 2), name, 255, font, anchor="rm")
