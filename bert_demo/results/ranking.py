"""Passages ranked for a query, and what lifted one above another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from bert_demo.results.attributions import Attribution
from bert_demo.results.base import Result, Wire, wire

PARTS = ("query", "first", "second")
"""The texts whose words lift one passage above another."""


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """place: in the request, from 0; number: the model's raw output; score: what its activation makes of it."""

    place: int
    text: str
    number: float
    score: float
    windows: int


@dataclass(frozen=True, slots=True)
class Ranking(Result):
    """Passages, the highest number first; equal ones in the order of the request.

    target: the label whose number ranks; activation: "none", "sigmoid" or "softmax", the model's own.
    """

    model: str
    revision: str
    target: str
    activation: str
    passages: tuple[RankedPassage, ...]


@dataclass(frozen=True, slots=True)
class SharedWord(Wire):
    """A word of one of the texts, and how much it lifts the first passage above the second. part: of PARTS."""

    WIRE: ClassVar = ("word=text", "part", "score")

    text: str
    part: str
    score: float


@dataclass(frozen=True, slots=True)
class RankingAttribution(Result):
    """The difference of two passages' numbers, shared out.

    The query's words have what they do beside the first passage less what they do beside the second, the first
    passage's words their own scores, the second's theirs with the sign turned, rest: special tokens. words and rest sum
    to (F(first) - F(second)) less the same of the baselines: total - change is delta. first, second: the two
    attributions that this is the difference of; criterion, tolerance: as in `Attribution`.
    """

    WIRE: ClassVar = (
        "model", "revision", "target", "method", "baseline", "first_output=first.input_output",
        "second_output=second.input_output", "difference", "baseline_difference", "words", "rest", "total", "delta",
        "tolerance", "criterion", "converged", "forward_passes", "parts",
    )  # fmt: skip

    model: str
    revision: str
    target: str
    method: str
    baseline: str
    words: tuple[SharedWord, ...]
    rest: float
    tolerance: float
    criterion: str
    forward_passes: int
    first: Attribution = field(metadata=wire(None))
    second: Attribution = field(metadata=wire(None))

    @property
    def difference(self) -> float:
        """F(first) - F(second)."""
        return self.first.input_output - self.second.input_output

    @property
    def baseline_difference(self) -> float:
        """The same of the baselines, which differ in length."""
        return self.first.baseline_output - self.second.baseline_output

    @property
    def change(self) -> float:
        """What is to be explained."""
        return self.difference - self.baseline_difference

    @property
    def total(self) -> float:
        """Sum of the words' scores and the rest."""
        return sum(each.score for each in self.words) + self.rest

    @property
    def delta(self) -> float:
        """What is missing or too much."""
        return self.total - self.change

    @property
    def parts(self) -> dict[str, float]:
        """What the words of each text lift together, and `rest`; they sum to `total`."""
        sums = {part: sum(each.score for each in self.words if each.part == part) for part in PARTS}
        return {**sums, "rest": self.rest}

    @property
    def converged(self) -> bool:
        """Whether the ledger closed."""
        return self.criterion != "none"
