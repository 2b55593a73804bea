"""What the lenses that predict or look answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from bert_demo.results.base import Result, Wire, check, frozen, wire
from bert_demo.results.tokens import Token


@dataclass(frozen=True, slots=True)
class LabelScore:
    """A label and its probability."""

    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Window(Wire):
    """One reading of a long text: the positions in `tokens` that were read, and what the model said of them alone.

    span: first and last position of the stretch that is this window's own; of a pair, the shorter text and the special
    tokens stand in every window.
    """

    WIRE: ClassVar = ("first_token=first", "last_token=last", "labels")

    positions: tuple[int, ...]
    span: tuple[int, int]
    labels: tuple[LabelScore, ...]

    @property
    def first(self) -> int:
        """Position of the first token of its own."""
        return self.span[0]

    @property
    def last(self) -> int:
        """Position of the last token of its own."""
        return self.span[1]


@dataclass(frozen=True, slots=True)
class Classification(Result):
    """Labels in descending order of probability; with several windows, the mean of the windows' probabilities.

    activation: "softmax" (probabilities sum to 1), "sigmoid" (each label by itself) or "none" (raw numbers), as the
    model's author set it or the visitor chose.
    """

    model: str
    revision: str
    labels: tuple[LabelScore, ...]
    tokens: tuple[Token, ...]
    windows: tuple[Window, ...]
    activation: str = field(metadata=wire(None))

    def __post_init__(self) -> None:
        check(len(self.labels) > 0, "a classification has at least one label")
        check(len(self.windows) > 0, "a classification has at least one window")
        scores = [label.score for label in self.labels]
        check(scores == sorted(scores, reverse=True), "labels are in descending order")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A filling: the token as the pipeline writes it, its probability, and the text with this mask filled."""

    token_str: str
    token: int
    score: float
    sequence: str


@dataclass(frozen=True, slots=True)
class MaskSlot(Wire):
    """One mask: its position among `FillMask.tokens`, where it stands in the text, its candidates, best first.

    original: the word that the mask hides, when the caller hid one, with its own probability and rank (from 1).
    """

    WIRE: ClassVar = "candidates"

    position: int
    start: int
    end: int
    candidates: tuple[Candidate, ...]
    original: Original | None = None


@dataclass(frozen=True, slots=True)
class Original:
    """The hidden word: probability and rank of its token; None when it is not one token of the vocabulary."""

    word: str
    score: float | None
    rank: int | None


@dataclass(frozen=True, slots=True)
class FillMask(Result):
    """One slot for each mask, in the order of the text; each mask is predicted with the others still masked."""

    WIRE: ClassVar = "slots"

    model: str
    revision: str
    text: str
    slots: tuple[MaskSlot, ...]
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Attention(Result):
    """softmax(q k^T / sqrt(d)) of some heads.

    weights: (layers, heads, n, n) float32 for the n tokens of one window, query rows, key columns; rows sum to 1.
    windows: how many windows the text was read in; window: which of them this is (from 0).
    reach: of each layer, how many tokens on either side it attends to, None for all; empty where all attend to all.
    """

    model: str
    revision: str
    tokens: tuple[Token, ...]
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    weights: np.ndarray
    window: int = field(default=0, metadata=wire(None))
    windows: int = field(default=1, metadata=wire(None))
    reach: tuple[int | None, ...] = field(default=(), metadata=wire(None))

    def __post_init__(self) -> None:
        count = len(self.tokens)
        expected = (len(self.layers), len(self.heads), count, count)
        check(self.weights.shape == expected, f"weights are {self.weights.shape}, expected {expected}")
        check(len(self.reach) in (0, len(self.layers)), "reach has a number for each layer, or none")
        object.__setattr__(self, "weights", frozen(self.weights))

    def head(self, layer: int, head: int) -> np.ndarray:
        """The (n, n) weights of one head, counted from 0 in the model."""
        weights: np.ndarray = self.weights[self.layers.index(layer), self.heads.index(head)]
        return weights

    @property
    def largest_row_error(self) -> float:
        """The check of the picture: how far any row is from summing to 1."""
        return float(np.abs(self.weights.sum(-1, dtype=np.float64) - 1).max())


@dataclass(frozen=True, slots=True)
class NextSentence(Result):
    """Probability that the second text follows the first, and that it does not."""

    model: str
    revision: str
    is_next: float
    not_next: float


@dataclass(frozen=True, slots=True)
class ModelInfo(Result):
    """A row of the catalogue as a visitor sees it, and, once the model is loaded, what it is made of.

    layers, heads: how many, heads in each layer; limit: the longest text in tokens; 0 for a model that is not loaded.
    """

    name: str
    source: str
    revision: str
    tasks: tuple[str, ...]
    labels: tuple[str, ...]
    language: str
    licence: str
    description: str
    layers: int = field(default=0, metadata=wire(None))
    heads: int = field(default=0, metadata=wire(None))
    limit: int = field(default=0, metadata=wire(None))
