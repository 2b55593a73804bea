"""Calibration: how far confidence is from the share that is right, by an estimate that is not 0 by a bias alone.

The expected calibration error of bins (Guo et al. 2017) is above 0 for a perfect model as well, since every bin is off
a little by chance, and no bootstrap interval of it holds the truth. Here the squared distance of each bin has its own
variance taken off (Kumar, Liang, Ma 2019, section 4), so that the sum is right on average, and may be negative.
"""

from __future__ import annotations

import numpy as np

from bert_demo.results.evaluation import Calibration, ReliabilityBin
from bert_demo.results.intervals import Interval
from bert_demo.tasks.intervals import Z, share

MOST_BINS = 15
LEAST_IN_BIN = 10


def calibration(confidence: np.ndarray, right: np.ndarray) -> Calibration:
    """Of answers: (n,) their probabilities and whether they were right."""
    order = np.argsort(confidence, kind="stable")
    bins = np.array_split(order, max(1, min(MOST_BINS, len(order) // LEAST_IN_BIN)))
    shown = tuple(
        ReliabilityBin(len(at), float(confidence[at].mean()), share(float(right[at].sum()), len(at))) for at in bins
    )
    return Calibration(_error(confidence, right, bins), len(order), shown)


def _error(confidence: np.ndarray, right: np.ndarray, bins: list[np.ndarray]) -> Interval:
    """The root of the estimate and of its interval, each cut at 0; of a single answer nothing is known."""
    squared = variance = 0.0
    for at in bins:
        if len(at) < 2:
            return Interval(0.0, 0.0, 1.0)
        gaps = right[at].astype(float) - confidence[at]
        weight, mean = len(at) / len(confidence), float(gaps.mean())
        noise = max(float(gaps.var(ddof=1)), _least_variance(confidence[at])) / len(at)
        squared += weight * (mean**2 - noise)
        variance += weight**2 * (2 * noise**2 + 4 * max(0.0, mean**2 - noise) * noise)
    half = Z * np.sqrt(variance)
    value, low, high = (float(np.sqrt(max(0.0, each))) for each in (squared, squared - half, squared + half))
    return Interval(value, low, high)


def _least_variance(confidence: np.ndarray) -> float:
    """The variance of answers that are right as often as they say; a bin that is all right seems to have none."""
    return float((confidence * (1 - confidence)).mean())
