"""A model that gives a number, on rows with the right one: correlations and the mean error, with intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import stdtrit
from scipy.stats import rankdata

from bert_demo.core.errors import BadDataError, ChoiceError
from bert_demo.data.numbers import number_in
from bert_demo.models.base import Encoding, Model
from bert_demo.results.intervals import Interval
from bert_demo.results.regression_evaluation import NumberedRow, RegressionEvaluation
from bert_demo.tasks import intervals
from bert_demo.tasks.evaluation import score_rows
from bert_demo.tasks.labelled_rows import OnProgress, encoded

LEAST_ROWS = 4
"""Of fewer a correlation has no interval."""


def refuse_labels(model: Model) -> None:
    """Raise ChoiceError for a model that does not give one number."""
    if model.activation != "none" or len(model.labels) != 1:
        gives = f"{len(model.labels)} numbers" if model.activation == "none" else "labels"
        raise ChoiceError(
            f"The model {model.info.name} gives {gives}, not one number. Choose a regressor, or evaluate its labels."
        )


def read(
    model: Model, rows: Sequence[Sequence[object]], lines: Sequence[int] | None, most: int, watch: OnProgress
) -> tuple[tuple[Encoding, ...], np.ndarray]:
    """The tokens of each row and the right numbers. most: characters of a text. Raises BadDataError, naming the row."""
    encodings, truth = [], []
    for place, (text, *second, number) in enumerate(rows):
        where = f"Labelled text {place + 1}" if lines is None else f"Line {lines[place]}"
        encodings.append(encoded(model, text, second[0] if second else None, where, most))
        truth.append(_number(number, where, model))
        watch(0, len(rows))
    return tuple(encodings), np.array(truth)


def _number(value: object, where: str, model: Model) -> float:
    """A right number, by the rules for files. Raises BadDataError, which says what the model gives."""
    found = None if isinstance(value, bool) else number_in(str(value))
    if found is None:
        raise BadDataError(
            f"{where}: {str(value)[:40]!r} is no number. The model {model.info.name} gives numbers: send the right one "
            "of each text, or choose a classifier."
        )
    return found


def evaluate(
    model: Model,
    rows: Sequence[Sequence[object]],
    encodings: Sequence[Encoding],
    truth: np.ndarray,
    lines: Sequence[int],
    watch: OnProgress,
) -> RegressionEvaluation:
    """All figures. `watch` is called with rows after each batch."""
    found = np.zeros((len(rows), 1))
    for _ in score_rows(model, encodings, found, watch):
        pass
    answers = found[:, 0]
    texts = [(str(row[0]), str(row[1]) if len(row) == 3 else None) for row in rows]
    order = np.argsort(-np.abs(answers - truth), kind="stable").tolist()
    return RegressionEvaluation(
        model=model.info.name,
        revision=model.info.revision,
        output=model.labels[0],
        rows=len(rows),
        pearson=correlation(answers, truth),
        spearman=rank_correlation(answers, truth),
        mean_absolute_error=mean(np.abs(answers - truth)),
        farthest=tuple(
            NumberedRow(at, lines[at], texts[at][0], texts[at][1], float(truth[at]), float(answers[at])) for at in order
        ),
        answers=answers,
        truth=truth,
    )


def correlation(one: np.ndarray, other: np.ndarray) -> Interval | None:
    """Pearson's, with the interval of Fisher's transformation; None where a side does not vary."""
    return _transformed(one, other, lambda value: 1.0)


def rank_correlation(one: np.ndarray, other: np.ndarray) -> Interval | None:
    """Spearman's, ties at their mean rank; the variance of the transformation is that of Bonett and Wright 2000."""
    return _transformed(rankdata(one), rankdata(other), lambda value: 1 + value**2 / 2)


def _transformed(one: np.ndarray, other: np.ndarray, spread: Callable[[float], float]) -> Interval | None:
    sides = [each - each.mean() for each in (one, other)]
    sizes = [float(np.sqrt((each**2).sum())) for each in sides]
    if min(sizes) <= 1e-12 * max(1.0, float(np.abs(one).max()), float(np.abs(other).max())):
        return None
    value = max(-1.0, min(1.0, float((sides[0] / sizes[0] * (sides[1] / sizes[1])).sum())))
    if len(one) < LEAST_ROWS:
        return Interval(value, -1.0, 1.0)
    if abs(value) == 1:
        return Interval(value, value, value)
    half = intervals.Z * math.sqrt(spread(value) / (len(one) - 3))
    low, high = (math.tanh(math.atanh(value) + sign * half) for sign in (-1, 1))
    return Interval(value, low, high)


def mean(values: np.ndarray) -> Interval:
    """Of errors, none below 0, with the t interval."""
    value = float(values.mean())
    half = float(stdtrit(len(values) - 1, 0.975)) * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Interval(value, max(0.0, value - half), value + half)
