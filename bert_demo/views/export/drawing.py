"""A picture as a list of shapes, written as SVG or as PNG."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import IO, ClassVar

import numpy as np
from markupsafe import Markup
from PIL import Image, ImageColor, ImageDraw

from bert_demo.views.colours import UNSEEN
from bert_demo.views.export.fonts import font_for
from bert_demo.views.tables import packed
from bert_demo.views.templates import render, visible

LARGEST = 16_000
"""Pixels of a PNG's longer side at most."""
SCALE = 2
"""Pixels of a PNG for a unit of the drawing; it is drawn twice as large and reduced, for smooth edges."""
_STEPS = 32
"""Straight parts of a curve."""
_DASH, _GAP = 5, 3


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    kind: ClassVar[str] = "box"
    x: float
    y: float
    width: float
    height: float
    fill: str
    opacity: float = 1.0
    stroke: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Polyline:
    """A line through points; curved: a Bezier curve of four."""

    kind: ClassVar[str] = "line"
    points: Sequence[tuple[float, float]]
    stroke: str
    width: float
    opacity: float = 1.0
    dashed: bool = False
    curved: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """A text whose middle is at height y; anchor: start, middle or end of it is at x; turned: upwards to the right."""

    kind: ClassVar[str] = "words"
    text: str
    x: float
    y: float
    size: int
    fill: str
    anchor: str = "start"
    bold: bool = False
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels of one colour and many opacities; `content` is a PNG of the light page's accent colour, and of UNSEEN.

    A PNG takes its opacities alone, in the colour `tint` or UNSEEN; an SVG shows it as it is, on the dark page made
    lighter.
    """

    kind: ClassVar[str] = "picture"
    x: float
    y: float
    width: float
    height: float
    content: bytes
    tint: str
    title: str = ""
    dark: bool = False

    @property
    def png(self) -> Markup:
        """The content for an address."""
        return packed(self.content)


@dataclass(slots=True)
class Drawing:
    """Shapes in the order in which they are drawn, on a ground."""

    width: int
    height: int
    ground: str
    shapes: list[Box | Polyline | Words | Picture] = field(default_factory=list)


def write(drawing: Drawing, kind: str, stream: IO[bytes]) -> None:
    """As kind says, "svg" or "png"."""
    if kind == "svg":
        stream.write(render("drawing.svg.sheet", drawing).encode("utf-8", "replace"))
    else:
        _pixels(drawing).save(stream, "PNG")


def _pixels(drawing: Drawing) -> Image.Image:
    longest = max(drawing.width, drawing.height)
    scale = min(SCALE, LARGEST / longest)
    smooth = 2 if longest * scale * 2 <= LARGEST else 1
    raster = _Raster(drawing, scale * smooth)
    for shape in drawing.shapes:
        raster.draw(shape)
    return raster.image.reduce(smooth) if smooth > 1 else raster.image


class _Raster:
    def __init__(self, drawing: Drawing, scale: float) -> None:
        self.scale = scale
        size = (max(1, round(drawing.width * scale)), max(1, round(drawing.height * scale)))
        self.image = Image.new("RGB", size, drawing.ground)
        self.pen = ImageDraw.Draw(self.image, "RGBA")  # blends what is not opaque

    def draw(self, shape: Box | Polyline | Words | Picture) -> None:
        if isinstance(shape, Box):
            self._box(shape)
        elif isinstance(shape, Polyline):
            self._line(shape)
        elif isinstance(shape, Words):
            self._words(shape)
        else:
            self._picture(shape)

    def _box(self, box: Box) -> None:
        corners = [each * self.scale for each in (box.x, box.y, box.x + box.width, box.y + box.height)]
        fill = _blended(box.fill, box.opacity)
        stroke = ImageColor.getrgb(box.stroke) if box.stroke else None
        if corners[2] - corners[0] >= 1 and corners[3] - corners[1] >= 1:
            edges = (corners[0], corners[1], corners[2] - 1, corners[3] - 1)
            self.pen.rectangle(edges, fill, stroke, max(1, round(self.scale)))

    def _line(self, line: Polyline) -> None:
        points = list(_sampled(line.points)) if line.curved else list(line.points)
        at = [(x * self.scale, y * self.scale) for x, y in points]
        colour, width = _blended(line.stroke, line.opacity), max(1, round(line.width * self.scale))
        for part in _dashes(at, _DASH * self.scale, _GAP * self.scale) if line.dashed else [at]:
            self.pen.line(part, colour, width, joint="curve")

    def _words(self, words: Words) -> None:
        font, text = font_for(words.text, max(1, round(words.size * self.scale)))
        place = (words.x * self.scale, words.y * self.scale)
        if not words.turned:
            anchor = {"start": "lm", "middle": "mm", "end": "rm"}[words.anchor]
            self.pen.text(
                place, text, words.fill, font, anchor=anchor, stroke_width=round(0.3 * self.scale * words.bold)
            )
            return
        side = round(font.getlength(text)) + 4
        layer = Image.new("L", (2 * side, 2 * side))
        ImageDraw.Draw(layer).text((side, side), text, 255, font, anchor="lm")
        layer = layer.rotate(60, Image.Resampling.BICUBIC)
        self.image.paste(words.fill, (round(place[0]) - side, round(place[1]) - side), layer)

    def _picture(self, picture: Picture) -> None:
        with Image.open(io.BytesIO(picture.content)) as opened:
            pixels = np.asarray(opened.convert("RGBA"))
        unseen = (pixels[..., :3] == UNSEEN).all(-1)
        size = (max(1, round(picture.width * self.scale)), max(1, round(picture.height * self.scale)))
        at = (round(picture.x * self.scale), round(picture.y * self.scale))
        for colour, shown in ((picture.tint, ~unseen), (UNSEEN, unseen)):
            opacity = Image.fromarray(np.where(shown, pixels[..., 3], 0).astype(np.uint8), "L")
            self.image.paste(colour, at, opacity.resize(size, Image.Resampling.NEAREST))


def _blended(colour: str, opacity: float) -> tuple[int, ...]:
    return (*ImageColor.getrgb(colour)[:3], round(255 * opacity))


def _sampled(ends: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Points of the Bezier curve of four."""
    for step in range(_STEPS + 1):
        t = step / _STEPS
        shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        yield (
            sum(share * x for share, (x, _) in zip(shares, ends, strict=True)),
            sum(share * y for share, (_, y) in zip(shares, ends, strict=True)),
        )


def _dashes(points: Sequence[tuple[float, float]], on: float, off: float) -> Iterator[list[tuple[float, float]]]:
    """The parts of a line that a dash of that length leaves, each of at least two points."""
    part, along = [points[0]], 0.0
    for one, other in pairwise(points):
        length = ((other[0] - one[0]) ** 2 + (other[1] - one[1]) ** 2) ** 0.5
        pieces = max(1, round(length))
        for piece in range(1, pieces + 1):
            share = piece / pieces
            along += length / pieces
            if along % (on + off) < on:
                part.append((one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])))
            elif part:
                if len(part) > 1:
                    yield part
                part = []
    if len(part) > 1:
        yield part


def legible(name: str) -> str:
    """A text that XML may hold: control characters are shown, halves of characters replaced."""
    return visible(name.replace("\n", " ").replace("\t", " ")).encode("utf-8", "replace").decode()
