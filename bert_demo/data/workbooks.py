"""Rows of a workbook (.xlsx): what its cells show. Nothing is imported before a workbook comes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from bert_demo.core.errors import BadDataError, DataChoiceError
from bert_demo.data.json_rows import written

LONGEST_CELL = 32_767
"""Characters that a cell can hold; a longer text was cut when it was written."""


def read_workbook(content: bytes, source: str = "", sheet: str = "") -> list[tuple[int, tuple[str, ...]]]:
    """(row of the sheet, cells) of the rows that are not blank.

    A formula gives its value as it was last shown, and without one (a text that begins with "=", as pandas writes it)
    itself. Raises BadDataError, and DataChoiceError where several sheets have rows.
    """
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions, which nobody asked for
            shown = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            typed = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False)
            sheets = {each.title: list(_rows(each, typed[each.title])) for each in shown.worksheets}
    except Exception as error:  # of a damaged file openpyxl raises whatever its parts raise
        raise BadDataError(
            f"{source or 'The workbook'} cannot be read: {type(error).__name__}. Save it again."
        ) from error
    filled = {name: rows for name, rows in sheets.items() if rows}
    if sheet:
        if sheet not in sheets:
            raise BadDataError(f"{source or 'The workbook'} has no sheet {sheet[:40]!r}: {', '.join(sheets)}.")
        return sheets[sheet]
    if len(filled) > 1:
        raise DataChoiceError(
            f"{source or 'The workbook'} has rows in several sheets: {', '.join(filled)}. Say which is meant.",
            "sheet",
            tuple(filled),
        )
    return next(iter(filled.values()), [])


def _rows(shown: Any, typed: Any) -> Iterator[tuple[int, tuple[str, ...]]]:
    for sheet in (shown, typed):
        sheet.reset_dimensions()
    pairs: Iterable[tuple[Any, Any]] = zip(
        shown.iter_rows(values_only=True), typed.iter_rows(values_only=True), strict=True
    )
    for number, (values, formulas) in enumerate(pairs, start=1):
        cells = tuple(
            _cell(formula if value is None else value) for value, formula in zip(values, formulas, strict=True)
        )
        if any(cell.strip() for cell in cells):
            yield number, cells


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return written(getattr(value, "text", value))


def refuse_cut(cells: Iterable[str], where: str) -> None:
    """Raise BadDataError for a cell that is as long as a cell can be."""
    if any(len(cell) >= LONGEST_CELL for cell in cells):
        raise BadDataError(
            f"{where}: a cell has {LONGEST_CELL:,} characters, the most that a workbook holds, so that its text was "
            "cut. Bring the rows as CSV."
        )
