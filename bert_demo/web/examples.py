"""The examples of the page, and an Ask in the address of a link."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bert_demo.core.settings import ASSETS
from bert_demo.registry.models import CATALOGUE, alike, find
from bert_demo.web.tab import MOST_HIDDEN, SMALL, Ask, Hidden


@dataclass(frozen=True, slots=True)
class Example:
    """A button of the example row.

    ask: its text and the model that it is for, "" where it is for any; hide: the words that the fill-mask lens hides;
    lens: the name of the tab where it shows most, and purpose: what it shows there.
    """

    name: str
    ask: Ask
    hide: Hidden
    lens: str
    purpose: str

    def model(self, chosen: str) -> str:
        """The model that it is asked of: the chosen one, unless the text is for models of another kind."""
        here, there = find(chosen), find(self.ask.model)
        return chosen if not self.ask.model or (here and there and alike(here, there)) else self.ask.model


def load_examples() -> tuple[Example, ...]:
    """Read assets/examples.json; the first one is what the page opens on."""
    rows = json.loads((ASSETS / "examples.json").read_text(encoding="utf-8"))
    return tuple(
        Example(
            row["name"],
            Ask(row["text"], row.get("pair", ""), row.get("model", "")),
            _hide(row),
            row["lens"],
            row["purpose"],
        )
        for row in rows
    )


def row_of(example: Example, place: int) -> dict[str, Any]:
    """What the page's script needs to ask an example. fits: the models that it leaves as they are; where it has no
    model of its own, any."""
    ask = example.ask
    fits = [card.name for card in CATALOGUE if example.model(card.name) == card.name] if ask.model else []
    return {
        "place": place,
        "name": example.name,
        "text": ask.text,
        "pair": ask.pair,
        "model": ask.model,
        "fits": fits,
        "hide": [list(span) for span in example.hide],
    }


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
