"""Labelled texts from CSV or TSV files, plain or .xz, with or without a header."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bert_demo.errors import BadDataError
from bert_demo.labelled_rows import parted_label
from bert_demo.training.reading import read_rows

MOST_ROWS = 200_000
"""A file of more rows is refused unless the caller says how many to read."""
_TEXT_COLUMNS = ("text", "sentence", "review", "message", "description", "content")
_TITLE_COLUMNS = ("title", "headline")
_LABEL_COLUMNS = ("label", "class", "category", "sentiment", "topic", "target", "class index")


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts and, for each, the index of its label.

    layout: a sentence that says how the file was read; rows: where each text stands in it (see `reading`).
    """

    texts: tuple[str, ...]
    labels: tuple[int, ...]
    layout: str = field(default="", compare=False)
    rows: tuple[int, ...] = field(default=(), compare=False)

    def chosen(self, places: Iterable[int]) -> Labelled:
        """The texts at some places (from 0) with their labels."""
        places = list(places)
        return Labelled(tuple(self.texts[place] for place in places), tuple(self.labels[place] for place in places))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where to look: names of the columns (found by themselves when left out) and the most rows to read."""

    text: tuple[str, ...] = ()
    label: str = ""
    rows: int | None = None


def read_labelled(path: Path, labels: Sequence[str], layout: Layout | None = None) -> Labelled:
    """Read a text and a label of each row.

    With a header the columns are `text` (or sentence, review, ...; after a `title`, if there is one) and `label` (or
    class, category, ...), or those that `layout` names. Without one, the label is the column whose first row is a
    label, and the other columns, joined by a space, are the text. A label is a name out of `labels` (in any case) or
    its number, counted from 0, or from 1 where the file's numbers can only be meant so. Raises BadDataError.
    """
    read, said = _read(path, labels, layout or Layout(), lambda cell: [cell])
    numbers, texts, found = zip(*read, strict=True)
    return Labelled(texts, tuple(places[0] for places in found), said, numbers)


def read_several(
    path: Path, labels: Sequence[str], layout: Layout | None = None
) -> tuple[list[tuple[int, str, tuple[int, ...]]], str]:
    """The same where a text has several labels with ";" between, or none: (row number, text, labels) of each, and the
    sentence that says how the file was read."""
    return _read(path, labels, layout or Layout(), lambda cell: parted_label(cell, labels))


def _read(
    path: Path, labels: Sequence[str], layout: Layout, parted: Callable[[str], list[str]]
) -> tuple[list[tuple[int, str, tuple[int, ...]]], str]:
    rows = read_rows(path)
    if not rows:
        raise BadDataError(f"{path} is empty.")
    texts_at, label_at, first, said = _columns(path, rows[0][1], labels, layout, parted)
    width = len(rows[0][1])
    rows = rows[first:]
    if not rows:
        raise BadDataError(f"{path} has a header and no rows.")
    limit = MOST_ROWS if layout.rows is None else layout.rows
    if len(rows) > limit and layout.rows is None:
        raise BadDataError(f"{path} has {len(rows):,} rows, more than {limit:,}: say how many to read with --rows.")
    for number, cells in rows:
        if len(cells) != width:
            raise BadDataError(f"{path}, row {number}: {len(cells)} columns where the first row has {width}.")
    names = [name for _, cells in rows for name in parted(cells[label_at].strip())]
    known, counted = _numbering(path, names, labels)
    if len(rows) > limit:
        said += f" The first {limit:,} of its {len(rows):,} rows were read."
        rows = rows[:limit]
    found = []
    for number, cells in rows:
        text = " ".join(cells[column].strip() for column in texts_at).strip()
        if not text:
            raise BadDataError(f"{path}, row {number}: there is no text.")
        names = parted(cells[label_at].strip())
        for name in names:
            if name.lower() not in known:
                raise BadDataError(f"{path}, row {number}: the label {name[:40]!r} is none of {', '.join(labels)}.")
        found.append((number, text, tuple(known[name.lower()] for name in names)))
    return found, f"{said}{counted}"


def _columns(
    path: Path, head: Sequence[str], labels: Sequence[str], layout: Layout, parted: Callable[[str], list[str]]
) -> tuple[list[int], int, int, str]:
    """Columns of the text, column of the label, the first row of data, and what to say of it."""
    names = [cell.strip().lower() for cell in head]
    wanted = tuple(name.lower() for name in layout.text)
    if wanted:
        texts = [names.index(name) for name in wanted if name in names]
        texts = texts if len(texts) == len(wanted) else []
    else:
        texts = [names.index(name) for name in _TEXT_COLUMNS if name in names][:1]
        titles = [names.index(name) for name in _TITLE_COLUMNS if name in names][:1]
        texts = [*titles, *texts] if texts else []
    label_names = (layout.label.lower(),) if layout.label else _LABEL_COLUMNS
    label = next((names.index(name) for name in label_names if name in names), None)
    if texts and label is not None:
        return texts, label, 1, f"Columns {' + '.join(head[place] for place in texts)} and {head[label]}."
    known = {name.lower() for name in labels} | {str(number) for number in range(len(labels) + 1)}
    if not texts and label is None and not wanted and not layout.label and len(head) > 1:
        places = [place for place, name in enumerate(names) if name and set(parted(name)) <= known]
        if len(places) == 1:
            others = [place for place in range(len(head)) if place != places[0]]
            return others, places[0], 0, f"No header: column {places[0] + 1} is the label, the rest is the text."
    missing = [" + ".join(layout.text) or "text or sentence"] if not texts else []
    missing += [layout.label or "label or class"] if label is None else []
    shown = ", ".join(cell[:30] for cell in head[:6])
    raise BadDataError(
        f"{path} needs a header with the columns text (or sentence) and label; there is no {' and no '.join(missing)} "
        f"among: {shown}. Name other columns with --text-column and --label-column."
    )


def _numbering(path: Path, names: Sequence[str], labels: Sequence[str]) -> tuple[dict[str, int], str]:
    """What each label of the file means, and what to say of it; decided on the whole file."""
    known = {name.lower(): index for index, name in enumerate(labels)}
    numbers = {int(name) for name in names if name.isdecimal() and name.lower() not in known}
    if 2 * sum(name.isdecimal() for name in names) <= len(names) or not numbers:
        return known, ""
    first = 1 if len(labels) in numbers else 0
    if not {0, len(labels)} & numbers and len(labels) > 2 and numbers <= set(range(len(labels))):
        raise BadDataError(
            f"{path} numbers its labels {', '.join(map(str, sorted(numbers)))}, which may count from 0 or from 1. "
            f"Write their names: {', '.join(labels)}."
        )
    found = {str(index + first): index for index in range(len(labels))}
    return found, f" Labels are numbers from {first}: {', '.join(f'{n} {labels[i]}' for n, i in found.items())}."
