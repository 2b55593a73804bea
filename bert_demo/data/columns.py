"""Which columns of a table hold the text, a second text, and the label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bert_demo.core.errors import BadDataError
from bert_demo.data.labels import shortened
from bert_demo.data.table import Row, Table

LAST = -1
"""The place of a column that is the last of each row, however many there are."""
ONE_EACH = -2
"""In place of the label's column where each label has its own."""
MARKS = {"": False, "0": False, "0.0": False, "false": False, "1": True, "1.0": True, "true": True}


@dataclass(frozen=True, slots=True)
class Cells:
    """What a row says: its text, the second text or None, its label, or the labels that are marked."""

    text: str
    pair: str | None
    label: str
    marked: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the text and its label stand.

    header: the names of the columns, or nothing; text: places (from 0) of what is joined to the text; label: the place
    of the label, ONE_EACH where `marks` has (column, label) of each; width: cells of each row; pair: the place of the
    second text. commas: the text may have commas of its own outside quotes, so that a row without quotes is a text and,
    before or behind it, its label, however many cells it seems to have.
    """

    header: tuple[str, ...]
    text: tuple[int, ...]
    label: int
    width: int
    commas: bool = False
    pair: int | None = None
    marks: tuple[tuple[int, int], ...] = ()

    @property
    def used(self) -> set[int]:
        """Places that are read."""
        pair = set() if self.pair is None else {self.pair}
        label = {self.label % self.width} if self.label != ONE_EACH else {at for at, _ in self.marks}
        return {*self.text, *pair, *label}

    @property
    def left_out(self) -> tuple[str, ...]:
        """The names, or numbers from 1, of the columns that are not read."""
        rest = [at for at in range(self.width) if at not in self.used]
        return tuple(filter(None, (self._name(at) for at in rest)))

    def _name(self, at: int) -> str:
        return self.header[at] if self.header else f"column {at + 1}"

    def __str__(self) -> str:
        out = f" Left out: {', '.join(self.left_out)}." if self.left_out else ""
        text = " + ".join(self._name(at) for at in self.text)
        text += f" with {self._name(self.pair)}" if self.pair is not None else ""
        if self.label == ONE_EACH:
            return f"Columns {text} and a mark in {', '.join(self._name(at) for at, _ in self.marks)}.{out}"
        if self.header:
            return f"Columns {text} and {self.header[self.label]}.{out}"
        rest = "the rest is the text" if not self.left_out and self.pair is None else f"the text is {text}"
        return f"No header: column {self.label % self.width + 1} is the label, {rest}.{out}"

    def cells_of(self, table: Table, row: Row) -> Cells:
        """The text and the label of a row. Raises BadDataError: fewer or more columns than there should be, no text."""
        if not self.commas or (row.quoted and len(row.cells) > 2) or len(row.cells) < 2:
            cells = self._padded(table, row)
        else:
            cells = row.cells
        if self.commas:
            rest = cells[1:] if self.label == 0 else cells[:LAST]
            text = ", ".join(cell.strip() for cell in rest)
        else:
            text = " ".join(cells[at].strip() for at in self.text)
        if not text.strip(" ,"):
            raise BadDataError(f"{table.place(row.line)}: there is no text.")
        pair = None if self.pair is None else cells[self.pair].strip()
        if pair == "":
            raise BadDataError(f"{table.place(row.line)}: there is no second text.")
        if self.label == ONE_EACH:
            return Cells(text.strip(), pair, "", self._marked(table, row, cells))
        return Cells(text.strip(), pair, cells[self.label].strip())

    def _padded(self, table: Table, row: Row) -> tuple[str, ...]:
        """As many cells as there are columns; what lacks or is too much must be blank and unnamed."""
        cells = row.cells
        named = "the header" if self.header else "the first row"
        extra = any(cell.strip() for cell in cells[self.width :])
        missing = any(at in self.used or not self.header or self.header[at] for at in range(len(cells), self.width))
        if extra or missing:
            raise BadDataError(f"{table.place(row.line)}: {len(cells)} columns where {named} has {self.width}.")
        return (*cells, *[""] * self.width)[: self.width]

    def _marked(self, table: Table, row: Row, cells: Sequence[str]) -> tuple[int, ...]:
        for at, _ in self.marks:
            if cells[at].strip().lower() not in MARKS:
                raise BadDataError(
                    f"{table.place(row.line)}: {shortened(cells[at])} in the column {self._name(at)} is no mark; "
                    "write 0 or 1."
                )
        return tuple(sorted(label for at, label in self.marks if MARKS[cells[at].strip().lower()]))
