"""What was understood of labelled rows, before anything is computed, with each choice to be changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bert_demo.views.templates import render

MAPPING = "mapping"
"""The choice that is a table: each label of the file with the label of the model that it means."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A list to choose from. options: (value, its words); value: what is chosen now."""

    name: str
    title: str
    options: tuple[tuple[str, str], ...]
    value: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """A label as the rows write it, how many rows have it (None where nobody counted), and the label of the model that
    it is taken for, "" for none."""

    name: str
    rows: int | None
    label: str


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row as it was read: its line, its texts, the labels of the model."""

    line: int
    text: str
    pair: str | None
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnderstoodRows:
    """What a reader understood. said: sentences; labels: those of the model; counts: (label, rows); bad: (line,
    sentence) of rows that cannot be read; skip: whether those are left out; question: the sentence of what has to be
    chosen first, asked: the name of that choice ("" where a choice is no help); changed: whether a visitor chose; what:
    a text has, in a word."""

    source: str
    rows: int
    most: int
    said: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    labels: tuple[str, ...] = ()
    meanings: tuple[Meaning, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    first: tuple[ShownRow, ...] = ()
    bad: tuple[tuple[int, str], ...] = ()
    skip: bool = False
    question: str = ""
    asked: str = ""
    changed: bool = False
    what: str = "label"


def understood_panel(rows: UnderstoodRows) -> str:
    """What was understood, or what has to be said first, with the choices."""
    return render("understood.understood", rows=rows, mapping=MAPPING)


def source_panel(
    most_rows: int, most_bytes: int, kept: str, example: bool, said: str, offers: Sequence[tuple[str, str]]
) -> str:
    """What may be brought, and the buttons that bring it. kept: what becomes of the rows; example: whether it has a
    button; said: the words before the sets on offer, each (name, title)."""
    return render("understood.source", most_rows, most_bytes, kept, example, said, offers)


def second_file_panel() -> str:
    """The button that opens a second file."""
    return render("understood.second")
