"""Labelled texts from CSV or TSV files, plain or .xz, with or without a header."""

from __future__ import annotations

import csv
import io
import lzma
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bert_demo.errors import BadDataError

MOST_ROWS = 200_000
"""A file of more rows is refused unless the caller says how many to read."""
_TEXT_COLUMNS = ("text", "sentence", "review", "message")
_LABEL_COLUMNS = ("label", "class", "category", "labels")


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts and, for each, the index of its label; layout: a sentence that says how the file was read."""

    texts: tuple[str, ...]
    labels: tuple[int, ...]
    layout: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where to look: names of the columns (found by themselves when left out) and the most rows to read."""

    text: str = ""
    label: str = ""
    rows: int | None = None


def read_labelled(path: Path, labels: Sequence[str], layout: Layout | None = None) -> Labelled:
    """Read a text and a label of each row.

    With a header the columns are `text` (or sentence, review, message) and `label` (or class, category), or those that
    `layout` names. Without one, the label is the column whose first row is a label, and the other columns, joined by a
    space, are the text. A label is a name out of `labels` (in any case) or its number, counted from 0, or from 1 where
    the file holds a number that can only be meant so. A name ending in .tsv is read as tab-separated without quoting,
    as GLUE writes it; anything else as CSV. Raises BadDataError, naming the row (the header is row 1).
    """
    layout = layout or Layout()
    tabs = path.name.removesuffix(".xz").endswith(".tsv")
    rows = _rows(path, tabs)
    if not rows:
        raise BadDataError(f"{path} is empty.")
    text_columns, label_column, first, said = _columns(path, rows[0][1], labels, layout)
    width = len(rows[0][1])
    rows = rows[first:]
    if not rows:
        raise BadDataError(f"{path} has a header and no rows.")
    limit = MOST_ROWS if layout.rows is None else layout.rows
    if len(rows) > limit:
        if layout.rows is None:
            raise BadDataError(f"{path} has {len(rows):,} rows, more than {limit:,}: say how many to read with --rows.")
        said += f" The first {limit:,} of its {len(rows):,} rows were read."
        rows = rows[:limit]
    texts: list[str] = []
    names: list[tuple[int, str]] = []
    for number, cells in rows:
        if len(cells) != width:
            raise BadDataError(f"{path}, row {number}: {len(cells)} columns where the first row has {width}.")
        text = " ".join(cells[column].strip() for column in text_columns).strip()
        if not text:
            raise BadDataError(f"{path}, row {number}: there is no text.")
        texts.append(text)
        names.append((number, cells[label_column].strip()))
    found, counted = _indices(path, names, labels)
    return Labelled(tuple(texts), tuple(found), f"{said}{counted}")


def _rows(path: Path, tabs: bool) -> list[tuple[int, list[str]]]:
    """(row number, cells) of every row that is not blank."""
    if not path.is_file():
        raise BadDataError(f"There is no file {path}.")
    opener = lzma.open if path.suffix == ".xz" else open
    try:
        with opener(path, "rb") as stream:
            content = stream.read()
    except (lzma.LZMAError, EOFError) as error:
        raise BadDataError(f"{path} cannot be read: {error}.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadDataError(f"{path}, row {line}: not UTF-8 ({error.reason}). Save the file as UTF-8.") from error
    stream_of_lines = io.StringIO(text, newline="")
    reader = (
        csv.reader(stream_of_lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        if tabs
        else csv.reader(stream_of_lines, strict=True)
    )
    rows: list[tuple[int, list[str]]] = []
    try:
        for number, row in enumerate(reader, start=1):
            if any(cell.strip() for cell in row):
                rows.append((number, row))
    except csv.Error as error:
        raise BadDataError(f"{path}, row {len(rows) + 1}: {error}.") from error
    return rows


def _columns(path: Path, head: Sequence[str], labels: Sequence[str], layout: Layout) -> tuple[list[int], int, int, str]:
    """Columns of the text, column of the label, the first row of data, and what to say of it."""
    names = [cell.strip().lower() for cell in head]
    wanted_text = (layout.text.lower(),) if layout.text else _TEXT_COLUMNS
    wanted_label = (layout.label.lower(),) if layout.label else _LABEL_COLUMNS
    text = next((names.index(name) for name in wanted_text if name in names), None)
    label = next((names.index(name) for name in wanted_label if name in names), None)
    if text is not None and label is not None:
        return [text], label, 1, f"Columns {head[text]} and {head[label]}."
    known = {name.lower() for name in labels} | {str(number) for number in range(len(labels) + 1)}
    if text is None and label is None and not layout.text and not layout.label and len(head) > 1:
        places = [place for place, name in enumerate(names) if name in known]
        if len(places) == 1:
            others = [place for place in range(len(head)) if place != places[0]]
            return others, places[0], 0, f"No header: column {places[0] + 1} is the label, the rest is the text."
    missing = " and ".join(
        " or ".join(wanted[:2]) for wanted, at in ((wanted_text, text), (wanted_label, label)) if at is None
    )
    shown = ", ".join(cell[:30] for cell in head[:6])
    raise BadDataError(
        f"{path} needs a header with the columns text (or sentence) and label; there is no {missing} among: {shown}. "
        "Name other columns with --text-column and --label-column."
    )


def _indices(path: Path, names: Sequence[tuple[int, str]], labels: Sequence[str]) -> tuple[list[int], str]:
    known = {name.lower(): index for index, name in enumerate(labels)}
    said = ""
    numbers = {int(name) for _, name in names if name.isdecimal() and name not in labels}
    if 2 * sum(name.isdecimal() for _, name in names) > len(names) and numbers:
        if numbers <= set(range(1, len(labels) + 1)) and len(labels) in numbers:
            known = {str(index + 1): index for index in range(len(labels))}
            said = " Labels are numbers from 1: "
        else:
            known = {str(index): index for index in range(len(labels))}
            said = " Labels are numbers from 0: "
        said += ", ".join(f"{number} {labels[index]}" for number, index in known.items()) + "."
    found: list[int] = []
    for number, name in names:
        if name.lower() not in known:
            raise BadDataError(f"{path}, row {number}: the label {name[:40]!r} is none of {', '.join(labels)}.")
        found.append(known[name.lower()])
    return found, said
