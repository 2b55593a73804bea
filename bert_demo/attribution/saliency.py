"""Gradient norm (Simonyan, Vedaldi and Zisserman 2014) by captum: how strongly each token's embedding acts at all."""

from __future__ import annotations

from captum.attr import Saliency as CaptumSaliency

from bert_demo.attribution.base import Problem, Solution


class Saliency:
    """The Euclidean norm of dF/dx over the components of each token's embedding."""

    name = "saliency"

    def attribute(self, problem: Problem, steps: int | None) -> Solution:
        """One forward and backward pass; `steps` has no meaning."""
        explained = CaptumSaliency(problem.function).attribute(problem.inputs.clone().requires_grad_(), abs=False)
        return Solution(explained[0].norm(dim=-1).detach(), 1)
