"""Rows that a model is to learn from: checked before anything starts, a sentence for each kind of rows that are bad."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bert_demo.core.errors import BadDataError, TextError
from bert_demo.core.validation import checked_text
from bert_demo.data.labels import is_number, shortened, split_labels
from bert_demo.registry.training_ways import TEXT

LEAST_OF_LABEL = 3
"""Different texts of each label: one to learn from, one held out, one to test on."""
MOST_LABELS = 200
LONGEST_LABEL = 300
"""Characters; of several labels all together."""
LEAST_NUMBERS = 6
"""Different texts that have no labels: as many as two labels need."""


@dataclass(frozen=True, slots=True)
class RowsToLearn:
    """Checked rows. labels: sorted by name, () for numbers; truth: (rows, labels) of 0 and 1, of numbers (rows, 1);
    groups: of each row the number of its text, equal texts having one; notes: sentences about what is odd."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    truth: np.ndarray
    groups: np.ndarray
    conflicts: int
    notes: tuple[str, ...]

    @property
    def duplicates(self) -> int:
        """Rows whose text stands in an earlier row."""
        return len(self.texts) - int(self.groups.max()) - 1


def rows_to_learn(rows: Any, kind: str, most_rows: int, most_characters: int) -> RowsToLearn:
    """Check (text, label) rows. kind: "single", "several" (labels with ";" between, or none), "number",
    or "text", whose labels are not read.

    Equal are texts that differ in nothing but case and white space. Raises BadDataError, which names the row.
    """
    texts, written = _checked_shape(rows, most_rows, most_characters)
    groups = _groups(texts)
    if groups.max() == 0:
        raise BadDataError(f"All {len(texts)} texts are equal, so that there is nothing to tell apart. Send others.")
    labels: tuple[str, ...] = ()
    if kind == TEXT:
        _check_enough(groups)
        truth = np.zeros((len(texts), 1), np.float32)
    elif kind == "number":
        truth = _numbers(written, groups)
    else:
        several = kind == "several"
        names = [list(dict.fromkeys(split_labels(each, ()))) if several else [each] for each in written]
        labels = _labels(names, several, groups)
        places = {name: place for place, name in enumerate(labels)}
        truth = np.zeros((len(texts), len(labels)), np.float32)
        for row, own in enumerate(names):
            truth[row, [places[name] for name in own]] = 1
    conflicts = _conflicts(truth, groups)
    return RowsToLearn(texts, labels, truth, groups, conflicts, _notes(labels, truth, groups, conflicts))


def _checked_shape(rows: Any, most_rows: int, most_characters: int) -> tuple[tuple[str, ...], list[str]]:
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, (list, tuple)) and len(row) == 2 for row in rows):
        raise BadDataError('rows must be pairs of a text and its label, such as [["A warm film.", "good"], ...].')
    if len(rows) > most_rows:
        raise BadDataError(
            f"There are {len(rows):,} rows; at most {most_rows:,} are learnt from here. Send fewer, or run python -m "
            "bert_demo train own on a machine of your own."
        )
    texts, labels = [], []
    for number, (text, label) in enumerate(rows, start=1):
        try:
            texts.append(checked_text(text, most_characters))
        except TextError as error:
            raise BadDataError(f"Row {number}: {error}") from None
        if isinstance(label, bool) or not isinstance(label, (str, int, float)):
            raise BadDataError(f"Row {number}: the label must be a name or a number.")
        labels.append(_written(label, number))
    if not texts:
        raise BadDataError("There are no rows. Send some texts, each with its label.")
    return tuple(texts), labels


def _written(label: str | int | float, number: int) -> str:
    """A label as text."""
    try:
        name = unicodedata.normalize("NFC", str(label)).strip()
        name.encode("utf-8")
    except ValueError:  # half of a surrogate pair, or more digits than Python writes
        raise BadDataError(f"Row {number}: the label cannot be written. Paste it as UTF-8.") from None
    if len(name) > LONGEST_LABEL:
        raise BadDataError(
            f"Row {number}: the label has {len(name):,} characters, of {LONGEST_LABEL} at most. Is this the column of "
            "the labels?"
        )
    return name


def _groups(texts: Sequence[str]) -> np.ndarray:
    known: dict[str, int] = {}
    keys = (" ".join(unicodedata.normalize("NFC", text).casefold().split()) for text in texts)
    return np.asarray([known.setdefault(key, len(known)) for key in keys])


def _labels(names: Sequence[Sequence[str]], several: bool, groups: np.ndarray) -> tuple[str, ...]:
    for number, own in enumerate(names, start=1):
        if not several and not own[0]:
            raise BadDataError(f"Row {number} has no label. Write one, or leave the row out.")
    counts = Counter(name for own in names for name in own)
    if len(counts) > MOST_LABELS or (not several and 2 * len(counts) > len(names) > 2 * LEAST_OF_LABEL):
        raise BadDataError(
            f"There are {len(counts):,} different labels in {len(names):,} rows, such as "
            f"{shortened(next(iter(counts)))}. Is this the column of the labels? Choose another, or train on numbers."
        )
    if not several and len(counts) == 1:
        raise BadDataError(
            f"All rows have the label {shortened(next(iter(counts)))}. A classifier needs rows of at least two labels."
        )
    if not counts:
        raise BadDataError("No row has a label. Write the labels of each text with ; between them.")
    for name in sorted(counts):
        texts = {group for own, group in zip(names, groups.tolist(), strict=True) if name in own}
        if len(texts) < LEAST_OF_LABEL:
            raise BadDataError(
                f"The label {shortened(name)} has {len(texts)} text{'s' * (len(texts) != 1)}. Each label needs at "
                f"least {LEAST_OF_LABEL}: one to learn from, one held out, one to test on. Add rows, or leave it out."
            )
        if several and counts[name] == len(names):
            raise BadDataError(
                f"Every row has the label {shortened(name)}, so that there is nothing to learn of it. Leave it out."
            )
    return tuple(sorted(counts))


def _numbers(written: Sequence[str], groups: np.ndarray) -> np.ndarray:
    found = []
    for number, each in enumerate(written, start=1):
        try:
            value = float(each)
        except ValueError:
            value = math.nan
        if not abs(value) < 1e9:
            raise BadDataError(f"Row {number}: {shortened(each)} is no number below a billion. Choose labels instead.")
        found.append(value)
    if len(set(found)) == 1:
        raise BadDataError(f"All rows have the number {found[0]:g}, so that there is nothing to learn. Send others.")
    _check_enough(groups)
    return np.asarray(found, np.float32)[:, None]


def _check_enough(groups: np.ndarray) -> None:
    if groups.max() + 1 < LEAST_NUMBERS:
        raise BadDataError(f"There are {groups.max() + 1} different texts; at least {LEAST_NUMBERS} are needed.")


def _conflicts(truth: np.ndarray, groups: np.ndarray) -> int:
    first: dict[int, tuple[float, ...]] = {}
    differ = set()
    for group, row in zip(groups.tolist(), map(tuple, truth.tolist()), strict=True):
        if first.setdefault(group, row) != row:
            differ.add(group)
    return len(differ)


def _notes(labels: tuple[str, ...], truth: np.ndarray, groups: np.ndarray, conflicts: int) -> tuple[str, ...]:
    notes = []
    if labels and all(is_number(label) for label in labels):
        notes.append(
            f"The labels are numbers ({', '.join(labels[:6])}) and nothing says what they mean: the model will answer "
            "with them. Write names in their place to have names."
        )
    if conflicts:
        notes.append(f"{conflicts:,} texts stand with different labels, of which one must be wrong.")
    if len(labels) > 1 and (counts := truth.sum(0)).max() >= 4 * counts.min():
        most, least = labels[int(counts.argmax())], labels[int(counts.argmin())]
        notes.append(
            f"{shortened(most)} has {counts.max() / counts.min():.0f} times the rows of {shortened(least)}; class "
            "weights count rare labels for more."
        )
    if groups.max() + 1 < 100:
        notes.append("There are fewer than 100 different texts: expect other figures with every seed.")
    return tuple(notes)
