"""The numbers of a picture as a table, as CSV and as JSON: the same rows in each."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup


class Table:
    """Columns, rows (NaN becomes nothing), and the name that its files bear.

    Raises ValueError where a row is not as long as the columns are many, when it is written.
    """

    def __init__(self, columns: Sequence[str], rows: Iterable[Sequence[object]], name: str) -> None:
        self.columns = columns
        self.name = name
        self.rows = [[None if isinstance(cell, float) and math.isnan(cell) else cell for cell in row] for row in rows]

    def shown(self) -> Iterator[list[str]]:
        """The rows for the page: six digits, nothing for what is not there."""
        for row in self.rows:
            yield ["" if cell is None else f"{cell:.6g}" if isinstance(cell, float) else str(cell) for cell in row]

    def csv(self) -> Markup:
        """The table as CSV, in base64."""
        return packed(as_csv(self.columns, self.rows).encode("utf-8", "replace"))

    def json(self) -> Markup:
        """The table as JSON, a record a row, in base64."""
        return packed(as_json(self.columns, self.rows).encode("utf-8", "replace"))


def packed(content: bytes) -> Markup:
    """Base64, whose letters need no escape."""
    return Markup(base64.b64encode(content).decode("ascii"))


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV; a text that a spreadsheet would run as a formula gets a quote in front."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
    return text.getvalue()


def as_json(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as JSON, a record each, as `json.dumps(..., indent=1)` writes them, which is five times as slow.

    Raises ValueError for a number that JSON has no word for.
    """
    encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",\n  ", ": "))
    records = [encoder.encode(dict(zip(columns, row, strict=True)))[1:-1] for row in rows]
    lines = ",\n".join(f" {{\n  {record}\n }}" for record in records)
    return f"[\n{lines}\n]" if records else "[]"


def harmless(cell: object) -> object:
    """A cell that a spreadsheet takes for a text, whatever it begins with."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
