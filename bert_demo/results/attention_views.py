"""Attention as a person looks at it: one head or a summary, by tokens or words, with or without special tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bert_demo.results.base import check, frozen
from bert_demo.results.predictions import Attention
from bert_demo.results.tokens import Token

SUMMARIES = {
    "head": "A = softmax(q k\N{MODIFIER LETTER CAPITAL T} / \N{SQUARE ROOT}d)",
    "layer": "(1/H) \N{N-ARY SUMMATION} A(l, h) over the heads h of this layer",
    "across": "(1/L) \N{N-ARY SUMMATION} A(l, h) over the layers l, for this number h of the head",
    "all": "(1/LH) \N{N-ARY SUMMATION} A(l, h) over all layers l and heads h",
    "rollout": "rollout (Abnar and Zuidema 2020): R(l) = (\N{VULGAR FRACTION ONE HALF} mean of the heads of layer l + "
    "\N{VULGAR FRACTION ONE HALF} identity) R(l\N{MINUS SIGN}1), from the first layer to the last",
}
"""What can be shown, each with its formula."""

SPECIALS = ("keep", "leave out", "rescale")
LEVELS = ("tokens", "words")
_PARTS = re.compile(r"(.)[₁-₄]+(?:\1[₁-₄]+)+")
"""A character of which each piece has a part."""
QUADRANTS = {"all": None, "A to A": (0, 0), "A to B": (0, 1), "B to A": (1, 0), "B to B": (1, 1)}
"""Of a pair: the text that asks and the text that answers."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to look at. shown: of SUMMARIES; special: of SPECIALS; level: of LEVELS; quadrant: of QUADRANTS."""

    layer: int = 0
    head: int = 0
    shown: str = "head"
    special: str = "keep"
    level: str = "tokens"
    quadrant: str = "all"

    def __post_init__(self) -> None:
        check(self.shown in SUMMARIES and self.special in SPECIALS, "shown and special are of their lists")
        check(self.level in LEVELS and self.quadrant in QUADRANTS, "level and quadrant are of their lists")


@dataclass(frozen=True, slots=True)
class HeadView:
    """One matrix of attention.

    names: the tokens or words; rows, columns: positions in `names`; weights: (rows, columns), rows ask; complete:
    whether rows sum to 1 (nothing was left out, or they were rescaled); split: words of several pieces (0 for tokens);
    left_out: the names that were left out; kept: mean share of a row that went to what was not left out;
    shares: of all the attention of this view, before a quadrant was taken, that of A to A, A to B, B to A, B to B; they
    sum to 1; None for a single text; specials: the special tokens shown that count as A's, and as B's;
    outside: (rows, columns), whether the view cannot look there since it lies beyond the window of every layer in it;
    None where all can be looked at; reach: how many tokens on either side that window is.
    """

    names: tuple[str, ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    weights: np.ndarray
    complete: bool
    split: int
    left_out: tuple[str, ...]
    kept: float
    shares: tuple[float, ...] | None
    specials: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    outside: np.ndarray | None = None
    reach: int | None = None

    def __post_init__(self) -> None:
        check(self.weights.shape == (len(self.rows), len(self.columns)), "weights are (rows, columns)")
        if self.outside is not None:
            check(self.outside.shape == self.weights.shape, "outside is as the weights")
            object.__setattr__(self, "outside", frozen(self.outside))
        object.__setattr__(self, "weights", frozen(self.weights))

    @property
    def largest_row_error(self) -> float:
        """How far any row is from summing to 1."""
        return float(np.abs(self.weights.sum(-1, dtype=np.float64) - 1).max())


def look(result: Attention, choice: Choice) -> HeadView:
    """The chosen view of all heads of a window: words first, then special tokens, then the quadrant.

    Raises ValueError for a layer or head that `result` does not hold.
    """
    weights = summed(result, choice.shown, choice.layer, choice.head)
    reach = reach_of(result, choice)
    outside = beyond(weights, reach)
    groups = groups_of(result.tokens) if choice.level == "words" else [(place,) for place in range(len(weights))]
    if choice.level == "words":
        weights = by_words(weights.astype(np.float64), groups)
        outside = by_words(outside.astype(float), groups) > np.array([len(group) for group in groups]) - 1e-6
    first = [result.tokens[group[0]] for group in groups]
    names = tuple(_spelled([result.tokens[place].shown for place in group]) for group in groups)
    places = [place for place, token in enumerate(first) if choice.special == "keep" or not token.special]
    weights, outside = (each[np.ix_(places, places)] for each in (weights, outside))
    kept = float(weights.sum(-1, dtype=np.float64).mean())
    if choice.special == "rescale":
        weights = rescaled(weights)
    sides = np.array([first[place].segment for place in places])
    specials = [
        tuple(first[p].shown for p in places if first[p].special and first[p].segment == side) for side in (0, 1)
    ]
    shares = quadrant_shares(weights, sides)
    quadrant = QUADRANTS[choice.quadrant] if shares is not None else None
    asking = np.flatnonzero(sides == quadrant[0]) if quadrant else np.arange(len(places))
    answering = np.flatnonzero(sides == quadrant[1]) if quadrant else np.arange(len(places))
    return HeadView(
        names,
        tuple(places[place] for place in asking),
        tuple(places[place] for place in answering),
        weights[np.ix_(asking, answering)],
        choice.special != "leave out" and quadrant is None,
        sum(len(group) > 1 for group in groups),
        tuple(dict.fromkeys(token.shown for token in first if token.special)) if choice.special != "keep" else (),
        kept,
        shares,
        (specials[0], specials[1]),
        outside[np.ix_(asking, answering)] if reach is not None else None,
        reach,
    )


def reach_of(result: Attention, choice: Choice) -> int | None:
    """How many tokens on either side are looked at by all that a view sums up; None for all tokens, and for rollout,
    which follows attention from layer to layer."""
    if not result.reach or choice.shown == "rollout":
        return None
    if choice.shown in ("head", "layer"):
        return result.reach[result.layers.index(choice.layer)]
    far = [each for each in result.reach if each is not None]
    return max(far) if len(far) == len(result.reach) else None


def beyond(weights: np.ndarray, reach: int | None) -> np.ndarray:
    """(n, n): what lies farther away than `reach` and, as it must, has no weight at all."""
    place = np.arange(len(weights))
    far: np.ndarray = np.abs(place[:, None] - place) > (len(weights) if reach is None else reach)
    nothing: np.ndarray = far & (weights == 0)
    return nothing


def summed(result: Attention, shown: str, layer: int, head: int) -> np.ndarray:
    """(n, n): the head itself, or a summary of SUMMARIES in double precision."""
    if shown == "head":
        return result.head(layer, head)
    if shown == "rollout":
        return rollout(result.weights)
    weights = result.weights
    if shown == "layer":
        weights = weights[[result.layers.index(layer)]]
    elif shown == "across":
        weights = weights[:, [result.heads.index(head)]]
    mean: np.ndarray = weights.mean((0, 1), dtype=np.float64)
    return mean


def rollout(weights: np.ndarray) -> np.ndarray:
    """(layers, heads, n, n) -> (n, n): how much of each input reaches each output when attention is followed through
    all layers, half of each layer being the residual (Abnar and Zuidema 2020). Rows sum to 1."""
    flow = np.eye(weights.shape[-1])
    for layer in weights:
        flow = (0.5 * layer.mean(0, dtype=np.float64) + 0.5 * np.eye(len(flow))) @ flow
    return flow


def groups_of(tokens: Sequence[Token]) -> list[tuple[int, ...]]:
    """The positions of each word's pieces; a special token is a word of its own."""
    groups: list[list[int]] = []
    for place, token in enumerate(tokens):
        if place and token.word is not None and token.word == tokens[place - 1].word:
            groups[-1].append(place)
        else:
            groups.append([place])
    return [tuple(group) for group in groups]


def by_words(weights: np.ndarray, groups: Sequence[Sequence[int]]) -> np.ndarray:
    """(..., n, n) attention between tokens -> (..., w, w) between words, by the rule of Clark et al. 2019, section 4.1:
    to a word it is summed over the word's pieces, from it averaged.

    groups: the positions of each word's pieces, at least one. Where they are all positions, rows that sum to 1 still
    do; positions in no group are left out, and rows sum to less. The precision is that of `weights`.
    """
    member = np.zeros((len(groups), weights.shape[-1]), weights.dtype)
    for word, places in enumerate(groups):
        member[word, list(places)] = 1
    mean = member / member.sum(-1, keepdims=True)
    words: np.ndarray = mean @ weights @ member.T
    return words


def rescaled(weights: np.ndarray) -> np.ndarray:
    """Each row divided by its sum; a row of nothing stays nothing."""
    sums = weights.sum(-1, keepdims=True, dtype=np.float64)
    whole: np.ndarray = np.divide(weights, sums, out=np.zeros(weights.shape), where=sums > 0)
    return whole


def quadrant_shares(weights: np.ndarray, sides: np.ndarray) -> tuple[float, ...] | None:
    """The shares of A to A, A to B, B to A and B to B in all of `weights`; None when there is only one text.

    sides: (n,), 0 or 1; a special token belongs to the text before it, the first one to A.
    """
    if len(set(sides.tolist())) < 2:
        return None
    total = weights.sum(dtype=np.float64) or 1.0
    return tuple(
        float(weights[np.ix_(sides == asks, sides == answers)].sum(dtype=np.float64) / total)
        for asks in (0, 1)
        for answers in (0, 1)
    )


def difference(one: HeadView, other: HeadView) -> float | None:
    """Mean over the rows of half the summed |difference|: 0 for the same, 1 when no row shares anything.

    For rows that sum to 1 it is the total variation distance. None when the two are not about the same words.
    """
    ours, theirs = (
        ([view.names[place] for place in view.rows], [view.names[place] for place in view.columns])
        for view in (one, other)
    )
    if ours != theirs:
        return None
    gaps = np.abs(one.weights.astype(np.float64) - other.weights)
    return float(0.5 * gaps.sum(-1).mean())


def _spelled(pieces: Sequence[str]) -> str:
    """A word from its pieces, without the marks of a piece that goes on or holds a part of a character."""
    return _PARTS.sub(r"\1", pieces[0] + "".join(piece.removeprefix("##") for piece in pieces[1:]))
