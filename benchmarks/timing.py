"""How long work takes: medians, of one thing or of two that take turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median


def seconds(work: Callable[[], object], times: int) -> float:
    """Median seconds of `times` runs, after one that does not count."""
    work()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return median(taken)


def interleaved(ours: Callable[[], object], peer: Callable[[], object], times: int) -> tuple[float, float]:
    """Median seconds of both, taking turns, so that whatever else the machine does slows both alike."""
    taken: tuple[list[float], list[float]] = ([], [])
    ours(), peer()
    for _ in range(times):
        for work, kept in zip((ours, peer), taken, strict=True):
            began = time.perf_counter()
            work()
            kept.append(time.perf_counter() - began)
    return median(taken[0]), median(taken[1])
