"""LIME (Ribeiro, Singh and Guestrin 2016) by captum: a linear model of what switching words off does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from captum._utils.models.linear_model import SkLearnRidge
from captum.attr import Lime as CaptumLime

from bert_demo.attribution.base import Problem, Solution
from bert_demo.attribution.switching import by_token, feature_mask, rows_at_once

SAMPLES = 200
WIDTH = 0.25
"""Width of the kernel over the cosine distance of the switches, as in the authors' text explainer (25 of 100)."""


class Lime:
    """The weights of a ridge regression (alpha 1, the authors' own) of the score on which words are there."""

    name = "lime"

    def attribute(self, problem: Problem, steps: int | None) -> Solution:
        """`steps` samples, 200 by default; the first is the text as it is."""
        samples = steps or SAMPLES
        explainer = CaptumLime(
            problem.function,
            interpretable_model=SkLearnRidge(alpha=1.0),
            similarity_func=_nearness,
            perturb_func=_Switches(problem.seed, len(problem.words)),
        )
        with torch.no_grad():
            explained = explainer.attribute(
                problem.inputs,
                baselines=problem.baseline,
                feature_mask=feature_mask(problem),
                n_samples=samples,
                perturbations_per_eval=rows_at_once(problem),
            )
        return Solution(by_token(problem, explained), samples)


class _Switches:
    """Which words are there, sample by sample; the last feature (no word) always is."""

    def __init__(self, seed: int, words: int) -> None:
        self._draws = self._endless(torch.Generator().manual_seed(seed), words)

    def __call__(self, _: Any, **__: Any) -> torch.Tensor:
        return next(self._draws)

    @staticmethod
    def _endless(generator: torch.Generator, words: int) -> Iterator[torch.Tensor]:
        yield torch.ones(1, words + 1, dtype=torch.long)
        while True:
            off = int(torch.randint(1, words + 1, (1,), generator=generator))
            switches = torch.ones(1, words + 1, dtype=torch.long)
            switches[0, torch.randperm(words, generator=generator)[:off]] = 0
            yield switches


def _nearness(_: Any, __: Any, switches: torch.Tensor, **___: Any) -> torch.Tensor:
    """exp(-d^2 / WIDTH^2) of the cosine distance to the whole text, square-rooted as in the authors' code."""
    present = switches[0, :-1].double()
    distance = 1 - (present.sum() / len(present)).sqrt()
    return (-(distance**2) / WIDTH**2).exp().sqrt()
