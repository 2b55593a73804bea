"""Attention read as an explanation, which it was not made for (Jain and Wallace 2019, arXiv 1902.10186)."""

from __future__ import annotations

import numpy as np
import torch

from bert_demo.attribution.base import Problem, Solution


class AttentionRollout:
    """How much of the last state that is read comes from each token, if attention and residual count alike.

    The product over the layers of (A + I) / 2, A the mean over the heads; the row of the position that the head reads
    ([CLS], or the mask).
    """

    name = "attention_rollout"

    def attribute(self, problem: Problem, steps: int | None) -> Solution:
        """One forward pass; `steps` has no meaning."""
        weights = _weights(problem).mean(1)
        total = np.eye(weights.shape[-1])
        for layer in weights:
            total = (layer + np.eye(len(layer))) / 2 @ total
        return Solution(torch.from_numpy(total[problem.reads].copy()), 1)


class LastAttention:
    """The attention, in the last layer, of the position that the head reads ([CLS], or the mask); mean over heads."""

    name = "attention_last_layer"

    def attribute(self, problem: Problem, steps: int | None) -> Solution:
        """One forward pass; `steps` has no meaning."""
        return Solution(torch.from_numpy(_weights(problem)[-1].mean(0)[problem.reads].copy()), 1)


def _weights(problem: Problem) -> np.ndarray:
    if problem.attentions is None:
        raise ValueError("this problem comes without attention weights")
    return problem.attentions().astype(np.float64)
