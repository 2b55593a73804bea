"""The one reader of labelled texts, for page, HTTP, commands and training: what it understood is a value, too."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bert_demo.core.errors import BadDataError
from bert_demo.data.columns import Cells, Columns
from bert_demo.data.find_columns import find_columns
from bert_demo.data.labels import SEPARATOR, LabelMapping, find_mapping, number_of, shortened, split_labels
from bert_demo.data.reading import FOUND, Reading
from bert_demo.data.table import Dialect, Origin, Row, Table, parse_table, read_table, table_of
from bert_demo.data.workbooks import refuse_cut

MOST_ROWS = 500
MOST_BYTES = 1_000_000
"""Of what a visitor brings to the page."""
MOST_ROWS_OF_FILE = 200_000
"""A file of more rows is refused unless the caller says how many to read."""
FILE_TYPES = [".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".gz", ".xz", ".zip"]
"""Endings that the page offers to open."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read: its line, and the whole sentence."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Understood:
    """How a table was read: each part can be shown and compared. rows: how many there are; read: how many were read;
    counts: (label of the model, rows that have it); bad: rows that cannot be read; origin: what the table came as;
    names: (label as it is written, rows that have it), the most frequent first."""

    dialect: Dialect
    columns: Columns
    labels: LabelMapping
    rows: int
    read: int
    counts: tuple[tuple[str, int], ...] = ()
    bad: tuple[BadRow, ...] = ()
    origin: Origin = field(default_factory=Origin, compare=False)
    names: tuple[tuple[str, int], ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        part = f"The first {self.read:,} of its {self.rows:,} rows were read." if self.read < self.rows else ""
        out = f"{len(self.bad):,} rows were left out: {self.bad[0].reason}" if self.bad else ""
        guess = f"{self.origin}" if self.origin.guessed else ""
        return " ".join(filter(None, (guess, str(self.columns), part, str(self.labels), out)))


@dataclass(frozen=True, slots=True)
class LabelledTexts:
    """Texts, the places of their labels among those of a model (several, or none, where it judges each by itself), the
    lines on which they begin, and their second texts, if they have any."""

    texts: tuple[str, ...]
    labels: tuple[tuple[int, ...], ...]
    lines: tuple[int, ...]
    understood: Understood
    pairs: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """(text, label), or (text, second text, label), several labels with ";" between, as the service takes them."""
        names = self.understood.labels.labels
        written = (SEPARATOR.join(names[place] for place in places) for places in self.labels)
        parts = (self.texts, self.pairs, written) if self.pairs else (self.texts, written)
        return tuple(zip(*parts, strict=True))


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts and, for each, the place of its one label; where they are from a file, their lines and how it was read."""

    texts: tuple[str, ...]
    labels: tuple[int, ...]
    lines: tuple[int, ...] = field(default=(), compare=False)
    understood: Understood | None = field(default=None, compare=False)
    pairs: tuple[str, ...] = ()

    def chosen(self, places: Iterable[int]) -> Labelled:
        """The texts at some places (from 0) with their labels."""
        places = list(places)
        return Labelled(
            tuple(self.texts[place] for place in places),
            tuple(self.labels[place] for place in places),
            pairs=tuple(self.pairs[place] for place in places) if self.pairs else (),
        )


def read_labelled(
    path: Path, labels: Sequence[str], reading: Reading | None = None, rows: int | None = None
) -> Labelled:
    """Read the text and the one label of each row of a file of any format.

    With a header the columns are `text` (or sentence, review, ...; after a `title`, if there is one), or two texts such
    as `premise` and `hypothesis`, and `label` (or class, category, ...), or those of `reading`. Without one, the label
    is the column whose cells are labels. A label is one of `labels` (in any case), its number, or what labels.py says.
    rows: read so many, the first ones. Raises BadDataError, which names the line.
    """
    found = read_labelled_file(path, labels, reading, rows)
    labels_of = tuple(places[0] for places in found.labels)
    return Labelled(found.texts, labels_of, found.lines, found.understood, found.pairs)


def read_labelled_file(
    path: Path,
    labels: Sequence[str],
    reading: Reading | None = None,
    rows: int | None = None,
    several: bool = False,
) -> LabelledTexts:
    """The same with all labels of each text. several: a text may have several, or none."""
    reading = replace(reading or FOUND, rows=rows)
    found = labelled_texts(read_table(path, reading), labels, reading, several)
    if rows is None and len(found.texts) > MOST_ROWS_OF_FILE:
        raise BadDataError(
            f"{path} has {len(found.texts):,} rows, more than {MOST_ROWS_OF_FILE:,}: say how many to read with --rows."
        )
    return checked(found, reading.skip)


def read_to_learn(path: Path, labels: Sequence[str]) -> Labelled:
    """The single texts of a file to train or to measure a recipe on; columns of text without names are one text.

    Raises BadDataError, for pairs of texts as well.
    """
    found = read_labelled(path, labels, Reading(join=True))
    if found.pairs:
        raise BadDataError(
            f"{path} has two texts in each row ({found.understood}). Training reads one; join the columns."
        )
    return found


def read_upload(content: bytes, reading: Reading = FOUND) -> str:
    """The rows of a visitor's file as a text that can be shown and changed: itself, or of a workbook or Parquet as CSV.

    Raises BadDataError: more than MOST_BYTES, no rows, an encoding that cannot be told.
    """
    if len(content) > MOST_BYTES:
        raise BadDataError(f"The file has {len(content):,} bytes; the limit is {MOST_BYTES:,}. Send fewer rows.")
    return _shown(content, reading)


def _shown(content: bytes, reading: Reading) -> str:
    from bert_demo.data.encodings import decode
    from bert_demo.data.parquet import MAGIC
    from bert_demo.data.unpacking import unpack

    inside, _ = unpack(content, "", MOST_BYTES)
    if not inside.startswith((MAGIC, b"PK\x03\x04")):
        return decode(inside, "", reading.encoding).text
    table = table_of(inside, "", reading, MOST_BYTES)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(row.cells for row in table.rows)
    return text.getvalue()


def read_labelled_rows(
    content: str, labels: Sequence[str], several: bool = False, reading: Reading = FOUND, most: int | None = None
) -> LabelledTexts:
    """Read at most MOST_ROWS rows that a visitor pasted, by the same rules. Raises BadDataError, naming the line."""
    return checked(understand(content, labels, several, reading, most or MOST_ROWS), reading.skip)


def understand(
    content: str, labels: Sequence[str], several: bool = False, reading: Reading = FOUND, most: int = MOST_ROWS
) -> LabelledTexts:
    """The same, with rows that cannot be read only counted. Raises BadDataError."""
    if not isinstance(content, str):
        raise BadDataError("The rows must be text: one text and its label on each line.")
    if len(content.encode("utf-8", "replace")) > MOST_BYTES:
        raise BadDataError(f"The rows are more than {MOST_BYTES:,} bytes. Paste fewer of them.")
    return at_most(labelled_texts(parse_table(content, "", reading), labels, reading, several), most, reading)


def at_most(found: LabelledTexts, most: int, reading: Reading) -> LabelledTexts:
    """The same. Raises BadDataError for more rows than that, unless the first so many were asked for."""
    if found.understood.rows > most and reading.rows is None:
        raise BadDataError(f"There are {found.understood.rows:,} rows; the limit is {most}. Send fewer.")
    return found


def checked(found: LabelledTexts, skip: bool = False) -> LabelledTexts:
    """The same. Raises BadDataError for the first row that cannot be read, unless they are to be left out."""
    bad = found.understood.bad
    if bad and not skip:
        more = f" So are {len(bad) - 1:,} more rows, such as line {bad[1].line}." if len(bad) > 1 else ""
        raise BadDataError(f"{bad[0].reason}{more}")
    if not found.texts:
        raise BadDataError(f"No row can be read. {bad[0].reason}" if bad else "There are no rows.")
    return found


def labelled_texts(
    table: Table, labels: Sequence[str], reading: Reading | None = None, several: bool = False
) -> LabelledTexts:
    """The texts of a table and their labels. Columns and labels are decided on the whole table, however many are read.

    Rows that cannot be read are in `understood.bad`. Raises BadDataError, and DataChoiceError for what may be either.
    """
    reading = reading or FOUND
    if not table.rows:
        empty = f"{table.source} is empty." if table.source else "There are no rows."
        raise BadDataError(f"{empty} One text and its label are needed on each line.")
    columns = find_columns(table, labels, reading, several)
    body = table.rows[1:] if columns.header else table.rows
    rows, bad = _cells(table, columns, body)
    parts = _parts([cells for _, cells in rows], labels, several)
    names = [name for each, (_, cells) in zip(parts, rows, strict=True) for name in each if cells.marked is None]
    mapping = find_mapping(names, labels, table.source, reading.mapping)
    limit = body[reading.rows - 1].line if reading.rows and reading.rows < len(body) else None
    kept: list[tuple[Row, Cells, tuple[int, ...]]] = []
    for (row, cells), part in zip(rows, parts, strict=True):
        try:
            kept.append((row, cells, _places(table, row, cells, part, mapping, several)))
        except BadDataError as error:
            bad.append(BadRow(row.line, str(error)))
    bad = sorted((each for each in bad if limit is None or each.line <= limit), key=lambda each: each.line)
    kept = [each for each in kept if limit is None or each[0].line <= limit]
    counts = Counter(place for _, _, places in kept for place in places)
    understood = Understood(
        table.dialect,
        columns,
        mapping,
        len(body),
        len(body) if limit is None else reading.rows or 0,
        tuple((label, counts[place]) for place, label in enumerate(labels)),
        tuple(bad),
        table.origin,
        tuple(Counter(names).most_common()),
    )
    return LabelledTexts(
        tuple(cells.text for _, cells, _ in kept),
        tuple(places for _, _, places in kept),
        tuple(row.line for row, _, _ in kept),
        understood,
        tuple(cells.pair or "" for _, cells, _ in kept) if columns.pair is not None else (),
    )


def _cells(table: Table, columns: Columns, body: Sequence[Row]) -> tuple[list[tuple[Row, Cells]], list[BadRow]]:
    rows, bad = [], []
    for row in body:
        try:
            if table.origin.form == "Workbook":
                refuse_cut(row.cells, table.place(row.line))
            rows.append((row, columns.cells_of(table, row)))
        except BadDataError as error:
            bad.append(BadRow(row.line, str(error)))
    return rows, bad


def _parts(rows: Sequence[Cells], labels: Sequence[str], several: bool) -> list[list[str]]:
    """The labels of each row; a list with 0 or 1 for each label in every row is such marks, and not numbers."""
    if not several:
        return [[cells.label] for cells in rows]
    parts = [split_labels(cells.label, labels) for cells in rows]
    lists = [place for place, cells in enumerate(rows) if cells.label.startswith(("[", "(", "{"))]
    if len(labels) > 1 and lists and all(_are_marks(parts[place], len(labels)) for place in lists):
        for place in lists:
            parts[place] = [label for label, mark in zip(labels, parts[place], strict=True) if number_of(mark) == 1]
    return parts


def _are_marks(part: Sequence[str], many: int) -> bool:
    return len(part) == many and {number_of(name) for name in part} <= {0, 1}


def _places(
    table: Table, row: Row, cells: Cells, names: Sequence[str], mapping: LabelMapping, several: bool
) -> tuple[int, ...]:
    where = table.place(row.line)
    if cells.marked is not None:
        if not several and len(cells.marked) != 1:
            raise BadDataError(f"{where}: {len(cells.marked)} labels are marked, where one is needed.")
        return cells.marked
    found = []
    for name in names:
        if not name.strip():
            raise BadDataError(f"{where}: there is no label.")
        place = mapping.place(name)
        if place is None:
            raise BadDataError(f"{where}: the label {shortened(name)} is none of {', '.join(mapping.labels)}.")
        found.append(place)
    return tuple(dict.fromkeys(found))
