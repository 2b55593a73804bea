"""Rows in three parts: to learn from, held out for choices, and to test on, so that one text never stands in two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bert_demo.data.to_learn import RowsToLearn

SHARE, SHARE_OF_FEW, FEW = 0.1, 0.15, 500
"""Of the different texts of each label, for each of the two parts that nothing is learnt from; more where there are
fewer than FEW texts, since a dozen rows say nothing."""
BANDS = 5
"""Of numbers, each with as many texts, in the place of labels."""
LEAST_IN_BAND = 10


@dataclass(frozen=True, slots=True)
class Parts:
    """The rows of each part, from 0, in order."""

    train: tuple[int, ...]
    held_out: tuple[int, ...]
    test: tuple[int, ...]


def part(rows: RowsToLearn, seed: int) -> Parts:
    """Part groups of equal texts at random, SHARE of each label's held out and as many to test on, at least one each.

    A text with several labels counts for its rarest one; one without labels for none of them.
    """
    first = np.unique(rows.groups, return_index=True)[1]  # the first row of each group speaks for it
    chosen = _dealt(_strata(rows.truth[first], bool(rows.labels)), seed)
    if not (chosen == 1).any():  # a few texts of many labels
        chosen = _dealt(np.zeros(len(first), int), seed)
    of_row = chosen[rows.groups]
    train, held, tested = (tuple(np.flatnonzero(of_row == number).tolist()) for number in range(3))
    return Parts(train, held, tested)


def _dealt(strata: np.ndarray, seed: int) -> np.ndarray:
    """(groups,) 0 to learn from, 1 held out, 2 to test on; a stratum of fewer than three is learnt from."""
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(strata), int)
    share = SHARE_OF_FEW if len(strata) < FEW else SHARE
    for stratum in np.unique(strata):
        groups = rng.permutation(np.flatnonzero(strata == stratum))
        count = max(1, round(share * len(groups)))
        if 2 * count < len(groups):
            chosen[groups[:count]] = 1
            chosen[groups[count : 2 * count]] = 2
    return chosen


def _strata(truth: np.ndarray, labelled: bool) -> np.ndarray:
    """(groups,) what each is dealt out with: its label, its rarest label, or the band of its number."""
    if not labelled:
        order = np.empty(len(truth), int)
        order[np.argsort(truth[:, 0], kind="stable")] = np.arange(len(truth))
        return np.asarray(order * max(1, min(BANDS, len(truth) // LEAST_IN_BAND)) // len(truth))
    rarity = np.where(truth > 0, truth.sum(0), np.inf)
    return np.where(truth.any(1), rarity.argmin(1), -1)


def constant_answer(truth: np.ndarray, kind: str) -> np.ndarray:
    """(labels,) the answer that is right most often on these rows; of numbers (1,) their mean."""
    if kind == "number":
        return np.asarray(truth.mean(0))
    patterns, counts = np.unique(truth, axis=0, return_counts=True)
    return np.asarray(patterns[counts.argmax()])


def score(answers: np.ndarray, truth: np.ndarray, kind: str) -> float:
    """The share of rows whose labels are all right; of numbers R2, the share of their variance that is explained."""
    if kind != "number":
        return float((answers == truth).all(1).mean())
    rest, whole = ((truth - answers) ** 2).sum(), ((truth - truth.mean()) ** 2).sum()
    return float(1 - rest / whole) if whole else 0.0
