"""What an attribution method is given and what it must give back.

A method sees functions and tensors, never a model, so that it can be tested on a polynomial whose integral is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch

Function = Callable[[torch.Tensor], torch.Tensor]
"""(batch, n, d) -> (batch,): the score to explain."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Explain function(inputs) - function(baseline). inputs, baseline: (1, n, d).

    words: the positions of each word, for methods that switch whole words; a position in none is never switched;
    masked: (1, n, d), the input with a mask in place of every word (the baseline where a model has none);
    attentions: gives (layers, heads, n, n) attention weights of the input; reads: the position whose last state the
    function reads; seed: for methods that draw.
    """

    function: Function
    inputs: torch.Tensor
    baseline: torch.Tensor
    words: tuple[tuple[int, ...], ...] = ()
    masked: torch.Tensor | None = None
    attentions: Callable[[], np.ndarray] | None = None
    reads: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Solution:
    """scores: (n,), summed over the d components of each token; points: integration points or samples used.

    unsettled: for a method that integrates, the sum over its panels of |what it found - what the function rose by|:
    an error that cancels between panels still shows in it; None where it is not known.
    ends: the function of the input and of the baseline, where the method came by both.
    """

    scores: torch.Tensor
    points: int
    unsettled: float | None = None
    ends: tuple[float, float] | None = None


class Method(Protocol):
    """A row of METHODS. What it is stands in `bert_demo.registry.attribution_methods` under the same name."""

    name: str

    def attribute(self, problem: Problem, steps: int | None) -> Solution:
        """Scores of one problem at a fixed number of steps (or samples), by default the method's own."""
        ...


@runtime_checkable
class Refining(Protocol):
    """A method that can go on from what it has to a better estimate."""

    def refine(self, problem: Problem, most: int) -> Iterator[Solution]:
        """Ever better estimates, of at most `most` points."""
        ...
