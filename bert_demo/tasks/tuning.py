"""A temperature, or a threshold for each label, chosen on one half of the rows and reported on the other.

What is chosen and reported on the same rows flatters itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from bert_demo.results.intervals import Interval
from bert_demo.results.tuning import LEAST_ROWS, Temperature, Threshold, Tuning
from bert_demo.tasks import intervals
from bert_demo.tasks.calibration import calibration

LOWEST, HIGHEST = 0.05, 20.0
"""Temperatures that are tried."""
_FLAT = 1e-9
"""A loss that falls by less towards the lowest or highest temperature has no minimum between."""
_LEAST = 1e-12
"""Probabilities are not taken for less: their logarithm is to be a number."""


def tuning(labels: Sequence[str], probabilities: np.ndarray, truth: np.ndarray, several: bool) -> Tuning | None:
    """Of (rows, labels) probabilities and truth; None for fewer than LEAST_ROWS."""
    if len(truth) < LEAST_ROWS:
        return None
    chosen, reported = halves(len(truth))
    sides = (probabilities[chosen], truth[chosen]), (probabilities[reported], truth[reported])
    if not several:
        return Tuning(len(chosen), len(reported), _temperature(*sides), (), None, None)
    thresholds = [_threshold(label, at, *sides) for at, label in enumerate(labels)]
    found, there = sides[1]
    answers = [found > 0.5, found > np.array([each.value for each in thresholds])]
    accuracy = tuple(intervals.share(float((each == there).all(1).sum()), len(there)) for each in answers)
    macro = tuple(float(np.mean([each.f1[side].value for each in thresholds])) for side in (0, 1))
    return Tuning(len(chosen), len(reported), None, tuple(thresholds), (accuracy[0], accuracy[1]), (macro[0], macro[1]))


def halves(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The places of a random half and of the other one, in order."""
    order = np.random.default_rng(0).permutation(rows)
    return np.sort(order[: rows // 2]), np.sort(order[rows // 2 :])


Side = tuple[np.ndarray, np.ndarray]
"""The probabilities and the truth of one half."""


def _temperature(chosen: Side, reported: Side) -> Temperature:
    """As Guo et al. 2017: of the logarithms of the probabilities, which are logits but for a constant of each row."""
    value = temperature_of(*chosen)
    found, truth = reported
    scaled = softened(found, value)
    right = truth[np.arange(len(truth)), found.argmax(1)]
    errors = [calibration(each.max(1), right).error for each in (found, scaled)]
    losses = (log_loss(found, truth), log_loss(scaled, truth))
    return Temperature(value, value in (LOWEST, HIGHEST), losses, (errors[0], errors[1]))


def temperature_of(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The temperature at which the truth is likeliest; the loss has one minimum over its logarithm."""

    def loss(log: float) -> float:
        return log_loss(softened(probabilities, float(np.exp(log))), truth)

    edges = float(np.log(LOWEST)), float(np.log(HIGHEST))
    found = minimize_scalar(
        loss,
        bounds=edges,
        method="bounded",
        options={"xatol": 1e-6},
    )
    best = min((*edges, float(found.x)), key=lambda log: loss(log) - (_FLAT if log in edges else 0))
    return {edges[0]: LOWEST, edges[1]: HIGHEST}.get(best, float(np.exp(best)))


def softened(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities at another temperature; above 1 they are less sure."""
    logits = np.log(np.maximum(probabilities, _LEAST))
    return np.asarray(np.exp(log_softmax(logits / temperature, axis=1)))


def log_loss(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Mean of -log p of the true label."""
    return float(-np.log(np.maximum(probabilities[truth], _LEAST)).mean())


def _threshold(label: str, at: int, chosen: Side, reported: Side) -> Threshold:
    value = threshold_of(chosen[0][:, at], chosen[1][:, at])
    found, there = reported[0][:, at], reported[1][:, at]
    scores = [_f1(found > each, there) for each in (0.5, value)]
    return Threshold(label, value, int(chosen[1][:, at].sum()), (scores[0], scores[1]))


def _f1(given: np.ndarray, there: np.ndarray) -> Interval:
    return intervals.f1(float((given & there).sum()), float((given != there).sum()))


def threshold_of(probabilities: np.ndarray, there: np.ndarray) -> float:
    """Where F1 is greatest, halfway between two probabilities; of several such the nearest to 0.5, and 0.5 itself where
    nothing is better or no row carries the label."""
    if not there.any():
        return 0.5
    held = np.unique(probabilities)
    tried = np.concatenate([[0.5], (held[1:] + held[:-1]) / 2, held[:1] / 2])
    given = probabilities[None] > tried[:, None]
    hits = (given & there).sum(1)
    scores = 2 * hits / (given.sum(1) + there.sum())
    best = tried[scores >= scores.max() - 1e-12]
    return float(best[np.abs(best - 0.5).argmin()])
