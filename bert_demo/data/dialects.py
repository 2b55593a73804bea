"""How a delimited text is written: what stands between its cells, how they are quoted, where it begins."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bert_demo.core.errors import DataChoiceError
from bert_demo.data.headers import is_known_header
from bert_demo.data.reading import DELIMITERS, FOUND, Reading

_SEP = re.compile(r"sep=(.)[,;]*", re.IGNORECASE)
_WORDS = {",": "Comma-separated", ";": "Semicolon-separated", "\t": "Tab-separated", "|": "Pipe-separated"}
_QUOTES = {"doubled": "", "backslash": ", quotes with a backslash before them", "none": ", without quotes"}
SAMPLE = 1000
"""Lines on which the delimiter is decided."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """delimiter: between cells; quoting: of reading.QUOTINGS."""

    delimiter: str
    quoting: str

    @property
    def quotes(self) -> bool:
        """Whether a cell may stand in double quotes."""
        return self.quoting != "none"

    def __str__(self) -> str:
        return f"{_WORDS.get(self.delimiter, repr(self.delimiter))}{_QUOTES[self.quoting]}."


CSV, TSV = Dialect(",", "doubled"), Dialect("\t", "none")


def cells_of(lines: Sequence[str], dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """(lines read so far, cells) of each row. Raises csv.Error."""
    if dialect.quoting == "none":
        reader = csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE)
    else:
        escaped = dialect.quoting == "backslash"
        reader = csv.reader(
            (f"{line}\n" for line in lines),
            delimiter=dialect.delimiter,
            strict=True,
            skipinitialspace=dialect.delimiter != "\t",
            doublequote=not escaped,
            escapechar="\\" if escaped else None,
        )
    for cells in reader:
        yield reader.line_num, cells


def find_dialect(lines: Sequence[str], reading: Reading = FOUND, name: str = "") -> tuple[Dialect, int]:
    """The dialect, and how many lines stand before the rows (one where it begins with `sep=;`).

    name: of the file; its ending decides between ways that are equally good. Raises DataChoiceError.
    """
    first = next((place for place, line in enumerate(lines) if line.strip()), 0)
    said = _SEP.fullmatch(lines[first].strip(" ")) if lines else None
    begin = first + 1 if said else 0
    body = lines[begin:]
    if reading.delimiter:
        delimiter = DELIMITERS.get(reading.delimiter, reading.delimiter)
    else:
        delimiter = said[1] if said else _delimiter(body[:SAMPLE], name)
    return Dialect(delimiter, reading.quoting or _quoting(body, delimiter)), begin


def _delimiter(lines: Sequence[str], name: str) -> str:
    head = next((line for line in lines if line.strip()), "")
    bare = re.sub(r'"[^"]*"', '""', head)
    there = [each for each in "\t;|," if each in bare]
    if len(there) < 2:
        return there[0] if there else ","
    named = {".csv": ",", ".tsv": "\t"}.get(name[-4:].lower())
    by_header = [each for each in there if sum(map(is_known_header, head.split(each))) > 1]
    if len(by_header) == 1:
        return by_header[0]
    even = [each for each in there if _even(lines, each)]
    for choice in (named, "\t"):
        if choice in even or (choice in there and not even):
            return str(choice)
    if len(even) == 1:
        return even[0]
    if not even:
        return "," if "," in there else there[0]
    words = [word for word, sign in DELIMITERS.items() if sign in even]
    raise DataChoiceError(
        f"Cells may be parted by a {' or a '.join(words)}: each gives rows of one length. Say which it is, or give the "
        "columns a header: text and label.",
        "delimiter",
        tuple(words),
    )


def _even(lines: Sequence[str], delimiter: str) -> bool:
    """Whether all rows have as many cells, two at least."""
    try:
        widths = {len(cells) for _, cells in cells_of(lines, Dialect(delimiter, "doubled")) if any(cells)}
    except csv.Error:
        widths = {line.count(delimiter) + 1 for line in lines if line.strip()}
    return len(widths) == 1 and widths.pop() > 1


def _quoting(lines: Sequence[str], delimiter: str) -> str:
    if not any('"' in line for line in lines):
        return "none" if delimiter == "\t" else "doubled"
    escaped = any('\\"' in line for line in lines)
    if escaped and not _parses(lines, delimiter, "doubled") and _parses(lines, delimiter, "backslash"):
        return "backslash"
    if delimiter != "\t":
        return "doubled"
    return "doubled" if _needs_quotes(lines, delimiter) else "none"


def _parses(lines: Sequence[str], delimiter: str, quoting: str) -> bool:
    """Whether all rows can be read, most of one length."""
    try:
        widths = Counter(len(cells) for _, cells in cells_of(lines, Dialect(delimiter, quoting)) if any(cells))
    except csv.Error:
        return False
    return max(widths.values(), default=0) * 2 > sum(widths.values())


def _needs_quotes(lines: Sequence[str], delimiter: str) -> bool:
    """Whether a tab-separated text is quoted, as pandas and Excel write it, and not plain, as GLUE is.

    It is where its rows are of one length by quotes, no bare cell holds a quote, and a quoted one holds what must be
    quoted (a quote, a tab, an end of line), or every row has one.
    """
    begins, needed, rows, quoted = 0, False, 0, 0
    widths: set[int] = set()
    try:
        for end, cells in cells_of(lines, Dialect(delimiter, "doubled")):
            raw = "\n".join(lines[begins:end])
            begins = end
            if not any(cells):
                continue
            bare = re.sub(r'(^|\t)"(?:[^"]|"")*"(?=\t|$)', r"\1", raw)
            if '"' in bare:
                return False
            rows, widths = rows + 1, widths | {len(cells)}
            quoted += raw != bare
            needed |= any(sign in cell for cell in cells for sign in '"\t\n') and raw != bare
    except csv.Error:
        return False
    return len(widths) == 1 and quoted > 0 and (needed or (quoted == rows and rows > 1))
