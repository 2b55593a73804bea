"""Small pieces of HTML that every picture is made of. Whatever comes from a visitor or a model passes through `esc`."""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_BRACES = str.maketrans({"{": "&#123;", "}": "&#125;", "$": "&#36;", "`": "&#96;"})
_CONTROLS = {code: "\N{OPEN BOX}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
_MARKUP = _BRACES | _CONTROLS


def esc(text: object) -> str:
    """Escape for HTML, for attributes and for the page's template language; control characters become visible."""
    return html.escape(str(text), quote=True).translate(_MARKUP)


def data(value: Any) -> str:
    """A JSON value for a data- attribute."""
    return html.escape(json.dumps(value, ensure_ascii=True), quote=True).translate(_BRACES)


def number(value: float, digits: int = 2) -> str:
    """A signed number with a real minus sign."""
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def percent(value: float) -> str:
    """A probability in per cent, as HTML; 0 % and 100 % are only said of 0 and 1."""
    share = value * 100
    if 0 < share < 0.1:
        return "&lt; 0.01 %" if share < 0.01 else f"{share:.2f} %"
    if 99.9 < share < 100:
        return "&gt; 99.99 %" if share > 99.99 else f"{share:.2f} %"
    return f"{share:.1f} %"


def card(title: str, body: str, note: str = "", classes: str = "") -> str:
    """A panel: title, one explaining line, content. `title` and `note` are HTML already."""
    line = f'<p class="note">{note}</p>' if note else ""
    return f'<section class="panel {classes}"><h2>{title}</h2>{line}{body}</section>'


def bars(rows: Iterable[tuple[str, float]]) -> str:
    """Probability bars; names are escaped here."""
    lines = (
        f'<div class="bar"><span title="{esc(name)}"><bdi>{esc(name)}</bdi></span>'
        f'<div><u style="width:{100 * score:.2f}%"></u></div><em>{percent(score)}</em></div>'
        for name, score in rows
    )
    return "".join(lines)


def grid(head: str, body: str) -> str:
    """A wide table that scrolls by itself; both are HTML: the cells of its head, and the rows of its body."""
    return f'<div class="methods" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def check(holds: bool, text: str) -> str:
    """The check that a picture carries; `text` is HTML already."""
    sign, kind = ("\N{CHECK MARK}", "ok") if holds else ("!", "off")
    return f'<p class="check {kind}"><b aria-hidden="true">{sign}</b> {text}</p>'


def working(text: str) -> str:
    """A sentence that Stop replaces."""
    return f'<div class="message working" role="status">{esc(text)}</div>'


def message(text: str, kind: str = "info") -> str:
    """A sentence in place of, or above, a picture."""
    role = "alert" if kind == "error" else "status"
    return f'<div class="message {kind}" role="{role}">{esc(text)}</div>'


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], name: str, more: str = "") -> str:
    """The numbers of a picture, folded away, with CSV and JSON of the same rows to keep; `more` is HTML."""
    rows = [[None if isinstance(cell, float) and math.isnan(cell) else cell for cell in row] for row in rows]
    head = "".join(f"<th>{esc(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{esc(_shown(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    records: list[Mapping[str, object]] = [dict(zip(columns, row, strict=True)) for row in rows]
    text = json.dumps(records, ensure_ascii=False, indent=1, allow_nan=False)
    return (
        f'<div class="keep"><details><summary>table</summary><div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></details>"
        f"{_link('CSV', f'{name}.csv', 'text/csv', _csv(columns, rows))}"
        f"{_link('JSON', f'{name}.json', 'application/json', text)}"
        f"{more}</div>"
    )


def pictures(plot: str, name: str) -> str:
    """Buttons that save the plotly picture inside the element of that id as PNG and SVG; assets/app.js draws them."""
    return "".join(
        f'<button type="button" data-plot="{esc(plot)}" data-kind="{kind}" data-name="{esc(name)}">'
        f"{kind.upper()}</button>"
        for kind in ("png", "svg")
    )


def _shown(cell: object) -> object:
    return "" if cell is None else f"{cell:.6g}" if isinstance(cell, float) else cell


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
    return text.getvalue()


def _harmless(cell: object) -> object:
    """A text that a spreadsheet would run as a formula gets a quote in front."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _link(label: str, filename: str, kind: str, content: str) -> str:
    packed = base64.b64encode(content.encode("utf-8", "replace")).decode("ascii")
    return f'<a download="{esc(filename)}" href="data:{kind};charset=utf-8;base64,{packed}">{label}</a>'
