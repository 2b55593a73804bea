"""A look at the columns of a table: what its cells are like, and what a visitor says of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bert_demo.core.errors import BadDataError, DataChoiceError
from bert_demo.data.columns import MARKS
from bert_demo.data.headers import PAIR_NAMES, TEXT_NAMES, best, plain
from bert_demo.data.labels import folded, split_labels
from bert_demo.data.reading import Reading
from bert_demo.data.table import Row, Table

SAMPLE = 2000
"""Rows that are looked at."""


class Look:
    """At one table. head: the cells of its first row; names: those as headers are compared, once they are known to be
    some; body: the rows below."""

    names: list[str]
    body: Sequence[Row]

    def __init__(self, table: Table, labels: Sequence[str], reading: Reading, several: bool) -> None:
        self.table, self.labels, self.reading, self.several = table, labels, reading, several
        self.head = tuple(cell.strip() for cell in table.rows[0].cells)
        self.is_label = label_test(labels, several)

    def at(self, name: str) -> int:
        """The place of a column that the visitor names, or counts from 1."""
        if plain(name) in self.names:
            return self.names.index(plain(name))
        if name.isdecimal() and 0 < int(name) <= len(self.head):
            return int(name) - 1
        raise KeyError(name)

    def all_labels(self, at: int, rows: Sequence[Row]) -> bool:
        """Whether a column holds labels in every row that has it and is not blank there, and in one at least."""
        cells = [row.cells[at].strip() for row in rows[:SAMPLE] if len(row.cells) > max(at, 1)]
        there = [cell for cell in cells if cell]
        return bool(there) and all(map(self.is_label, there))

    def marks_below(self) -> bool:
        """Whether two columns at least are named as labels are, and have marks in every row."""
        own = [at for at, cell in enumerate(self.head) if folded(cell) in {folded(label) for label in self.labels}]
        rows = [row for row in self.table.rows[1:SAMPLE] if len(row.cells) == len(self.head)]
        return len(own) > 1 and bool(rows) and all(row.cells[at].strip().lower() in MARKS for row in rows for at in own)

    def pair_names(self) -> list[tuple[int, int]]:
        """The places of known pairs of texts."""
        pairs = ((plain(first), plain(second)) for first, second in PAIR_NAMES)
        return [(self.names.index(a), self.names.index(b)) for a, b in pairs if a in self.names and b in self.names]

    def asked_texts(self, taken: set[int]) -> tuple[list[int], int | None]:
        """Places of the text and of the second one, as the visitor names them; taken: by the label."""
        asked = [name for name in (*self.reading.text, self.reading.pair) if name]
        try:
            text, pair = [self.at(name) for name in self.reading.text], self.reading.pair
            if not pair and len(text) == 2 and tuple(text) in self.pair_names():
                return text[:1], text[1]
            if not text:
                text = [self.one([at for at in best(self.names, TEXT_NAMES) if at not in taken], "text")]
            return text, self.at(pair) if pair else None
        except KeyError:
            raise self.needs_header(f"there is no {' + '.join(asked)}") from None

    def one(self, places: list[int], what: str) -> int:
        """The only place. Raises DataChoiceError where there are several."""
        if len(places) != 1:
            names = tuple(self.head[at] or str(at + 1) for at in places)
            raise DataChoiceError(
                f"{self.table.source or 'The text'} has several columns that may be the {what}: {', '.join(names)}. "
                "Say "
                "which is meant.",
                what,
                names,
            )
        return places[0]

    def needs_header(self, missing: str) -> BadDataError:
        """The error for columns that are not there."""
        shown = ", ".join(cell[:30] for cell in self.head[:6])
        return DataChoiceError(
            f"{self.table.source or 'The text'} needs a header with the columns text (or sentence) and label; "
            f"{missing} "
            f"among: {shown}. Name other columns.",
            "label" if "label" in missing and "text" not in missing else "text",
            tuple(name or str(at + 1) for at, name in enumerate(self.head)),
        )


def is_id(cells: Sequence[str]) -> bool:
    """Whether cells are all different, one word each, and all with a digit: so no text and no label."""
    return (
        len(cells) > 1
        and len(set(cells)) == len(cells)
        and all(len(cell) < 40 and not any(map(str.isspace, cell)) and any(map(str.isdecimal, cell)) for cell in cells)
    )


def is_counter(cells: Sequence[str]) -> bool:
    """Whether cells count the rows, from 0 or from 1."""
    return len(cells) > 2 and cells in ([str(n) for n in range(len(cells))], [str(n + 1) for n in range(len(cells))])


def label_test(labels: Sequence[str], several: bool) -> Callable[[str], bool]:
    """Whether a cell may be a label: a name, a number, a short form."""
    known = {folded(name) for name in labels} | {str(number) for number in range(-1, len(labels) + 1)}
    known |= {f"{number}.0" for number in range(-1, len(labels) + 1)} | {f"label_{n}" for n in range(len(labels))}
    known |= {"true", "false", "yes", "no"} if len(labels) == 2 else set()
    short = {folded(name)[:length] for name in labels for length in range(3, len(name))}

    def is_label(cell: str) -> bool:
        parts = split_labels(cell, labels) if several else [cell]
        return bool(parts) and all(folded(part) in known or folded(part) in short for part in parts)

    return is_label
