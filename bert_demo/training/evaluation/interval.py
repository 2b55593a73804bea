"""A figure and how far it may be off."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bert_demo.results.intervals import Interval

__all__ = ["RESAMPLES", "Interval", "bootstrap", "bootstrap_many", "mean"]
RESAMPLES = 1000


def bootstrap(rows: int, figure: Callable[[np.ndarray], float], resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """The interval of `figure`, which takes how often each of `rows` counts: an array (rows,) that sums to `rows`."""
    return bootstrap_many(rows, lambda counts: np.asarray([figure(counts)]), resamples, seed)[0]


def bootstrap_many(
    rows: int, figures: Callable[[np.ndarray], np.ndarray], resamples: int = RESAMPLES, seed: int = 0
) -> list[Interval]:
    """Intervals of several figures from the same resamples; `figures` returns (k,)."""
    rng = np.random.default_rng(seed)
    drawn = np.stack([figures(np.bincount(rng.integers(rows, size=rows), minlength=rows)) for _ in range(resamples)])
    low, high = np.nanpercentile(drawn, [2.5, 97.5], axis=0)
    whole = figures(np.ones(rows, dtype=np.int64))
    return [Interval(float(v), float(a), float(b)) for v, a, b in zip(whole, low, high, strict=True)]


def mean(values: np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """The mean of (rows,) values."""
    values = np.asarray(values, dtype=np.float64)
    return bootstrap(len(values), lambda counts: float(counts @ values / counts.sum()), resamples, seed)
