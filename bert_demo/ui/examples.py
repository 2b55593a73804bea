"""The examples of the page, and an Ask in the address of a link."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bert_demo.settings import ASSETS
from bert_demo.ui.base import MOST_HIDDEN, Ask, Hidden

SMALL = re.compile(r"[0-9]{1,6}")
"""A number of a link that is taken for one."""


@dataclass(frozen=True, slots=True)
class Example:
    """A button of the example row. hide: the words that the fill-mask lens hides; tab: the lens to open, or None."""

    name: str
    ask: Ask
    hide: Hidden
    tab: str | None


def load_examples() -> tuple[Example, ...]:
    """Read assets/examples.json; the first one is what the page opens on."""
    rows = json.loads((ASSETS / "examples.json").read_text(encoding="utf-8"))
    return tuple(
        Example(row["name"], Ask(row["text"], row.get("pair", ""), row["model"]), _hide(row), row.get("tab"))
        for row in rows
    )


def _hide(row: Mapping[str, str]) -> Hidden:
    if "hide" not in row:
        return ()
    start = row["text"].index(row["hide"])
    return ((start, start + len(row["hide"])),)


def from_address(query: Mapping[str, str], opening: Ask, hide: Hidden) -> tuple[Ask, Hidden]:
    """The Ask of a link (?text=&pair=&model=&hide=39-43,50-52); what it leaves out comes from the opening.

    A part of `hide` that is no span becomes one that lies in no text, which the lens reports.
    """
    text = query.get("text", opening.text)
    ask = Ask(text, query.get("pair", "" if "text" in query else opening.pair), query.get("model", opening.model))
    if "hide" not in query:
        return ask, () if "text" in query else hide
    spans = []
    for part in [part for part in query["hide"].split(",") if part][:MOST_HIDDEN]:
        start, _, end = part.partition("-")
        spans.append((int(start), int(end)) if SMALL.fullmatch(start) and SMALL.fullmatch(end) else (-1, -1))
    return ask, tuple(sorted(spans))
