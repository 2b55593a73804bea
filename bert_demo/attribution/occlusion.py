"""Occlusion (Zeiler and Fergus 2014; for text Li, Monroe and Jurafsky 2016) by captum's FeatureAblation."""

from __future__ import annotations

import torch
from captum.attr import FeatureAblation

from bert_demo.attribution.base import Problem, Solution
from bert_demo.attribution.switching import by_token, feature_mask, rows_at_once


class Occlusion:
    """What the score loses when a mask stands in the place of one word."""

    name = "occlusion"

    def attribute(self, problem: Problem, steps: int | None) -> Solution:
        """A forward pass for each word; `steps` has no meaning."""
        masked = problem.baseline if problem.masked is None else problem.masked
        with torch.no_grad():
            explained = FeatureAblation(problem.function).attribute(
                problem.inputs,
                baselines=masked,
                feature_mask=feature_mask(problem),
                perturbations_per_eval=rows_at_once(problem),
            )
        return Solution(by_token(problem, explained), len(problem.words))
