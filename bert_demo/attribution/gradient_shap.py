"""GradientSHAP (Lundberg and Lee 2017) by captum: gradients at random points of the path; no noise is added."""

from __future__ import annotations

import threading

import numpy as np
import torch
from captum.attr import GradientShap as CaptumGradientShap

from bert_demo.attribution.base import Problem, Solution
from bert_demo.attribution.switching import rows_at_once

SAMPLES = 50
_drawing = threading.Lock()


class GradientShap:
    """The mean of (x - x') dF/dx at random points between the baseline and the input (captum's stdevs of 0)."""

    name = "gradient_shap"

    def attribute(self, problem: Problem, steps: int | None) -> Solution:
        """`steps` samples, 50 by default. The sum is that of the ledger only on the average over many draws."""
        samples = steps or SAMPLES
        size = min(samples, rows_at_once(problem))
        scores = torch.zeros(problem.inputs.shape[1], dtype=torch.float64)
        with _drawing, torch.random.fork_rng(devices=[]):  # captum draws from the program's own generators
            state = np.random.get_state()
            np.random.seed(problem.seed)
            torch.manual_seed(problem.seed)
            try:
                for first in range(0, samples, size):
                    count = min(size, samples - first)
                    explained = CaptumGradientShap(problem.function, multiply_by_inputs=True).attribute(
                        problem.inputs, baselines=problem.baseline, n_samples=count, stdevs=0.0
                    )
                    scores += explained[0].detach().double().sum(-1) * count / samples
            finally:
                np.random.set_state(state)
        return Solution(scores, samples)
