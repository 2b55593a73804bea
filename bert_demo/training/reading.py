"""Lines, rows and records of data files, plain or .xz; whatever is wrong with a file is said with its row.

A row's number is that of the line it begins on, the first line being 1, as an editor shows it.
"""

from __future__ import annotations

import csv
import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bert_demo.errors import BadDataError


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a UTF-8 file with their ends. Raises BadDataError: missing, unreadable, not UTF-8."""
    if not path.is_file():
        raise BadDataError(f"There is no file {path}. Give a UTF-8 text file, plain or .xz.")
    opener = lzma.open if path.suffix == ".xz" else open
    number = 0
    try:
        with opener(path, "rb") as stream:
            for number, line in enumerate(stream, start=1):
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise BadDataError(f"{path}, row {number}: not UTF-8 ({error.reason}). Save the file as UTF-8.") from error
    except (lzma.LZMAError, EOFError, OSError) as error:
        raise BadDataError(f"{path} cannot be read: {error}.") from error


def read_rows(path: Path) -> list[tuple[int, list[str]]]:
    """(row number, cells) of every row of a table that is not blank.

    Tab-separated without quoting, as GLUE writes it, when the name ends in .tsv or, without .csv, when the first line
    has a tab; CSV otherwise. Raises BadDataError.
    """
    lines = list(read_lines(path))
    name = path.name.removesuffix(".xz")
    tabs = name.endswith(".tsv") or (not name.endswith(".csv") and bool(lines) and "\t" in lines[0])
    reader = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if tabs else csv.reader(lines, strict=True)
    rows: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise BadDataError(f"{path}, row {begins}: {error}.") from error
    return rows


def read_records(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """(row number, fields) of JSON lines, or of a CSV or TSV with a header. Raises BadDataError."""
    if path.name.removesuffix(".xz").endswith((".csv", ".tsv")):
        rows = read_rows(path)
        records: list[tuple[int, dict[str, Any]]] = []
        for number, cells in rows[1:]:
            if len(cells) != len(rows[0][1]):
                raise BadDataError(f"{path}, row {number}: {len(cells)} columns, the header has {len(rows[0][1])}.")
            records.append((number, dict(zip(rows[0][1], cells, strict=True))))
    else:
        records = [(n, _parsed(path, n, line)) for n, line in enumerate(read_lines(path), start=1) if line.strip()]
    if not records:
        raise BadDataError(f"{path} is empty.")
    return records


def _parsed(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise BadDataError(f"{path}, row {number}: not JSON ({error}).") from error
    if not isinstance(record, dict):
        raise BadDataError(f"{path}, row {number}: a JSON object is needed.")
    return record
