"""What the lenses answer that look at single heads: steps, habits, worth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bert_demo.results.attributions import Attribution
from bert_demo.results.base import Result, check, frozen
from bert_demo.results.predictions import Classification, FillMask, LabelScore
from bert_demo.results.tokens import Token

Head = tuple[int, int]
"""(layer, head), both from 0."""


@dataclass(frozen=True, slots=True)
class HeadSteps(Result):
    """softmax(q k^T / sqrt(d)) v for one query of one head, every number of it.

    query: position of the query among `tokens`; q: (d,); keys, values: (n, d); products: (n,), q times each key;
    scaled: (n,), products over sqrt(d); weights: (n,), their softmax; output: (d,), the weighted sum of the values.
    All are worked out in double precision from the model's own q, keys and values; largest_error: the greatest
    distance of `weights` from those of the untouched model, and of `weights` and `output` from what went through the
    head when q, keys and values were taken.
    """

    model: str
    revision: str
    tokens: tuple[Token, ...]
    layer: int
    head: int
    query: int
    q: np.ndarray
    keys: np.ndarray
    values: np.ndarray
    products: np.ndarray
    scaled: np.ndarray
    weights: np.ndarray
    output: np.ndarray
    largest_error: float

    def __post_init__(self) -> None:
        count, size = len(self.tokens), len(self.q)
        check(self.keys.shape == (count, size) == self.values.shape, "a key and a value for each token")
        check(self.products.shape == self.scaled.shape == self.weights.shape == (count,), "a weight for each token")
        check(self.output.shape == (size,), "the output is as wide as the query")
        for name in ("q", "keys", "values", "products", "scaled", "weights", "output"):
            object.__setattr__(self, name, frozen(getattr(self, name)))


HABITS = ("self", "previous", "next", "[CLS]", "[SEP]", "punctuation", "same word")
"""Where a head's attention can go, as shares of it (they may overlap: [SEP] may be the next token). These are the names
for programs, alike for all models; people read HeadProfiles.names."""


@dataclass(frozen=True, slots=True)
class HeadProfiles(Result):
    """What each head does on one text, means over the queries.

    shares: (layers, heads, HABITS): the share of its attention that goes to the query itself, to the token before and
    behind it, to the first special token, to the other special tokens, to punctuation, and to other words that are
    spelt like the query's own; entropy: (layers, heads) in nats, from 0 (one key) to log(n) (all alike); distance:
    (layers, heads), mean |query - key| in tokens.
    """

    WIRE: ClassVar = ("model", "revision", "tokens", "heads")

    model: str
    revision: str
    tokens: tuple[Token, ...]
    shares: np.ndarray
    entropy: np.ndarray
    distance: np.ndarray

    def __post_init__(self) -> None:
        layers, heads = self.entropy.shape
        check(self.shares.shape == (layers, heads, len(HABITS)), "shares are (layers, heads, habits)")
        check(self.distance.shape == (layers, heads), "distances are (layers, heads)")
        for name in ("shares", "entropy", "distance"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def names(self) -> tuple[str, ...]:
        """HABITS with this model's own special tokens: the first of the text for [CLS], the others, such as </s>, for
        [SEP]."""
        special = [token.text for token in self.tokens[1:] if token.special]
        first = self.tokens[0].text if self.tokens[0].special else "[CLS]"
        other = ", ".join(dict.fromkeys(special)) or "[SEP]"
        own = {"[CLS]": f"first {first}" if first in special else first, "[SEP]": other}
        return tuple(own.get(name, name) for name in HABITS)

    @property
    def broad_from(self) -> float:
        """From this entropy on a head counts as broad: 0.8 of the largest possible one, log(n)."""
        return 0.8 * math.log(max(2, len(self.tokens)))

    def habit(self, layer: int, head: int) -> str:
        """The head's habit in words: the largest share when it is at least a half, else how broad it is."""
        shares = self.shares[layer, head]
        best = int(shares.argmax())
        if shares[best] >= 0.5:
            return f"{self.names[best]} {shares[best]:.0%}"
        return "broad" if self.entropy[layer, head] >= self.broad_from else "mixed"

    @property
    def heads(self) -> list[dict[str, Any]]:
        """One row for each head."""
        return [
            {
                "layer": layer,
                "head": head,
                "habit": self.habit(layer, head),
                "shares": dict(zip(HABITS, self.shares[layer, head].tolist(), strict=True)),
                "entropy": float(self.entropy[layer, head]),
                "distance": float(self.distance[layer, head]),
            }
            for layer, head in np.ndindex(*self.entropy.shape)
        ]


@dataclass(frozen=True, slots=True)
class Ablation(Result):
    """A model with heads switched off beside the untouched one; a part is None where the model lacks the head for it.

    heads: those switched off, in order.
    """

    WIRE: ClassVar = ("model", "revision", "heads", "labels=label_lists", "fillings=candidates", "attributions=ledgers")

    model: str
    revision: str
    heads: tuple[Head, ...]
    labels: tuple[Classification, Classification] | None
    fillings: tuple[FillMask, FillMask] | None
    attributions: tuple[Attribution, Attribution] | None

    @property
    def label_lists(self) -> dict[str, tuple[LabelScore, ...]] | None:
        """The labels before and after."""
        return self.labels and {"before": self.labels[0].labels, "after": self.labels[1].labels}

    @property
    def candidates(self) -> dict[str, FillMask] | None:
        """The fillings before and after."""
        return self.fillings and dict(zip(("before", "after"), self.fillings, strict=True))

    @property
    def ledgers(self) -> dict[str, Attribution] | None:
        """The attributions before and after."""
        return self.attributions and dict(zip(("before", "after"), self.attributions, strict=True))


@dataclass(frozen=True, slots=True)
class HeadEffects(Result):
    """What each head is worth to one answer: the score with the head switched off less the score of the whole model.

    target: the label, or the word behind the mask; output: "logit" or "probability"; score: of the whole model;
    changes: (layers, heads); again: the greatest of them computed anew, by full passes of the model without that head;
    layer_passes: passes through single layers that it took; full_passes: as many full passes
    through all layers would have been taken without sharing what lies below the changed layer.
    """

    model: str
    revision: str
    target: str
    output: str
    score: float
    changes: np.ndarray
    again: float
    layer_passes: int
    full_passes: int

    def __post_init__(self) -> None:
        check(self.changes.ndim == 2, "changes are (layers, heads)")
        object.__setattr__(self, "changes", frozen(self.changes))

    @property
    def greatest(self) -> Head:
        """The head whose absence changes the score most."""
        layer, head = np.unravel_index(int(np.abs(self.changes).argmax()), self.changes.shape)
        return int(layer), int(head)


@dataclass(frozen=True, slots=True)
class PruneCurve(Result):
    """Accuracy over labelled texts while heads are switched off, the least important first (Michel et al. 2019).

    order: all heads, least important first; importance: (layers, heads), the mean |gradient of the loss by the head's
    gate|, each layer scaled to length 1; counts: how many heads are off at each point, from 0 to
    all; accuracy: (points,);
    random: (points,), the accuracy when as many heads are off in a random order (mean of `orders` orders); rows: texts;
    measure: "accuracy", or "subset accuracy" where each label is judged by itself: the share of the texts with all
    labels right at 0.5.
    """

    WIRE: ClassVar = ("model", "revision", "rows", "measure", "orders", "points", "order", "importance")

    model: str
    revision: str
    order: tuple[Head, ...]
    importance: np.ndarray
    counts: tuple[int, ...]
    accuracy: np.ndarray
    random: np.ndarray
    orders: int
    rows: int
    measure: str = "accuracy"

    def __post_init__(self) -> None:
        check(len(self.order) == self.importance.size, "every head is in the order once")
        check(self.accuracy.shape == self.random.shape == (len(self.counts),), "an accuracy for each point")
        for name in ("importance", "accuracy", "random"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def points(self) -> list[dict[str, Any]]:
        """The curve, one row for each count of heads off."""
        rows = zip(self.counts, self.accuracy.tolist(), self.random.tolist(), strict=True)
        return [{"heads_off": count, "accuracy": own, "random": chance} for count, own, chance in rows]
