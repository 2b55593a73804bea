"""Labels of the visitor's own, by a model that was trained to tell what follows from a text."""

from __future__ import annotations

from dataclasses import dataclass

from bert_demo.results.base import Result


@dataclass(frozen=True, slots=True)
class ZeroShotLabel:
    """A label, its hypothesis, the raw number with which it follows from the text, and its probability."""

    label: str
    hypothesis: str
    number: float
    score: float


@dataclass(frozen=True, slots=True)
class ZeroShot(Result):
    """Labels, the likeliest first; their scores sum to 1, or with `several` each stands by itself.

    entailment: the model's label that says "it follows"; contradiction: the one that it is held against with `several`,
    "" otherwise; template: how a label becomes a hypothesis.
    """

    model: str
    revision: str
    labels: tuple[ZeroShotLabel, ...]
    entailment: str
    contradiction: str
    template: str
    several: bool
    windows: int
