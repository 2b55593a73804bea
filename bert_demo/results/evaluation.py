"""What `evaluate` says of a classifier on labelled rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from bert_demo.results.base import Result, Wire, check, frozen, wire
from bert_demo.results.intervals import Interval
from bert_demo.results.tuning import Tuning


@dataclass(frozen=True, slots=True)
class LabelFigures(Wire):
    """Figures of one label: support: rows that carry it; predicted: rows that were given it; confusion: its own
    [[true negative, false positive], [false negative, true positive]]."""

    label: str
    precision: Interval
    recall: Interval
    f1: Interval
    support: int
    predicted: int
    confusion: tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class ReliabilityBin(Wire):
    """Answers of like confidence: how many, their mean confidence, the share that was right (Wilson interval)."""

    count: int
    confidence: float
    right: Interval


@dataclass(frozen=True, slots=True)
class Calibration(Wire):
    """How far confidence is from the share that is right.

    error: root of the mean squared distance, without the bias of bins (Kumar et al. 2019), whose interval holds 0 for
    a model that is calibrated; bins: of as many answers each; answers: how many there are.
    """

    error: Interval
    answers: int
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True)
class Slice(Wire):
    """Rows whose text has something in common, and the share of them that is right, beside that of all others.

    chance: how probable a difference as large is without a reason (Fisher's exact test, two-sided), corrected for the
    number of slices (Holm).
    """

    name: str
    rows: int
    right: Interval
    others: Interval
    chance: float
    places: tuple[int, ...] = field(metadata=wire(None), default=())


@dataclass(frozen=True, slots=True)
class AnsweredRow(Wire):
    """A row and its answer: row from 0, its texts, the true labels, the answers; score: of a wrong answer its
    probability (of a missed label, that it is not there), of a right one that of what it is least sure of."""

    row: int
    line: int
    text: str
    pair: str | None
    truth: tuple[str, ...]
    answer: tuple[str, ...]
    score: float

    @property
    def right(self) -> bool:
        """Whether all its labels are right."""
        return self.truth == self.answer


@dataclass(frozen=True, slots=True)
class Evaluation(Result):
    """A classifier on labelled rows.

    measure: "accuracy", or "subset accuracy" where each label is judged by itself (all labels of a row right at 0.5);
    macro_*: means over the labels that occur in truth or answers, as scikit-learn's; micro_f1: of independent labels,
    else None; confusion: (labels, labels) counts, truth in rows, answers in columns, None for independent labels, each
    of which has its own; answered: the wrong answers, the most confident first, then the right ones, the least
    confident first; probabilities: (rows, labels); truth: (rows, labels) of True and False; tuning: a temperature or
    thresholds, None of few rows.
    """

    WIRE: ClassVar = (
        "model", "revision", "rows", "measure", "accuracy", "macro_precision", "macro_recall", "macro_f1", "micro_f1",
        "labels", "confusion", "calibration", "slices", "mistakes", "probabilities", "tuning",
    )  # fmt: skip

    model: str
    revision: str
    rows: int
    measure: str
    accuracy: Interval
    macro_precision: Interval
    macro_recall: Interval
    macro_f1: Interval
    micro_f1: Interval | None
    labels: tuple[LabelFigures, ...]
    confusion: np.ndarray | None
    calibration: Calibration
    slices: tuple[Slice, ...]
    answered: tuple[AnsweredRow, ...]
    probabilities: np.ndarray
    truth: np.ndarray
    tuning: Tuning | None = None

    def __post_init__(self) -> None:
        check(self.probabilities.shape == self.truth.shape == (self.rows, len(self.labels)), "a row for each text")
        for name in ("probabilities", "truth"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def mistakes(self) -> tuple[AnsweredRow, ...]:
        """The wrong answers, the most confident first."""
        return tuple(each for each in self.answered if not each.right)

    @property
    def answers(self) -> np.ndarray:
        """(rows, labels) of True and False: the likeliest label, or all above 0.5 where each is judged by itself."""
        return answers_of(self.probabilities, self.micro_f1 is not None)


def answers_of(probabilities: np.ndarray, several: bool) -> np.ndarray:
    """(rows, labels) of True and False; several: whether each label is judged by itself, at 0.5."""
    if several:
        return np.asarray(probabilities > 0.5)
    return np.asarray(np.eye(probabilities.shape[1], dtype=bool)[probabilities.argmax(1)])
