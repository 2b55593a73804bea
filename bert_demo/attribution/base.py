"""What an attribution method is given and what it must give back.

A method sees a function and tensors, never a model, so that it can be tested on a polynomial whose integral is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch

Function = Callable[[torch.Tensor], torch.Tensor]
"""(batch, n, d) -> (batch,): the score to explain."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Explain function(inputs) - function(baseline). inputs, baseline: (1, n, d)."""

    function: Function
    inputs: torch.Tensor
    baseline: torch.Tensor


@dataclass(frozen=True, slots=True)
class Solution:
    """scores: (n,), summed over the d components of each token; points: integration points used."""

    scores: torch.Tensor
    points: int


class Method(Protocol):
    """A row of METHODS.

    signed: whether scores say for or against; additive: whether they should sum to the difference;
    paper: where the method is defined.
    """

    name: str
    title: str
    signed: bool
    additive: bool
    paper: str

    def attribute(self, problem: Problem, steps: int) -> Solution:
        """Scores of one problem at a fixed number of steps."""
        ...
