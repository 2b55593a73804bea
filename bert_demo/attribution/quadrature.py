"""Integration along the path from the baseline (0) to the input (1) with points that go where the function moves.

The score of all tokens together is the slope of F along the path, and F itself is known wherever a gradient was taken.
So each panel between two neighbouring points has a ledger of its own: what the quadrature makes of it against what F
rose by. A panel whose ledger does not close is halved; points once paid for are kept.

Weights are those of the cubic spline through the points (not-a-knot; de Boor 1978, chapter IV): of fourth order
where the slope is smooth, exact for cubic polynomials, and local where it is not.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.interpolate import CubicSpline

LEAST_POINTS = 5


def evenly(points: int) -> np.ndarray:
    """`points` places from 0 to 1, both ends among them; at least LEAST_POINTS."""
    return np.linspace(0.0, 1.0, max(LEAST_POINTS, points))


def panel_weights(points: np.ndarray) -> np.ndarray:
    """(panels, points): row k holds what the value at each point counts in the integral over panel k."""
    spline = CubicSpline(points, np.eye(len(points)), axis=0)
    rows = [spline.integrate(first, end) for first, end in pairwise(points)]
    return np.stack(rows)


def gaps(points: np.ndarray, slopes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(panels,): the integral of the slopes over each panel less what the values rose by."""
    found: np.ndarray = panel_weights(points) @ slopes - np.diff(values)
    return found


def halved(points: np.ndarray, gap: np.ndarray, most: int, floor: float) -> np.ndarray:
    """The middles of at most `most` panels, those with the largest gaps, none of which is below `floor`."""
    order = np.argsort(-np.abs(gap), kind="stable")[:most]
    chosen = np.sort(order[np.abs(gap)[order] > floor])
    middles: np.ndarray = (points[chosen] + points[chosen + 1]) / 2
    return middles
