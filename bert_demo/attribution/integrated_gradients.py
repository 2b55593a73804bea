"""Integrated Gradients (Sundararajan, Taly and Yan 2017) by captum.

score_i = (x_i - x'_i) * integral over a from 0 to 1 of dF/dx_i (x' + a (x - x')), summed over the components of each
token's embedding. At a fixed number of steps captum's Gauss-Legendre rule is used as it is; `refine` gives captum the
points and weights of `quadrature`, and gradients that were computed before are not computed again. It does not decide
when the estimate is good enough: the service does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from captum.attr import IntegratedGradients as CaptumIntegratedGradients

from bert_demo.attribution import quadrature
from bert_demo.attribution.base import Problem, Solution

TOKENS_AT_ONCE = 1024
FIRST_POINTS = 13
MORE_POINTS = 4
"""Panels halved at a time, at least; of more points a quarter as many again."""


class IntegratedGradients:
    """The method as a row of the table."""

    name = "integrated_gradients"

    def attribute(self, problem: Problem, steps: int | None) -> Solution:
        """Scores with `steps` Gauss-Legendre points (captum's own 50), `TOKENS_AT_ONCE` tokens a batch."""
        length = problem.inputs.shape[1]
        explained = CaptumIntegratedGradients(problem.function, multiply_by_inputs=True).attribute(
            problem.inputs,
            baselines=problem.baseline,
            n_steps=steps or 50,
            method="gausslegendre",
            internal_batch_size=max(1, TOKENS_AT_ONCE // length),
        )
        return Solution(explained[0].detach().sum(-1), steps or 50)

    def refine(self, problem: Problem, most: int) -> Iterator[Solution]:
        """Estimates of FIRST_POINTS points and more, halving the panels whose own ledgers are farthest from closed."""
        path = _Path(problem)
        points = quadrature.evenly(min(FIRST_POINTS, most))
        while True:
            scores = path.integrate(points)
            gap = quadrature.gaps(points, path.slopes, path.values)
            ends = (float(path.values[-1]), float(path.values[0]))
            yield Solution(scores, len(points), float(np.abs(gap).sum()), ends)
            room = min(most - len(points), max(MORE_POINTS, len(points) // 4))
            middles = quadrature.halved(points, gap, room, float(np.abs(gap).mean()) / 4)
            if room < 1 or not len(middles):
                return
            points = np.sort(np.concatenate((points, middles)))


class _Path:
    """Gradients and values of the function at the points of the path, each computed once.

    The path is walked in one coordinate for each token, from 0 (its baseline) to 1 (itself): by the chain rule the
    gradient there is the token's share of the slope, the sum over its components; captum integrates n numbers a point.
    points: sorted; values, slopes: (points,), F and the slope of all tokens together.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._step = problem.inputs - problem.baseline
        self._known: dict[float, tuple[torch.Tensor, float]] = {}
        self.values = np.empty(0)
        self.slopes = np.empty(0)

    def at(self, places: torch.Tensor) -> torch.Tensor:
        """The function where the tokens are at `places` (batch, n) of their paths."""
        return self._problem.function(self._problem.baseline + places.unsqueeze(-1) * self._step)

    def integrate(self, points: np.ndarray) -> torch.Tensor:
        """Scores (n,), by captum on the weighted points."""
        whole = torch.ones(1, self._step.shape[1])

        def gradients(inputs: Any, **_: Any) -> tuple[torch.Tensor]:
            self._learn(points, inputs[0])
            return (torch.stack([self._known[point][0] for point in points.tolist()]),)

        explainer = CaptumIntegratedGradients(self.at, multiply_by_inputs=True)
        explainer.gradient_func = gradients
        weights = quadrature.panel_weights(points).sum(0)
        (explained,) = explainer._attribute(
            (whole,),
            (torch.zeros_like(whole),),
            n_steps=len(points),
            step_sizes_and_alphas=(weights.tolist(), points.tolist()),
        )
        found = [self._known[point] for point in points.tolist()]
        self.values = np.asarray([value for _, value in found])
        self.slopes = np.asarray([float(gradient.sum(dtype=torch.float64)) for gradient, _ in found])
        scores: torch.Tensor = explained[0].detach()
        return scores

    def _learn(self, points: np.ndarray, places: torch.Tensor) -> None:
        """Compute what is not known yet, in batches that fit the cache. places: (points, n)."""
        new = [place for place, point in enumerate(points.tolist()) if point not in self._known]
        size = max(1, TOKENS_AT_ONCE // places.shape[1])
        for start in range(0, len(new), size):
            chosen = new[start : start + size]
            rows = places[chosen].detach().requires_grad_()
            values = self.at(rows)
            (gradient,) = torch.autograd.grad(values.sum(), rows)
            for place, value, row in zip(chosen, values.tolist(), gradient, strict=True):
                self._known[float(points[place])] = (row, value)
