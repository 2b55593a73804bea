"""The glossary of the page."""

from __future__ import annotations

from collections.abc import Sequence

from bert_demo.registry.glossary import RELATIONS, WORDS
from bert_demo.views.templates import render


def meanings_panel() -> str:
    """The meanings of all words, hidden until one is pointed at, pressed or reached by the Tab key."""
    return render("glossary.meanings", list(WORDS.values()))


def relations_panel() -> str:
    """The same of the codes of relations, for the lens that names them."""
    return render("glossary.meanings", list(RELATIONS.values()))


def legend_panel(title: str, names: Sequence[str]) -> str:
    """Words in a line, each with its meaning. Raises KeyError for one that has none."""
    return render("glossary.legend", title, names)
