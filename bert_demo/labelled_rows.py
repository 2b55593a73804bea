"""Labelled texts that a visitor pastes or uploads: "text<TAB>label", or CSV, with or without a header."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from bert_demo.errors import BadDataError

MOST_ROWS = 500
MOST_BYTES = 1_000_000
_TEXT = ("text", "sentence")
_LABEL = ("label", "class", "category")
_LONGEST_NAME = 40
BETWEEN = ";"
"""Stands between the labels of a text that has several."""


def read_bytes(content: bytes) -> str:
    """The text of an uploaded file. Raises BadDataError: more than MOST_BYTES, not UTF-8."""
    if len(content) > MOST_BYTES:
        raise BadDataError(f"The file has {len(content):,} bytes; the limit is {MOST_BYTES:,}. Send fewer rows.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        line = before.count(b"\n") + 1
        raise BadDataError(f"Line {line}: not UTF-8 ({error.reason}). Save the file as UTF-8.") from error


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """(text, label) of each row, and the line that it begins on, the first line being 1."""

    rows: tuple[tuple[str, str], ...]
    lines: tuple[int, ...]


def parted_label(cell: str, labels: Sequence[str]) -> list[str]:
    """The labels that stand in a cell with ";" between them; a label may hold one itself, in whatever case."""
    known = {name.lower() for name in labels}
    longest = max((name.count(BETWEEN) + 1 for name in known), default=1)
    pieces = cell.split(BETWEEN)
    found, start = [], 0
    while start < len(pieces):
        ends = (BETWEEN.join(pieces[start : start + count]).strip() for count in range(longest, 0, -1))
        name = next((each for each in ends if each.lower() in known), pieces[start].strip())
        start += name.count(BETWEEN) + 1
        found += [name] if name else []
    return found


def read_labelled_rows(content: str, labels: Sequence[str], several: bool = False) -> LabelledRows:
    """At most MOST_ROWS rows; every label is one of `labels`, as the model writes it.

    The first row decides how all are read: with a tab in it tab-separated without quotes, else CSV; a header names the
    columns text (or sentence) and label; without one the label stands in the first or in the last column and the rest
    is the text. Labels are names in any case, or numbers from 0. several: a cell may hold several labels with ";"
    between, or none; they come back as one string of that kind. Raises BadDataError, which names the line.
    """
    if not isinstance(content, str):
        raise BadDataError("The rows must be text: one text and its label on each line.")
    if len(content.encode("utf-8", "replace")) > MOST_BYTES:
        raise BadDataError(f"The rows are more than {MOST_BYTES:,} bytes. Paste fewer of them.")
    rows, between = _cells(content)
    if not rows:
        raise BadDataError("There are no rows. Paste some, one text and its label on each line.")
    text_at, label_at = _columns(*rows[0], labels, several)
    if text_at is not None:
        rows = rows[1:]
    if not rows:
        raise BadDataError("There is a header and no rows below it.")
    if len(rows) > MOST_ROWS:
        raise BadDataError(f"There are {len(rows):,} rows; the limit is {MOST_ROWS}. Send fewer.")
    parts = [_parted(number, cells, text_at, label_at, between) for number, cells in rows]
    cells = [_split(label, labels, several) for _, _, label in parts]
    known = _known([name.lower() for names in cells for name in names], labels)
    found = []
    for (number, text, _), names in zip(parts, cells, strict=True):
        if not text:
            raise BadDataError(f"Line {number}: there is no text.")
        for name in names:
            if name.lower() not in known:
                raise BadDataError(f"Line {number}: {_short(name)} is no label of this model: {', '.join(labels)}.")
        found.append((text, BETWEEN.join(known[name.lower()] for name in names)))
    return LabelledRows(tuple(found), tuple(number for number, _, _ in parts))


def _split(cell: str, labels: Sequence[str], several: bool) -> list[str]:
    """The labels of a cell, as they are typed."""
    return parted_label(cell, labels) if several else [cell]


def _cells(content: str) -> tuple[list[tuple[int, list[str]]], str]:
    """(line, cells) of every row that is not blank, and what stands between the cells."""
    lines = content.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((line for line in lines if line.strip()), "")
    between = "\t" if "\t" in first else ","
    if between == "\t":
        reader = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader([f"{line}\n" for line in lines], strict=True, skipinitialspace=True)
    rows: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise BadDataError(f"Line {begins}: {error}. Check the quotes of that row.") from error
    return rows, between


def _columns(line: int, head: Sequence[str], labels: Sequence[str], several: bool) -> tuple[int | None, int]:
    """The column of the text (None without a header) and that of the label (-1: the last)."""
    names = [cell.strip().lower() for cell in head]
    text = next((names.index(name) for name in _TEXT if name in names), None)
    label = next((names.index(name) for name in _LABEL if name in names), None)
    if text is not None and label is not None:
        return text, label
    if len(names) < 2:
        raise BadDataError(f"Line {line}: a text and a label are needed, with a tab or a comma between them.")
    known = {name.lower() for name in labels} | {str(number) for number in range(len(labels))}
    ends = [place for place in (0, -1) if names[place] and set(_split(names[place], labels, several)) <= known]
    if several and not ends:  # a text may have no label
        ends = [place for place in (0, -1) if not names[place]]
    if not ends:
        raise BadDataError(
            f"Line {line}: neither {_short(head[0])} nor {_short(head[-1])} is a label of this model: "
            f"{', '.join(labels)}. A header needs the columns text and label."
        )
    return None, ends[-1]


def _parted(
    number: int, cells: Sequence[str], text_at: int | None, label_at: int, between: str
) -> tuple[int, str, str]:
    """(line, text, label) of a row."""
    if len(cells) < 2:
        raise BadDataError(f"Line {number}: a text and a label are needed; there is one column.")
    if text_at is None:
        rest = cells[:-1] if label_at == -1 else cells[1:]
        joined = between.join(rest) if between == "\t" else ", ".join(part.strip() for part in rest)
        return number, joined.strip(), cells[label_at].strip()
    if max(text_at, label_at) >= len(cells):
        raise BadDataError(f"Line {number}: {len(cells)} columns, fewer than the header has.")
    return number, cells[text_at].strip(), cells[label_at].strip()


def _known(found: Sequence[str], labels: Sequence[str]) -> dict[str, str]:
    """What each label of the rows, in lower case, means."""
    known = {name.lower(): name for name in labels}
    if not found or not all(name.isdecimal() and name not in known for name in found):
        return known
    if "0" not in found:
        raise BadDataError(
            f"The labels are numbers and none of them is 0, so they may count from 0 or from 1. Write their names: "
            f"{', '.join(labels)}."
        )
    return known | {str(number): name for number, name in enumerate(labels)}


def _short(name: str) -> str:
    return repr(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}...")
