"""Scores of tokens and words, and methods put to the test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from bert_demo.results.base import Result, Wire, check, frozen, wire
from bert_demo.results.tokens import Token


@dataclass(frozen=True, slots=True)
class WordScore:
    """A word as it stands in the text, the positions of its pieces, and the sum of their scores."""

    text: str = field(metadata=wire("word"))
    positions: tuple[int, ...] = field(metadata=wire("tokens"))
    score: float


@dataclass(frozen=True, slots=True)
class Attribution(Result):
    """Scores of the tokens; of an `additive` method they share out `input_output - baseline_output`, in its units.

    output: "logit", "probability", or "margin" (the target's logit less the greatest other); signed: whether a
    negative score speaks against the target; delta: sum of scores - (input_output - baseline_output), what is missing
    or too much; relative_delta: the same over |input_output - baseline_output|. converged: the ledger closed within
    `tolerance`, by `criterion`: "difference" (|delta| <= tolerance * |difference|), or "movement" (|delta| <=
    tolerance / 10 * sum of |scores|, for decisions whose difference is near zero), or "rounding" (|delta| below what
    single precision can tell); None, by "no claim", for a method
    whose scores need not add up. forward_passes counts every row sent through the model; steps is the largest number
    of integration points used for one window. mask: the position of the mask whose filling `target` is, if it is one.
    """

    WIRE: ClassVar = (
        "model",
        "revision",
        "method",
        "target",
        "baseline",
        "output",
        "tokens",
        "words",
        "scores",
        "input_output",
        "baseline_output",
        "delta",
        "relative_delta",
        "tolerance",
        "steps",
        "forward_passes",
        "windows",
        "signed",
        "additive",
        "converged",
        "criterion",
    )

    model: str
    revision: str
    method: str
    target: str
    baseline: str
    output: str
    tokens: tuple[Token, ...]
    words: tuple[WordScore, ...]
    scores: np.ndarray
    input_output: float
    baseline_output: float
    tolerance: float
    steps: int
    forward_passes: int
    windows: int
    criterion: str
    signed: bool = True
    additive: bool = True
    mask: int | None = None

    def __post_init__(self) -> None:
        check(self.scores.shape == (len(self.tokens),), "one score for each token")
        object.__setattr__(self, "scores", frozen(self.scores))

    @property
    def difference(self) -> float:
        """What is to be explained."""
        return self.input_output - self.baseline_output

    @property
    def total(self) -> float:
        """Sum of the scores."""
        return float(self.scores.sum(dtype=np.float64))

    @property
    def delta(self) -> float:
        """Sum of the scores less what is to be explained (captum's convergence delta)."""
        return self.total - self.difference

    @property
    def relative_delta(self) -> float:
        """|delta| / |difference|; infinite when there is no difference but a delta."""
        if self.difference == 0:
            return 0.0 if self.delta == 0 else float("inf")
        return abs(self.delta) / abs(self.difference)

    @property
    def converged(self) -> bool | None:
        """Whether the ledger closed; None where the method does not claim that it does."""
        return self.criterion != "none" if self.additive else None


@dataclass(frozen=True, slots=True)
class Trial(Wire):
    """One method put to the test on a text of w words.

    seconds: what its scores took; curve: (w + 1,) probability of the target after the words that it ranks highest were
    masked, none to all; area: mean of (random order - curve) over the steps between, above 0 when its order finds
    what matters sooner than chance; comprehensiveness, sufficiency: means over 10 % to 100 % of the tokens of what the
    probability loses without the tokens that speak most for the target, and with nothing but them (DeYoung et al.
    2020; thresholds and deletion as in ferret); None when no token has a positive score.
    """

    WIRE: ClassVar = (
        "method=attribution.method",
        "scores",
        "signed=attribution.signed",
        "additive=attribution.additive",
        "delta",
        "forward_passes=attribution.forward_passes",
        "seconds",
        "curve",
        "area",
        "comprehensiveness",
        "sufficiency",
    )

    attribution: Attribution
    seconds: float
    curve: np.ndarray
    area: float
    comprehensiveness: float | None
    sufficiency: float | None

    def __post_init__(self) -> None:
        check(self.curve.shape == (len(self.attribution.words) + 1,), "one step for each word, and the text as it is")
        object.__setattr__(self, "curve", frozen(self.curve))

    @property
    def scores(self) -> tuple[float, ...]:
        """Those of the words."""
        return tuple(word.score for word in self.attribution.words)

    @property
    def delta(self) -> float | None:
        """What the ledger lacks; None for a method whose scores need not add up."""
        return self.attribution.delta if self.attribution.additive else None


RANDOM_STEPS = 12
"""Steps at which random orders are read, besides that of the text as it is."""


@dataclass(frozen=True, slots=True)
class Comparison(Result):
    """All methods on one text and target.

    random_mean, random_low, random_high: (w + 1,) mean, 5th and 95th percentile of the probability when the words are
    masked in `orders` random orders; of more than 12 words read at 13 of the steps, on straight lines between them;
    agreement: (methods, methods) Kendall's tau between the sizes of the words' scores, NaN where one method's are all
    alike; forward_passes: those that methods and test ask for, of which each variant of the text is computed once.
    """

    WIRE: ClassVar = ("model", "revision", "target", "words", "methods=trials", "random", "agreement", "forward_passes")

    model: str
    revision: str
    target: str
    trials: tuple[Trial, ...]
    random_mean: np.ndarray
    random_low: np.ndarray
    random_high: np.ndarray
    orders: int
    agreement: np.ndarray
    forward_passes: int

    def __post_init__(self) -> None:
        for name in ("random_mean", "random_low", "random_high"):
            check(getattr(self, name).shape == self.trials[0].curve.shape, f"{name} has a value for each step")
        check(self.agreement.shape == (len(self.trials),) * 2, "agreement of each method with each")
        for name in ("random_mean", "random_low", "random_high", "agreement"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def words(self) -> tuple[str, ...]:
        """The words that were masked."""
        return tuple(word.text for word in self.trials[0].attribution.words)

    @property
    def random_read(self) -> int:
        """At how many of the w + 1 steps random orders were read."""
        return min(len(self.words), RANDOM_STEPS) + 1

    @property
    def random(self) -> dict[str, Any]:
        """The curve in random orders."""
        return {"orders": self.orders, "mean": self.random_mean, "low": self.random_low, "high": self.random_high}


@dataclass(frozen=True, slots=True)
class WhatIf(Result):
    """One word changed: what the model says then.

    word: as it stood; change: "mask", "delete" or "replace"; text: the changed text; before, after: the target's score
    in the units of `output`; before_label, after_label: what the model predicts.
    """

    model: str
    revision: str
    target: str
    output: str
    word: str
    change: str
    text: str
    before: float
    after: float
    before_label: str
    after_label: str


@dataclass(frozen=True, slots=True)
class LayerAttribution(Result):
    """Integrated Gradients at each layer: scores (layers + 1, n) of the states before each layer and behind the last.

    Every row has the same ledger to close: input_output - baseline_output. deltas, converged: (layers + 1,), as in
    `Attribution`, for each row.
    """

    method: ClassVar[str] = "integrated_gradients"
    WIRE: ClassVar = (
        "model",
        "revision",
        "method",
        "target",
        "baseline",
        "output",
        "tokens",
        "scores",
        "input_output",
        "baseline_output",
        "deltas",
        "tolerance",
        "forward_passes",
        "converged",
    )

    model: str
    revision: str
    target: str
    baseline: str
    output: str
    tokens: tuple[Token, ...]
    scores: np.ndarray
    input_output: float
    baseline_output: float
    tolerance: float
    converged: tuple[bool, ...]
    forward_passes: int

    def __post_init__(self) -> None:
        check(self.scores.shape == (len(self.converged), len(self.tokens)), "a row a layer, a column a token")
        object.__setattr__(self, "scores", frozen(self.scores))

    @property
    def deltas(self) -> np.ndarray:
        """Sum of each row less what is to be explained."""
        result: np.ndarray = self.scores.sum(-1) - (self.input_output - self.baseline_output)
        return result
