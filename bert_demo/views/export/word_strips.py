"""Words with their numbers as pictures: attributions, and surprises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO

from bert_demo.results import Attribution
from bert_demo.results.masked_lm import Preference, Surprises
from bert_demo.views.colours import MOST, Palette
from bert_demo.views.export.drawing import Box, Drawing, Polyline, Words, legible, write
from bert_demo.views.export.fonts import wide
from bert_demo.views.panels.attributions import cells_of, kind_of, scale_of
from bert_demo.views.panels.pseudo_likelihood import FULL
from bert_demo.views.templates import number

WIDTH, EDGE, HIGH = 860, 12, 50
"""Units of the picture's width, of its edge, and of a word's height."""
_NAME, _NUMBER, _PAD, _GAP = 18, 12, 8, 6


@dataclass(frozen=True, slots=True)
class Chip:
    """A word, its number, its kind (pos, neg, amount or special), its strength from 0 to 1, whether it is framed."""

    name: str
    number: str
    kind: str
    strength: float
    framed: bool = False


def attributed_words_png(results: Sequence[Attribution], by_word: bool, stream: IO[bytes], dark: bool = False) -> None:
    """The words of each result coloured by sign and strength, with their scores, as on the page."""
    strips = []
    for result in results:
        cells = cells_of(result, by_word)
        scale = scale_of([result], (score for _, score, _ in cells))
        strips.append(
            [
                Chip(name, _written(result, score), kind_of(result, score, word), scale.strength(score))
                for name, score, word in cells
            ]
        )
    write(_drawn(strips, dark), "png", stream)


def surprises_png(result: Surprises | Preference, stream: IO[bytes], dark: bool = False) -> None:
    """Every word with its surprise in bits; of two sentences both, and what the other lacks is framed."""
    if isinstance(result, Preference):
        both = zip((result.first, result.second), result.changed, strict=True)
    else:
        both = zip((result,), ((),), strict=True)
    strips = [
        [
            Chip(word.word, f"{word.bits:.1f}", "amount", min(1.0, word.bits / FULL), place in changed)
            for place, word in enumerate(each.words)
        ]
        for each, changed in both
    ]
    write(_drawn(strips, dark), "png", stream)


def _written(result: Attribution, score: float) -> str:
    return number(score) if result.signed else f"{score:.2f}"


def _drawn(strips: Iterable[Sequence[Chip]], dark: bool) -> Drawing:
    colours = Palette.of(dark)
    drawing = Drawing(WIDTH, EDGE, colours.panel)
    for chips in strips:
        left = float(EDGE)
        for chip in chips:
            name = legible(chip.name)
            width = max(wide(name, _NAME), wide(chip.number, _NUMBER)) + 2 * _PAD
            if left > EDGE and left + width > WIDTH - EDGE:
                left, drawing.height = float(EDGE), drawing.height + HIGH + _GAP
            _chip(drawing, chip, name, (left, drawing.height, width), colours)
            drawing.width = max(drawing.width, round(left + width + EDGE))
            left += width + _GAP
        drawing.height += HIGH + EDGE
    return drawing


def _chip(drawing: Drawing, chip: Chip, name: str, place: tuple[float, float, float], colours: Palette) -> None:
    left, top, width = place
    middle = left + width / 2
    if chip.kind != "special":
        colour = {"pos": colours.positive, "neg": colours.negative, "amount": colours.accent}[chip.kind]
        frame = colours.ink if chip.framed else ""
        drawing.shapes.append(Box(left, top, width, HIGH, colour, MOST * chip.strength, frame))
        foot = ((left, top + HIGH - 1.5), (left + width, top + HIGH - 1.5))
        drawing.shapes.append(Polyline(foot, colour, 3, 0.15 + 0.85 * chip.strength, chip.kind == "neg"))
    ink = colours.soft if chip.kind == "special" else colours.ink
    drawing.shapes.append(Words(name, middle, top + 18, _NAME, ink, "middle"))
    drawing.shapes.append(Words(chip.number, middle, top + 37, _NUMBER, ink, "middle"))
