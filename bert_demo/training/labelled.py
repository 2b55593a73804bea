"""Labelled texts from CSV or TSV files, plain or .xz, with a header."""

from __future__ import annotations

import csv
import lzma
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from bert_demo.errors import BadDataError

_TEXT_COLUMNS = ("text", "sentence")


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts and, for each, the index of its label."""

    texts: tuple[str, ...]
    labels: tuple[int, ...]


def read_labelled(path: Path, labels: Sequence[str]) -> Labelled:
    """Read the columns `text` (or `sentence`) and `label`; a label is a name out of `labels` or its index.

    A name ending in .tsv is read as tab-separated without quoting, as GLUE writes it; anything else as CSV.
    Raises BadDataError, naming the row, for a missing file or column, an unknown label, or undecodable bytes.
    """
    if not path.is_file():
        raise BadDataError(f"There is no file {path}.")
    tabs = path.name.removesuffix(".xz").endswith(".tsv")
    opener = lzma.open if path.suffix == ".xz" else open
    try:
        with opener(path, "rt", encoding="utf-8", newline="") as lines:
            return _read(lines, tabs, path, labels)
    except (lzma.LZMAError, EOFError, csv.Error) as error:
        raise BadDataError(f"{path} cannot be read: {error}.") from error
    except UnicodeDecodeError as error:
        raise BadDataError(f"{path} is not UTF-8: {error.reason} at byte {error.start}.") from error


def _read(lines: TextIO, tabs: bool, path: Path, labels: Sequence[str]) -> Labelled:
    rows = csv.DictReader(lines, delimiter="\t" if tabs else ",", quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL)
    column = next((name for name in _TEXT_COLUMNS if name in (rows.fieldnames or ())), None)
    if column is None or "label" not in (rows.fieldnames or ()):
        raise BadDataError(f"{path} needs a header with the columns text (or sentence) and label.")
    known = {name: index for index, name in enumerate(labels)} | {str(index): index for index in range(len(labels))}
    texts: list[str] = []
    found: list[int] = []
    for number, row in enumerate(rows, start=2):
        label = (row["label"] or "").strip()
        if label not in known:
            raise BadDataError(f"{path}, row {number}: the label {label[:40]!r} is none of {', '.join(labels)}.")
        if not (row[column] or "").strip():
            raise BadDataError(f"{path}, row {number}: there is no text.")
        texts.append(row[column].strip())
        found.append(known[label])
    if not texts:
        raise BadDataError(f"{path} has a header and no rows.")
    return Labelled(tuple(texts), tuple(found))
