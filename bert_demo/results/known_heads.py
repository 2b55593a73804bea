"""Which head finds which grammatical relation, and where a head looks between the words of a text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bert_demo.results.base import check, frozen

TO_HEAD, FROM_HEAD = "to head", "from head"
"""The two ways of reading an attention matrix: the word that the dependent looks at most, or the word that looks at the
dependent most, is taken for its syntactic head (Clark et al. 2019 read both)."""


@dataclass(frozen=True, slots=True)
class KnownHead:
    """The head of a model that finds one relation best, and how well.

    relation: its code, such as "det"; dependent, governor: what its two words are, such as "determiner" and "noun";
    layer, head: from 0; direction: TO_HEAD or FROM_HEAD; accuracy: share of the occurrences for which the most attended
    other word is the right one; low, high: its 95 % interval; offset: the best fixed distance in words (+1: the next
    word), baseline: its share; None where nobody published it; universal: the relation of Universal Dependencies that
    a published one is compared with, exchanged: whether the two words have changed places there.
    """

    relation: str
    dependent: str
    governor: str
    layer: int
    head: int
    direction: str
    accuracy: float
    low: float | None
    high: float | None
    offset: int | None
    baseline: float | None
    occurrences: int | None
    universal: str = ""
    exchanged: bool = False

    def __post_init__(self) -> None:
        check(self.direction in (TO_HEAD, FROM_HEAD), "a direction is one of two")
        check(0 <= self.accuracy <= 1, "an accuracy is a share")


@dataclass(frozen=True, slots=True)
class HeadTable:
    """The known heads of a model. published: taken from a paper, not measured here; source: on what they were found;
    beside: the published table of the same model, which stands beside the measured one.
    """

    model: str
    source: str
    published: bool
    rows: tuple[KnownHead, ...]
    beside: HeadTable | None = None

    def row(self, relation: str) -> KnownHead | None:
        """The head of that relation, or None."""
        return next((row for row in self.rows if row.relation == relation), None)

    def pairs(self) -> list[tuple[KnownHead, KnownHead | None]]:
        """Each published row beside this table, with the measured one of the same relation where there is one."""
        return [(row, self.row(row.universal)) for row in (self.beside.rows if self.beside else ())]

    def lone(self, relation: str) -> KnownHead | None:
        """The published row of that relation, if nothing was measured for it."""
        return next((row for row, mine in self.pairs() if mine is None and row.relation == relation), None)

    def published_for(self, relation: str) -> KnownHead | None:
        """The published row that a measured relation is compared with, or None."""
        return next((row for row, mine in self.pairs() if mine is not None and mine.relation == relation), None)


@dataclass(frozen=True, slots=True)
class HeadEvaluation:
    """Where one head looks between the words of a text.

    weights: (w, w), attention between words, rows ask: summed over the pieces of the word that is looked at, averaged
    over those of the word that looks; picks: (w,), for each word the other word that the head links it with, -1 where
    there is no other; outside: (w,), what each word gives to tokens of no word, such as [CLS]; arcs: (word that asks,
    right word), what is to be scored; offset: of the fixed-offset baseline; left_out: names of tokens of no word.
    """

    model: str
    revision: str
    layer: int
    head: int
    direction: str
    words: tuple[str, ...]
    weights: np.ndarray
    picks: np.ndarray
    outside: np.ndarray
    arcs: tuple[tuple[int, int], ...]
    offset: int | None
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.words)
        check(self.weights.shape == (count, count), "weights are (words, words)")
        check(self.picks.shape == self.outside.shape == (count,), "a pick and a rest for each word")
        for name in ("weights", "picks", "outside"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def strength(self, word: int) -> float:
        """The weight between a word and its pick, in the direction that is read; 0 where there is no pick."""
        other = int(self.picks[word])
        if other < 0:
            return 0.0
        return float(self.weights[word, other] if self.direction == TO_HEAD else self.weights[other, word])

    @property
    def largest_row_error(self) -> float:
        """How far what a word gives to words and to what is outside is from 1."""
        return float(np.abs(self.weights.sum(-1) + self.outside - 1).max(initial=0))

    @property
    def hits(self) -> tuple[bool, ...]:
        """For each arc whether the head finds it."""
        return tuple(int(self.picks[asks]) == right for asks, right in self.arcs)

    @property
    def offset_hits(self) -> int:
        """How many arcs the fixed offset finds."""
        return sum(asks + self.offset == right for asks, right in self.arcs) if self.offset is not None else 0
