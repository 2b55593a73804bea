"""What the page itself needs of markup: a text escaped, a sentence in a box, the numbers of a picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from markdown_it import MarkdownIt

from bert_demo.views import templates
from bert_demo.views.tables import Table
from bert_demo.views.templates import as_json, number, percent, render

__all__ = ["data", "esc", "markdown", "message", "number", "percent", "remaining", "table", "working"]

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def _link(self: Any, tokens: Sequence[Any], place: int, options: Any, env: Any) -> str:
    tokens[place].attrSet("target", "_blank")
    tokens[place].attrSet("rel", "noopener")
    return str(self.renderToken(tokens, place, options, env))


_MARKDOWN.add_render_rule("link_open", _link)


def esc(text: object) -> str:
    """Escape for HTML, for attributes and for the page's template language; control characters become visible."""
    return str(templates.esc(text))


def data(value: Any) -> str:
    """A JSON value for a data- attribute."""
    return esc(as_json(value))


def markdown(text: str) -> str:
    """CommonMark with tables as HTML; HTML in it is shown as it is written. Links lead out of the page."""
    return templates.unread(_MARKDOWN.render(text))


def working(text: str) -> str:
    """A sentence that Stop replaces."""
    return render("_macros.working", text)


def remaining(seconds: float, rate: float) -> str:
    """How many seconds are left at a measured rate of passes a second."""
    return render("_macros.remaining", math.ceil(seconds), rate)


def message(text: str, kind: str = "info") -> str:
    """A sentence in place of, or above, a picture."""
    return render("_macros.message", text, kind)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], name: str) -> str:
    """The numbers of a picture, folded away, with CSV and JSON of the same rows to keep."""
    return render("_macros.table", Table(columns, rows, name))
