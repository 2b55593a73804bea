"""What `compare_models` says: two classifiers on the same labelled rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bert_demo.results.base import Result, Wire, check, frozen
from bert_demo.results.intervals import Interval


@dataclass(frozen=True, slots=True)
class ComparedModel(Wire):
    """One of the two; figures as in `evaluate`."""

    model: str
    revision: str
    accuracy: Interval
    macro_f1: Interval


@dataclass(frozen=True, slots=True)
class DifferingRow(Wire):
    """A row that is answered otherwise. row: from 0; answers: of the first and the
    second; right: whether they are."""

    row: int
    line: int
    text: str
    pair: str | None
    truth: tuple[str, ...]
    answers: tuple[tuple[str, ...], tuple[str, ...]]
    right: tuple[bool, bool]


@dataclass(frozen=True, slots=True)
class ModelComparison(Result):
    """Two classifiers on the same rows.

    table: [[both right, only the first], [only the second, neither]] rows; chance: how probable so uneven a split of
    the rows that one alone has right is, where both are as good (McNemar's exact test, two-sided); difference: accuracy
    of the first less that of the second (interval of Bonett and Price 2012), macro_f1_difference: the same of macro F1
    (Bayesian bootstrap of rows); differing: rows that are answered otherwise, first those that one alone has right.
    """

    measure: str
    rows: int
    models: tuple[ComparedModel, ...]
    table: np.ndarray
    chance: float
    difference: Interval
    macro_f1_difference: Interval
    differing: tuple[DifferingRow, ...]

    def __post_init__(self) -> None:
        check(self.table.shape == (2, 2) and int(self.table.sum()) == self.rows, "each row is in the table once")
        object.__setattr__(self, "table", frozen(self.table))
