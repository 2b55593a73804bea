"""Scores that know nothing: what every other method has to beat."""

from __future__ import annotations

import torch

from bert_demo.attribution.base import Problem, Solution


class RandomScores:
    """Independent normal draws, the same for the same text."""

    name = "random"

    def attribute(self, problem: Problem, steps: int | None) -> Solution:
        """No pass at all; `steps` has no meaning."""
        generator = torch.Generator().manual_seed(problem.seed)
        scores = torch.zeros(problem.inputs.shape[1], dtype=torch.float64)
        for word in problem.words:
            scores[list(word)] = float(torch.randn(1, generator=generator)) / len(word)
        return Solution(scores, 0)
