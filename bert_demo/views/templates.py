"""The one way from values to markup: templates beside the panels, which escape whatever they are given.

A template is a file of macros, `panels/*.html`; a panel is a macro. Macros get plain strings, numbers and results, and
what they print is escaped by Jinja2's autoescape. Two rules are this project's own:

- A line break of a template is layout: beside a tag or a statement it vanishes, between words it is one space.
- gradio reads what a panel gives as a template of its own, so that braces, dollars and backticks become entities too,
  and control characters become visible.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup, escape

from bert_demo.registry.glossary import RELATIONS, WORDS, term_of
from bert_demo.registry.languages import is_ideograph
from bert_demo.views.scales import size
from bert_demo.views.tables import Table

_VIEWS = Path(__file__).parent
_READ_BY_GRADIO = re.compile("[{}$`\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BREAK = re.compile(r"[ \t]*\n\s*")
_TERM = re.compile(r'(\(?)(<button type="button" class="term"[^>]*>[^<]*</button>)([).,;:?!]*)')


class LineBreaks(Extension):
    """Takes the line breaks out of a template's text, as the first rule says."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Every token of the template, its texts without line breaks."""
        before = "block_end"
        for token in stream:
            if token.type == "data":
                yield Token(token.lineno, "data", _joined(token.value, before, stream.current.type))
            else:
                yield token
            before = token.type


def _joined(text: str, before: str, after: str) -> str:
    if not text.strip():
        return text if "\n" not in text else ""

    def space(found: re.Match[str]) -> str:
        left = text[found.start() - 1] if found.start() else "word" if before == "variable_end" else ">"
        right = text[found.end()] if found.end() < len(text) else "word" if after == "variable_begin" else "<"
        return "" if left == ">" or right == "<" else " "

    return _BREAK.sub(space, text)


def esc(text: object) -> Markup:
    """Escape for HTML, for attributes and for the page's template language; control characters become visible."""
    return Markup(unread(str(escape(visible(str(text))))))


def unread(markup: str) -> str:
    """HTML in which the page's template language finds nothing of its own."""
    for sign in "{}$`":
        markup = markup.replace(sign, f"&#{ord(sign)};")
    return markup


def visible(text: str) -> str:
    """A text with a sign in the place of each control character."""
    return _CONTROL.sub("\N{OPEN BOX}", text)


def _unread(value: Any) -> Any:
    """What a template is to print: autoescape escapes it, but for a text in which there is something for gradio."""
    return esc(value) if type(value) is str and _READ_BY_GRADIO.search(value) else value


def number(value: float, digits: int = 2) -> str:
    """A signed number with a real minus sign."""
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def percent(value: float) -> str:
    """A probability in per cent; 0 % and 100 % are only said of 0 and 1."""
    share = value * 100
    if 0 < share < 0.1:
        return "< 0.01 %" if share < 0.01 else f"{share:.2f} %"
    if 99.9 < share < 100:
        return "> 99.99 %" if share > 99.99 else f"{share:.2f} %"
    return f"{share:.1f} %"


def width(share: float) -> str:
    """A share as a length in CSS."""
    return f"{100 * share:.2f}%"


def side(value: float) -> str:
    """The class of a score: for or against."""
    return "pos" if value >= 0 else "neg"


def as_json(value: Any) -> str:
    """A JSON value for a data- attribute."""
    return json.dumps(value, ensure_ascii=True)


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader([_VIEWS / "panels", _VIEWS / "export"]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_unread,
        auto_reload=False,
        extensions=[LineBreaks],
    )
    # `form` for the digits as in an f-string; Jinja2's own "format" is that of printf.
    made.tests["chinese"] = lambda text: any(map(is_ideograph, text))
    made.filters |= {
        "number": number,
        "percent": percent,
        "width": width,
        "side": side,
        "size": size,
        "json": as_json,
        "form": format,
        "exp": math.exp,
    }
    made.globals |= {"numbers": Table, "term_of": term_of, "relations": RELATIONS, "words_of_the_field": WORDS}
    return made


_ENVIRONMENT = _environment()


@cache
def _macros(file: str) -> Any:
    return _ENVIRONMENT.get_template(file if file.endswith(".svg") else f"{file}.html").module


def render(panel: str, *values: Any, **named: Any) -> str:
    """The markup of a panel: "classification.labels" is the macro `labels` of panels/classification.html, and
    "drawing.svg.sheet" the macro `sheet` of export/drawing.svg.

    Plain str, so that putting two of them together is not escaped again. Raises jinja2.UndefinedError for a value that
    the template needs and was not given.
    """
    file, _, macro = panel.rpartition(".")
    return _TERM.sub(_with_signs, str(getattr(_macros(file), macro)(*values, **named)))


def _with_signs(term: re.Match[str]) -> str:
    """A hard word that keeps its bracket, comma or stop on its line: a browser may break a line at every button."""
    return f'<span class="whole">{term[0]}</span>' if term[1] or term[3] else term[0]
