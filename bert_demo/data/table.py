"""Tables from files or pasted text: rows with the lines on which they begin, and how they were read.

Delimited text in the dialects of dialects.py, JSON lines, an array of JSON records, Parquet and .xlsx, each also packed
with gzip, xz or alone in a zip. The content decides, not the name. What is wrong is said with its line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bert_demo.core.errors import BadDataError
from bert_demo.data.dialects import CSV, TSV, Dialect, cells_of, find_dialect
from bert_demo.data.encodings import NAMES, decode
from bert_demo.data.json_rows import is_json, read_json, written
from bert_demo.data.parquet import MAGIC, read_parquet
from bert_demo.data.reading import FOUND, Reading
from bert_demo.data.text_files import line_of, read_bytes
from bert_demo.data.unpacking import MOST_BYTES, unpack
from bert_demo.data.workbooks import read_workbook

__all__ = ["CSV", "TSV", "Dialect", "Origin", "Row", "Table", "parse_table", "read_records", "read_table", "table_of"]
_NO_DIALECT = Dialect("", "none")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row and the line on which it begins, the first line being 1; quoted: whether any cell is."""

    line: int
    cells: tuple[str, ...]
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """What a table came as. form: "CSV", "JSON", "Parquet" or "workbook"; packing, encoding: "" for none; guessed:
    whether the encoding is a guess, which two lines of `sample` let judge."""

    form: str = "CSV"
    packing: str = ""
    encoding: str = ""
    guessed: bool = False
    sample: tuple[str, ...] = ()

    def __str__(self) -> str:
        packed = f", packed with {self.packing}" if self.packing else ""
        named = NAMES.get(self.encoding, self.encoding)
        read = f", {named}{' (a guess)' if self.guessed else ''}" if self.encoding else ""
        return "" if self.form == "CSV" and not packed and not read else f"{self.form}{packed}{read}."


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a table that are not blank. source: the file's path, "" for pasted text; named: whether the first of
    the rows is the names of the columns by the format itself; unit: what `line` counts."""

    source: str
    dialect: Dialect
    rows: tuple[Row, ...]
    origin: Origin = field(default_factory=Origin)
    named: bool = False
    unit: str = "line"

    def place(self, line: int) -> str:
        """The words for a line, to begin a message with."""
        return line_of(self.source, line, self.unit)


def read_table(path: Path, reading: Reading = FOUND) -> Table:
    """The table in a file. Raises BadDataError: missing, unreadable, damaged, quotes that do not match."""
    return table_of(read_bytes(path), str(path), reading)


def table_of(content: bytes, source: str = "", reading: Reading = FOUND, most: int = MOST_BYTES) -> Table:
    """The table in the bytes of a file of whatever format. most: bytes that it may unpack to. Raises BadDataError."""
    content, packing = unpack(content, source, most)
    if content.startswith(MAGIC):
        names, cells = read_parquet(content, source)
        return _with_names(source, names, list(enumerate(cells, start=1)), Origin("Parquet", packing), "row")
    if content.startswith(b"PK\x03\x04"):
        rows = tuple(Row(line, cells) for line, cells in read_workbook(content, source, reading.sheet))
        return Table(source, _NO_DIALECT, _even(rows), Origin("Workbook", packing), unit="row")
    found = decode(content, source, reading.encoding)
    shown = found.encoding if found.encoding != "utf-8" else ""
    return parse_table(found.text, source, reading, Origin("CSV", packing, shown, found.guessed, found.sample))


def parse_table(content: str, source: str = "", reading: Reading = FOUND, origin: Origin | None = None) -> Table:
    """The table in a text with line ends of any kind, which are line feeds in its cells. Raises BadDataError.

    Blanks behind a comma are no part of a cell.
    """
    origin = origin or Origin()
    content = content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if is_json(content) and not reading.delimiter:
        return _json_table(content, source, origin)
    lines = content.split("\n")
    dialect, begin = find_dialect(lines, reading, re.sub(r"\.(xz|gz|zip)$", "", source.lower()))
    return Table(source, dialect, tuple(_rows(lines, begin, dialect, source)), origin)


def _rows(lines: Sequence[str], begin: int, dialect: Dialect, source: str) -> Iterator[Row]:
    quoted_cell = re.compile(rf'(?:^|{re.escape(dialect.delimiter)})\s*"')
    begins = begin
    try:
        for end, cells in cells_of(lines[begin:], dialect):
            if any(cell.strip() for cell in cells):
                own = lines[begins : begin + end]
                quoted = dialect.quotes and any('"' in line and quoted_cell.search(line) for line in own)
                yield Row(begins + 1, tuple(cells), bool(quoted))
            begins = begin + end
    except csv.Error as error:
        raise BadDataError(f"{line_of(source, begins + 1)}: {error}. Check the quotes of that row.") from error


def _json_table(content: str, source: str, origin: Origin) -> Table:
    records = list(read_json(content, source))
    origin = Origin("JSON", origin.packing, origin.encoding, origin.guessed, origin.sample)
    if records and all(isinstance(record, list) for _, record in records):
        rows = tuple(Row(line, tuple(map(written, record))) for line, record in records)
        return Table(source, _NO_DIALECT, rows, origin)
    names: dict[str, None] = {}
    objects: list[tuple[int, dict[str, Any]]] = []
    for line, record in records:
        if not isinstance(record, dict):
            raise BadDataError(f"{line_of(source, line)}: a JSON object is needed.")
        names |= dict.fromkeys(record)
        objects.append((line, record))
    cells = [(line, tuple(written(record.get(name)) for name in names)) for line, record in objects]
    return _with_names(source, tuple(names), cells, origin, "line")


def _with_names(
    source: str, names: Sequence[str], rows: Sequence[tuple[int, tuple[str, ...]]], origin: Origin, unit: str
) -> Table:
    found = (Row(0, tuple(names)), *(Row(line, cells) for line, cells in rows)) if rows else ()
    return Table(source, _NO_DIALECT, found, origin, True, unit)


def _even(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Rows of one length, without the blank cells at their ends that all of them have."""
    width = max((len("".join("x" if cell.strip() else " " for cell in row.cells).rstrip()) for row in rows), default=0)
    return tuple(Row(row.line, (*row.cells, *[""] * width)[:width]) for row in rows)


def read_records(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """(line, fields) of each row of a table with a header, or of each of JSON lines. Raises BadDataError."""
    content, _ = unpack(read_bytes(path), str(path))
    if re.sub(r"\.(xz|gz|zip)$", "", path.name).endswith((".csv", ".tsv")):
        table = read_table(path)
        head = table.rows[0].cells if table.rows else ()
        for row in table.rows[1:]:
            check_width(table, row, len(head), "the header")
        records: list[tuple[int, dict[str, Any]]] = [
            (row.line, dict(zip(head, row.cells, strict=True))) for row in table.rows[1:]
        ]
    else:
        records = []
        for line, record in read_json(decode(content, str(path)).text, str(path), exact=False):
            if not isinstance(record, dict):
                raise BadDataError(f"{line_of(path, line)}: a JSON object is needed.")
            records.append((line, record))
    if not records:
        raise BadDataError(f"{path} is empty.")
    return records


def check_width(table: Table, row: Row, width: int, named: str) -> None:
    """Raise BadDataError unless a row has as many cells as what is `named`."""
    if len(row.cells) != width:
        raise BadDataError(f"{table.place(row.line)}: {len(row.cells)} columns where {named} has {width}.")
