"""Texts as plotly may write them: it reads tags in names and labels."""

from __future__ import annotations

from markupsafe import escape

from bert_demo.views.templates import visible

BELOW = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "maxheight": 0.6}
"""Place of a legend at the foot of its picture, where no axis reaches it, on a narrow screen neither."""


def plain(name: str) -> str:
    """A text without tags, whatever stands in it."""
    return str(escape(visible(name)))


def short(name: str) -> str:
    """A token as a tick: at most 16 characters."""
    return plain(name if len(name) <= 16 else f"{name[:15]}\N{HORIZONTAL ELLIPSIS}")
