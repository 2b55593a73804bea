"""Labelled rows to train on: no model knows their labels yet, which are those that the rows have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bert_demo.core.errors import BadDataError, DataChoiceError
from bert_demo.data.columns import MARKS
from bert_demo.data.headers import ID_NAMES, LABEL_NAMES, TEXT_NAMES, best, is_known_header, plain
from bert_demo.data.labelled import LabelledTexts, at_most, labelled_texts
from bert_demo.data.labels import SEPARATOR, folded, split_labels
from bert_demo.data.reading import Reading
from bert_demo.data.table import Row, Table

MOST_LABELS = 50
"""More different labels are rather texts."""
FEW_NUMBERS = 10
"""So many different whole numbers may be classes; more are read as numbers."""


@dataclass(frozen=True, slots=True)
class OwnRows:
    """Texts with labels of their own. kind: "single", "several" (or none of them) or "number"; guessed: whether nobody
    said so."""

    found: LabelledTexts
    kind: str
    guessed: bool


def understand_own(table: Table, reading: Reading, kind: str = "", most: int = 500) -> OwnRows:
    """The rows of a table with the labels that they have; rows that cannot be read are only counted.

    kind: "" for what the labels look like. Raises BadDataError; DataChoiceError for what may be either, for two texts
    in a row, and for a column whose cells are hardly labels.
    """
    if not table.rows:
        raise BadDataError("There are no rows. Bring a file, paste rows, or take one of the sets.")
    head = [cell.strip() for cell in table.rows[0].cells]
    named = _has_names(table, head, reading)
    body = table.rows[1:] if named else table.rows
    marked = _marked(head, body, reading) if named else ()
    cells = [] if marked else [each for each in _label_cells(head, body, named, reading) if each]
    meant = kind or ("several" if marked else _kind(cells))
    labels = marked or _labels(cells, meant == "several")
    if meant != "number" and len(labels) > MOST_LABELS:
        raise DataChoiceError(
            f"There are {len(labels):,} different labels, more than {MOST_LABELS}: is another column the label?",
            "label",
            tuple(name or str(at + 1) for at, name in enumerate(head)),
        )
    found = at_most(labelled_texts(table, labels, reading, meant == "several"), most, reading)
    if found.pairs:
        raise DataChoiceError(
            "Each row has two texts, and training reads one. Say which column is the text.", "text", tuple(head)
        )
    return OwnRows(found, meant, not kind)


def _has_names(table: Table, head: Sequence[str], reading: Reading) -> bool:
    if table.named or reading.header is not None:
        return table.named or bool(reading.header)
    return sum(map(is_known_header, head)) > 1 or bool(best([plain(name) for name in head], TEXT_NAMES))


def _marked(head: Sequence[str], body: Sequence[Row], reading: Reading) -> tuple[str, ...]:
    """The names of the columns that hold 0 or 1 in each row, where two at least do and none is called the label."""
    names = [plain(name) for name in head]
    if reading.label or best(names, LABEL_NAMES):
        return ()
    taken = {*best(names, TEXT_NAMES), *(at for at, name in enumerate(names) if name in ID_NAMES or not name)}
    found = [
        at
        for at in range(len(head))
        if at not in taken and all(at < len(row.cells) and row.cells[at].strip().lower() in MARKS for row in body)
    ]
    return tuple(head[at] for at in found) if len(found) > 1 and body else ()


def _label_cells(head: Sequence[str], body: Sequence[Row], named: bool, reading: Reading) -> list[str]:
    """The cells of the column of labels: the one that is chosen, or called so, or has the fewest different cells."""
    names = [plain(name) for name in head]
    places: list[int] = []
    if reading.label:
        asked = plain(reading.label[0])
        if asked.isdecimal() and asked not in names:
            places = [int(asked) - 1]
        places = places or [at for at, name in enumerate(names) if name == asked]
    elif named:
        places = best(names, LABEL_NAMES)[:1]
    if not places:
        even = len({len(row.cells) for row in body}) == 1
        places = list(range(len(head))) if even else [0, -1]
        places.sort(
            key=lambda at: (len({row.cells[at] for row in body}) < 2, len({row.cells[at] for row in body}), -at)
        )
    at = places[0]
    return [row.cells[at].strip() for row in body if -len(row.cells) <= at < len(row.cells)]


def _labels(cells: Sequence[str], several: bool) -> tuple[str, ...]:
    """Different labels, numbers by their size, names in the order of the alphabet; case does not tell two apart."""
    parts = [name for cell in cells for name in (split_labels(cell, ()) if several else [cell])]
    first: dict[str, str] = {}
    for name in parts:
        first.setdefault(folded(name), name)
    names = list(first.values())
    numbers = [number_in(name) for name in names]
    if None in numbers:
        return tuple(sorted(names, key=folded))
    return tuple(sorted(names, key=lambda name: number_in(name) or 0.0))


def _kind(cells: Sequence[str]) -> str:
    if any(SEPARATOR in cell for cell in cells):
        return "several"
    numbers = [number_in(cell) for cell in cells]
    if cells and None not in numbers:
        whole = all(number is not None and number.is_integer() for number in numbers)
        if not whole or len(set(numbers)) > FEW_NUMBERS:
            return "number"
    return "single"


def number_in(cell: str) -> float | None:
    """The number that a cell is, if it is a finite one."""
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
