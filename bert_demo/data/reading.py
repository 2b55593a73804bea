"""How a visitor wants a file to be read: each choice that the reader else makes by itself."""

from __future__ import annotations

from dataclasses import dataclass

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
"""What may stand between cells, by name."""
QUOTINGS = ("doubled", "backslash", "none")
"""A quote inside a quoted cell is doubled (RFC 4180), has a backslash before it, or there are no quoted cells."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Choices; what is empty is found in the file.

    encoding: as Python names it; delimiter, quoting: of DELIMITERS and QUOTINGS; header: whether the first row names
    the columns; sheet: of a workbook; text: columns that are joined to the text; pair: that of the second text; label:
    that of the label, or several with a mark each for one label. A column is named, or counted from 1. mapping: (label
    of the file, label of the model); skip: whether rows that cannot be read are left out; join: whether several
    columns of text without names are one text; rows: read the first so many.
    """

    encoding: str = ""
    delimiter: str = ""
    quoting: str = ""
    header: bool | None = None
    sheet: str = ""
    text: tuple[str, ...] = ()
    pair: str = ""
    label: tuple[str, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()
    skip: bool = False
    join: bool = False
    rows: int | None = None


FOUND = Reading()
"""Everything is found."""
