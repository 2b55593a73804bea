"""The overview of all heads as a picture, as it stands on the page."""

from __future__ import annotations

import base64
from typing import IO

from bert_demo.results import Attention, HeadProfiles
from bert_demo.views.colours import Palette
from bert_demo.views.export.drawing import Box, Drawing, Picture, Words, legible, write
from bert_demo.views.panels.attention_overview import name_of_head, thumbnails

SIDE, GAP, LEFT = 64, 6, 30
"""Units of a head, between heads, and for the layers' numbers."""


def overview_picture(
    result: Attention, kind: str, stream: IO[bytes], dark: bool = False, profiles: HeadProfiles | None = None
) -> None:
    """The small pictures with the layers' numbers; each has its head's name as its title. kind: "svg" or "png"."""
    colours = Palette.of(dark)
    step = SIDE + GAP
    drawing = Drawing(LEFT + step * len(result.heads) + GAP, step * len(result.layers) + GAP, colours.panel)
    pictures = thumbnails(result)
    for row, layer in enumerate(result.layers):
        top = GAP + row * step
        drawing.shapes.append(Words(str(layer), LEFT - 8, top + SIDE / 2, 12, colours.soft, "end"))
        for column, head in enumerate(result.heads):
            left = LEFT + column * step
            content = base64.b64decode(pictures[layer, head])
            name = legible(name_of_head(layer, head, profiles))
            drawing.shapes.append(Box(left, top, SIDE, SIDE, colours.page, stroke=colours.line))
            drawing.shapes.append(Picture(left, top, SIDE, SIDE, content, colours.accent, name, dark))
    write(drawing, kind, stream)
