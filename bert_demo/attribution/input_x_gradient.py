"""Input times gradient (Shrikumar et al. 2016) by captum: one gradient where a path would take many."""

from __future__ import annotations

from captum.attr import InputXGradient as CaptumInputXGradient

from bert_demo.attribution.base import Problem, Solution


class InputXGradient:
    """x_i dF/dx_i at the input, summed over the components of each token's embedding; it knows no baseline."""

    name = "input_x_gradient"

    def attribute(self, problem: Problem, steps: int | None) -> Solution:
        """One forward and backward pass; `steps` has no meaning."""
        explained = CaptumInputXGradient(problem.function).attribute(problem.inputs.clone().requires_grad_())
        return Solution(explained[0].detach().sum(-1), 1)
