"""The hard words of the page and the codes of grammatical relations, each with a sentence and an example.

They stand in assets/glossary.json; templates name them by the macro `term`, which knows no other word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bert_demo.core.settings import ASSETS


@dataclass(frozen=True, slots=True)
class Term:
    """name: as it is written on the page; meaning: one sentence; example: of what it means."""

    name: str
    meaning: str
    example: str
    kind: str

    @property
    def id(self) -> str:
        """Of the element of the page that holds the meaning."""
        return f"{self.kind}-{re.sub('[^a-z0-9]+', '-', self.name.lower()).strip('-')}"


def _read(part: str, kind: str) -> Mapping[str, Term]:
    rows = json.loads((ASSETS / "glossary.json").read_text(encoding="utf-8"))[part]
    return {name: Term(name, row["meaning"], row["example"], kind) for name, row in rows.items()}


WORDS = _read("words", "word")
"""Words of the field, by their spelling on the page."""
RELATIONS = _read("relations", "relation")
"""Codes of Universal Dependencies, and the Stanford Dependencies of the papers."""


def term_of(name: str) -> Term:
    """The entry of a word or of a relation's code. Raises KeyError for one that has none."""
    return WORDS[name] if name in WORDS else RELATIONS[name]
