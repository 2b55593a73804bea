"""What `label_issues` says: labels that are probably wrong, texts that occur twice."""

from __future__ import annotations

from dataclasses import dataclass

from bert_demo.results.base import Result, Wire
from bert_demo.results.intervals import Interval

MOST_OTHERS = 20_000
"""Texts of another file that are compared."""


@dataclass(frozen=True, slots=True)
class LabelIssue(Wire):
    """A row whose label is probably wrong. row: from 0; given: its labels; suggested: what they may have been meant
    to be; confidence: the probability of what is given, by a classifier that did not learn from this row."""

    row: int
    line: int
    text: str
    pair: str | None
    given: tuple[str, ...]
    suggested: tuple[str, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class LabelledText(Wire):
    """A row of a group of duplicates. row: from 0."""

    row: int
    line: int
    text: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Duplicates(Wire):
    """Rows whose texts are nearly the same. same: whether they are so but for case, spaces and signs; conflict: whether
    their labels differ."""

    rows: tuple[LabelledText, ...]
    same: bool
    conflict: bool


@dataclass(frozen=True, slots=True)
class SharedText(Wire):
    """A row whose text is nearly one of the other file. other: its place there, from 0; similarity: from 0 to 1."""

    row: int
    line: int
    text: str
    other: int
    other_text: str
    similarity: float


@dataclass(frozen=True, slots=True)
class LabelIssues(Result):
    """What may be wrong with labelled rows.

    states: the model whose frozen states were read; folds: of the cross-validation; accuracy: of its classifier on rows
    that it did not learn from, None where no label can be judged; judged: rows whose labels were judged, 0 where no two
    labels have rows enough; left_out: labels of too few rows; issues: the least probable label first; duplicates: those
    with different labels first; others: texts of the other file.
    """

    model: str
    revision: str
    states: str
    rows: int
    folds: int
    judged: int
    accuracy: Interval | None
    left_out: tuple[str, ...]
    issues: tuple[LabelIssue, ...]
    duplicates: tuple[Duplicates, ...]
    others: int
    shared: tuple[SharedText, ...]
