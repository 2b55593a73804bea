"""Shapley values by sampling orders (Castro, Gomez and Tejada 2009; Strumbelj and Kononenko 2010) by captum."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from captum.attr import ShapleyValueSampling as CaptumShapleyValueSampling

from bert_demo.attribution.base import Problem, Solution
from bert_demo.attribution.switching import by_token, feature_mask, rows_at_once

ORDERS = 25


class ShapleyValueSampling:
    """What a word adds when words are put back one by one, averaged over random orders: the ledger closes exactly."""

    name = "shapley_value_sampling"

    def attribute(self, problem: Problem, steps: int | None) -> Solution:
        """`steps` orders, 25 by default."""
        orders = steps or ORDERS
        explainer = CaptumShapleyValueSampling(problem.function)
        generator = torch.Generator().manual_seed(problem.seed)

        def permutations(features: int, samples: int) -> Iterator[list[int]]:
            for _ in range(samples):
                yield torch.randperm(features, generator=generator).tolist()

        explainer.permutation_generator = permutations
        with torch.no_grad():
            explained = explainer.attribute(
                problem.inputs,
                baselines=problem.baseline,
                feature_mask=feature_mask(problem),
                n_samples=orders,
                perturbations_per_eval=rows_at_once(problem),
            )
        return Solution(by_token(problem, explained), orders)
