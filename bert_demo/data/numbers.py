"""Texts with a number each, such as stars or how alike two texts are: the same tables, read for a regressor."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bert_demo.core.errors import BadDataError
from bert_demo.data.columns import Columns
from bert_demo.data.find_columns import find_columns
from bert_demo.data.labelled import MOST_BYTES, BadRow
from bert_demo.data.labels import shortened
from bert_demo.data.reading import FOUND, Reading
from bert_demo.data.table import Dialect, Origin, Table, parse_table, table_of

_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class NumberedTexts:
    """Texts, their numbers, the lines on which they begin, their second texts, and how the table was read."""

    texts: tuple[str, ...]
    numbers: tuple[float, ...]
    lines: tuple[int, ...]
    pairs: tuple[str, ...]
    columns: Columns
    dialect: Dialect
    origin: Origin
    whole: int
    bad: tuple[BadRow, ...] = ()

    @property
    def rows(self) -> tuple[tuple[str | float, ...], ...]:
        """(text, number), or (text, second text, number)."""
        parts = (self.texts, self.pairs, self.numbers) if self.pairs else (self.texts, self.numbers)
        return tuple(zip(*parts, strict=True))


def understand_numbers(content: str | bytes, name: str, reading: Reading, most: int) -> NumberedTexts:
    """Rows that a visitor pasted, or those of a file that messages call `name`; what cannot be read is only counted.

    Raises BadDataError (more than MOST_BYTES, more rows than `most`, no row with a number), and DataChoiceError for
    what may be either.
    """
    raw = content.encode("utf-8", "replace") if isinstance(content, str) else content
    if len(raw) > MOST_BYTES:
        raise BadDataError(f"The rows have {len(raw):,} bytes; the limit is {MOST_BYTES:,}. Send fewer rows.")
    table = parse_table(content, "", reading) if isinstance(content, str) else table_of(raw, name, reading, MOST_BYTES)
    found = numbered_texts(table, reading)
    if found.whole > most:
        raise BadDataError(f"There are {found.whole:,} rows; the limit is {most}. Send fewer.")
    if not found.texts:
        raise BadDataError(
            f"No row has a text and its number. {found.bad[0].reason}" if found.bad else "There are no rows."
        )
    return found


def number_in(cell: str) -> float | None:
    """The number that a cell is, with a point or a comma before its fraction; None for anything else."""
    if not _NUMBER.fullmatch(cell.strip()):
        return None
    found = float(cell.strip().replace(",", "."))
    return found if math.isfinite(found) else None


def numbered_texts(table: Table, reading: Reading = FOUND) -> NumberedTexts:
    """The texts of a table and their numbers; rows that cannot be read are in `bad`.

    Raises BadDataError, and DataChoiceError for what may be either.
    """
    if not table.rows:
        raise BadDataError(f"{table.source or 'The text'} has no rows. A text and its number are needed on each line.")
    columns = find_columns(table, (), reading, is_label=lambda cell: number_in(cell) is not None)
    body = table.rows[1:] if columns.header else table.rows
    kept: list[tuple[int, str, str | None, float]] = []
    bad: list[BadRow] = []
    for row in body:
        try:
            cells = columns.cells_of(table, row)
            kept.append((row.line, cells.text, cells.pair, _checked(cells.label, table.place(row.line))))
        except BadDataError as error:
            bad.append(BadRow(row.line, str(error)))
    return NumberedTexts(
        tuple(text for _, text, _, _ in kept),
        tuple(number for *_, number in kept),
        tuple(line for line, *_ in kept),
        tuple(pair or "" for _, _, pair, _ in kept) if columns.pair is not None else (),
        columns,
        table.dialect,
        table.origin,
        len(body),
        tuple(bad),
    )


def _checked(cell: str, where: str) -> float:
    found = number_in(cell)
    if found is None:
        raise BadDataError(f"{where}: {shortened(cell)} is no number." if cell else f"{where}: there is no number.")
    return found


def checked_numbers(found: NumberedTexts, most: int, skip: bool = False) -> NumberedTexts:
    """The same. Raises BadDataError for more rows than `most`, and for a row that cannot be read, unless such rows are
    to be left out."""
    if found.whole > most:
        raise BadDataError(f"There are {found.whole:,} rows; the limit is {most}. Send fewer.")
    if (found.bad and not skip) or not found.texts:
        more: Sequence[BadRow] = found.bad[1:]
        also = f" So are {len(more):,} more rows, such as line {more[0].line}." if more else ""
        raise BadDataError(f"{found.bad[0].reason}{also}" if found.bad else "There are no rows.")
    return found
