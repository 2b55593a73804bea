"""Integrated Gradients (Sundararajan, Taly and Yan 2017) by captum.

score_i = (x_i - x'_i) * integral over a from 0 to 1 of dF/dx_i (x' + a (x - x')), by Gauss-Legendre quadrature, summed
over the components of each token's embedding. It does not choose the number of steps: the service does.
"""

from __future__ import annotations

from captum.attr import IntegratedGradients as CaptumIntegratedGradients

from bert_demo.attribution.base import Problem, Solution

TOKENS_AT_ONCE = 1024


class IntegratedGradients:
    """The method as a row of the table."""

    name = "integrated_gradients"
    title = "Integrated Gradients"
    signed = True
    additive = True
    paper = "Sundararajan, Taly and Yan 2017, https://arxiv.org/abs/1703.01365"

    def attribute(self, problem: Problem, steps: int) -> Solution:
        """Scores with `steps` Gauss-Legendre points, `TOKENS_AT_ONCE` tokens a batch."""
        length = problem.inputs.shape[1]
        explained = CaptumIntegratedGradients(problem.function, multiply_by_inputs=True).attribute(
            problem.inputs,
            baselines=problem.baseline,
            n_steps=steps,
            method="gausslegendre",
            internal_batch_size=max(1, TOKENS_AT_ONCE // length),
        )
        return Solution(explained[0].detach().sum(-1), steps)
