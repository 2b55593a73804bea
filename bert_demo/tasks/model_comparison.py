"""Two classifiers on the same rows: whether one is better beyond chance, and on which rows they differ."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bert_demo.core.errors import BadDataError
from bert_demo.results.evaluation import AnsweredRow, Evaluation
from bert_demo.results.intervals import Interval
from bert_demo.results.model_comparison import ComparedModel, DifferingRow, ModelComparison
from bert_demo.tasks import intervals


def compare(first: Evaluation, second: Evaluation) -> ModelComparison:
    """Of two evaluations of the same rows, whose labels have the same names, in any case and any order.

    Raises BadDataError for models whose labels differ, or of which one judges each label by itself.
    """
    order = _order(first, second)
    sides = [(first.truth, first.answers), (second.truth[:, order], second.answers[:, order])]
    if (sides[0][0] != sides[1][0]).any():
        raise BadDataError("The two models take the labels of the rows for different ones. Write them as names.")
    right = [(truth == answers).all(1) for truth, answers in sides]
    table = np.array(
        [[(right[0] == one) & (right[1] == other) for other in (True, False)] for one in (True, False)]
    ).sum(-1)
    return ModelComparison(
        first.measure,
        first.rows,
        tuple(ComparedModel(each.model, each.revision, each.accuracy, each.macro_f1) for each in (first, second)),
        table,
        mcnemar(int(table[0, 1]), int(table[1, 0])),
        paired_difference(int(table[0, 1]), int(table[1, 0]), first.rows),
        _macro_difference(sides[0][0], sides[0][1], sides[1][1], first.micro_f1 is not None),
        _differing(first, second, sides[0][1], sides[1][1]),
    )


def _order(first: Evaluation, second: Evaluation) -> list[int]:
    """Where each label of the first stands among those of the second."""
    names = [[each.label.strip().casefold() for each in of.labels] for of in (first, second)]
    if sorted(names[0]) != sorted(names[1]) or len(set(names[0])) < len(names[0]):
        raise BadDataError(
            f"{first.model} and {second.model} have other labels ({', '.join(each.label for each in first.labels)}; "
            f"{', '.join(each.label for each in second.labels)}). Compare models with the same ones."
        )
    if (first.micro_f1 is None) != (second.micro_f1 is None):
        raise BadDataError("One of the two models gives one label, the other judges each by itself; take two alike.")
    return [names[1].index(name) for name in names[0]]


def mcnemar(first: int, second: int) -> float:
    """McNemar's exact test, two-sided: `first` and `second` rows that one alone has right; 1 where there is none."""
    many, least = first + second, min(first, second)
    logs = [
        math.lgamma(many + 1) - math.lgamma(k + 1) - math.lgamma(many - k + 1) - many * math.log(2)
        for k in range(least + 1)
    ]
    return min(1.0, 2 * math.fsum(map(math.exp, logs)))


def paired_difference(first: int, second: int, rows: int) -> Interval:
    """(first - second) / rows, with the adjusted Wald interval of Bonett and Price 2012, which is never a point."""
    one, other = (first + 1) / (rows + 2), (second + 1) / (rows + 2)
    half = intervals.Z * math.sqrt((one + other - (one - other) ** 2) / (rows + 2))
    value = (first - second) / rows
    return Interval(value, max(-1.0, min(value, one - other - half)), min(1.0, max(value, one - other + half)))


def _macro_difference(truth: np.ndarray, first: np.ndarray, second: np.ndarray, several: bool) -> Interval:
    many = truth.shape[1]
    rows = np.hstack([truth, truth & first, first, truth & second, second]).astype(float)
    there = [truth.any(0) | each.any(0) | several for each in (first, second)]

    def difference(sums: np.ndarray) -> np.ndarray:
        held, *parts = np.split(sums, sums.shape[1] // many, axis=1)
        macros = [_f1(parts[at], parts[at + 1] + held)[:, kept].mean(1) for at, kept in zip((0, 2), there, strict=True)]
        return np.asarray(macros[0] - macros[1])[:, None]

    (found,) = intervals.of_rows(rows, difference)
    return found


def _f1(hits: np.ndarray, both: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(2 * hits, both, out=np.zeros(both.shape), where=both > 0))


def _differing(first: Evaluation, second: Evaluation, one: np.ndarray, other: np.ndarray) -> tuple[DifferingRow, ...]:
    answered: Sequence[dict[int, AnsweredRow]] = [{each.row: each for each in of.answered} for of in (first, second)]
    found = []
    for at in np.flatnonzero((one != other).any(1)).tolist():
        mine, its = answered[0][at], answered[1][at]
        both = (mine.answer, its.answer)
        found.append(DifferingRow(at, mine.line, mine.text, mine.pair, mine.truth, both, (mine.right, its.right)))
    return tuple(sorted(found, key=lambda each: (each.right[0] == each.right[1], each.right[1], each.row)))
