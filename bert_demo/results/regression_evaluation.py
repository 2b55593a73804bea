"""What `evaluate_regression` says of a model that gives a number, on rows with the right one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bert_demo.results.base import Result, Wire, check, frozen
from bert_demo.results.intervals import Interval


@dataclass(frozen=True, slots=True)
class NumberedRow(Wire):
    """A row, its right number and the model's. row: from 0; line: where it stands in the visitor's file."""

    row: int
    line: int
    text: str
    pair: str | None
    truth: float
    answer: float


@dataclass(frozen=True, slots=True)
class RegressionEvaluation(Result):
    """Numbers of a model beside the right ones.

    output: what the model calls its number; pearson, spearman: correlations, None where one side is the same number
    throughout; mean_absolute_error: in the numbers' own units; farthest: rows, the greatest error first; answers,
    truth: (rows,).
    """

    WIRE: ClassVar = (
        "model", "revision", "output", "rows", "pearson", "spearman", "mean_absolute_error", "farthest", "answers",
    )  # fmt: skip

    model: str
    revision: str
    output: str
    rows: int
    pearson: Interval | None
    spearman: Interval | None
    mean_absolute_error: Interval
    farthest: tuple[NumberedRow, ...]
    answers: np.ndarray
    truth: np.ndarray

    def __post_init__(self) -> None:
        check(self.answers.shape == self.truth.shape == (self.rows,), "a number for each row")
        for name in ("answers", "truth"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def in_order(self) -> tuple[NumberedRow, ...]:
        """The rows in the visitor's order."""
        return tuple(sorted(self.farthest, key=lambda each: each.row))
