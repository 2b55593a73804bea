"""95 % intervals of shares and of what is made of counts.

A share has Wilson's interval. A figure made of a table of counts has the interval of what such tables would say whose
shares are drawn from a Dirichlet distribution around the counts, with a weight of one row for each true label beside
them; unlike a bootstrap it is no point where everything is right. Both are checked for coverage in the tests.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bert_demo.results.intervals import Interval

Z = 1.959963984540054
DRAWS = 1000
MOST_CELLS = 1_000_000
"""Numbers that are drawn at once."""


def share(part: float, whole: float) -> Interval:
    """part / whole (0 of 0 is 0, and may be anything), with Wilson's interval."""
    if whole == 0:
        return Interval(0.0, 0.0, 1.0)
    value = part / whole
    centre = (value + Z**2 / (2 * whole)) / (1 + Z**2 / whole)
    half = Z / (1 + Z**2 / whole) * np.sqrt(value * (1 - value) / whole + Z**2 / (4 * whole**2))
    return Interval(value, float(max(0.0, min(value, centre - half))), float(min(1.0, max(value, centre + half))))


def f1(right: float, wrong: float) -> Interval:
    """2 right / (2 right + wrong): of the share right / (right + wrong), and so with its interval."""
    found = share(right, right + wrong)
    value, low, high = (2 * each / (1 + each) for each in (found.value, found.low, found.high))
    return Interval(value, low, high)


def of_counts(counts: np.ndarray, figures: Callable[[np.ndarray], np.ndarray], seed: int = 0) -> list[Interval]:
    """Figures of a table of counts (labels, labels); `figures` takes many tables (n, labels, labels) to (n, k)."""
    rng = np.random.default_rng(seed)
    weights = (counts + 1 / len(counts)).ravel()
    at_once = max(1, MOST_CELLS // len(weights))
    sizes = [min(at_once, DRAWS - start) for start in range(0, DRAWS, at_once)]
    drawn = [figures(rng.dirichlet(weights, size).reshape(-1, *counts.shape)) for size in sizes]
    return _around(figures(counts[None].astype(float))[0], np.concatenate(drawn))


def of_rows(rows: np.ndarray, figures: Callable[[np.ndarray], np.ndarray], seed: int = 0) -> list[Interval]:
    """Figures of the sum of rows (n, m), by the Bayesian bootstrap (Rubin 1981): rows with random weights.

    `figures` takes many sums (d, m) to (d, k).
    """
    rng = np.random.default_rng(seed)
    weights = rng.exponential(size=(DRAWS, len(rows)))
    sums = (weights / weights.mean(1, keepdims=True)) @ rows
    return _around(figures(rows.sum(0)[None])[0], figures(sums))


def _around(values: np.ndarray, drawn: np.ndarray) -> list[Interval]:
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return [Interval(float(v), float(min(v, a)), float(max(v, b))) for v, a, b in zip(values, low, high, strict=True)]
