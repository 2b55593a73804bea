"""What the laboratory of masked words answers. Scores are natural logarithms of probabilities unless said otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from bert_demo.results.base import Result, Wire, check, frozen, wire
from bert_demo.results.tokens import Token

PROBE_LIMITS = (
    "It does not measure harm: it shows which words stood together in the texts that this model was trained on, and "
    "another wording gives another result. Try several before you say anything."
)
"""What is to be said of one blank in two sentences."""
RULES = ("original", "within_word_l2r")
"""What stays visible while a token is scored: every other token of the text (Salazar et al. 2020), or all but the later
pieces of its own word, which would give it away (Kauf and Ivanova 2023)."""


@dataclass(frozen=True, slots=True)
class TokenGuess:
    """A vocabulary entry as the fill-mask pipeline writes it, its id, and its probability."""

    token_str: str
    token: int
    score: float


@dataclass(frozen=True, slots=True)
class JointFilling:
    """All masks filled.

    tokens: ids in the order of the text; scores: for each its log-probability with all other masks filled;
    score: their sum, the pseudo-log-likelihood of the fillings; independent: whether each is its mask's own best guess
    with the other masks still masked.
    """

    tokens: tuple[int, ...]
    token_strs: tuple[str, ...]
    scores: tuple[float, ...]
    score: float
    sequence: str
    independent: bool

    def __post_init__(self) -> None:
        check(len(self.tokens) == len(self.token_strs) == len(self.scores), "one score for each mask")


@dataclass(frozen=True, slots=True)
class JointFillings(Result):
    """The best joint fillings of all masks, by score, and among them or behind them the independent one.

    slots: for each mask its independent guesses; readings: variants of the text that the model read.
    """

    model: str
    revision: str
    text: str = field(metadata=wire(None))
    fillings: tuple[JointFilling, ...]
    independent: JointFilling
    slots: tuple[tuple[TokenGuess, ...], ...]
    readings: int


@dataclass(frozen=True, slots=True)
class ScoredCandidate:
    """A word or phrase in place of the mask or masks.

    pieces: its tokens; scores: for each its log-probability, the earlier pieces filled in and the later ones masked;
    total: their sum, the log-probability of the candidate given the number of its pieces; score: their mean, by which
    candidates of unlike lengths are ranked; sequence: the text with it.
    """

    candidate: str
    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    total: float
    score: float
    sequence: str


@dataclass(frozen=True, slots=True)
class ScoredCandidates(Result):
    """Candidates, best first, and for each asked pair (first, second) of them first minus second, by `score`."""

    WIRE: ClassVar = ("model", "revision", "candidates", "pairs=compared")

    model: str
    revision: str
    text: str
    candidates: tuple[ScoredCandidate, ...]
    pairs: tuple[tuple[str, str, float], ...]

    @property
    def compared(self) -> list[dict[str, str | float]]:
        """The asked pairs."""
        return [dict(zip(("first", "second", "difference"), pair, strict=True)) for pair in self.pairs]


@dataclass(frozen=True, slots=True)
class Moved(Wire):
    """A candidate and its probability behind the mask of the first and of the second text."""

    WIRE: ClassVar = ("token_str", "token", "first", "second", "log_ratio")

    token_str: str
    token: int
    first: float
    second: float

    @property
    def log_ratio(self) -> float:
        """ln(second / first)."""
        return float(np.log(self.second) - np.log(self.first))


@dataclass(frozen=True, slots=True)
class TwoBlanks(Result):
    """Two texts with one mask each.

    towards_first, towards_second: candidates whose probability is higher there, by how much it moves, or all of the
    asked ones split so; distance: total variation between the two distributions over the vocabulary, from 0 to 1.
    """

    model: str
    revision: str
    texts: tuple[str, str] = field(metadata=wire(None))
    towards_first: tuple[Moved, ...]
    towards_second: tuple[Moved, ...]
    distance: float


@dataclass(frozen=True, slots=True)
class WordSurprise(Wire):
    """A word of the text as the model sees it when it is hidden.

    start, end: characters; score: log-probability (natural) of its tokens; rank: of a word of one token, from 1;
    expected: what the model would have written in place of its first token.
    """

    WIRE: ClassVar = ("word", "start", "end", "tokens", "score", "bits", "rank", "expected")

    word: str
    start: int
    end: int
    tokens: tuple[int, ...]
    score: float
    rank: int | None
    expected: tuple[TokenGuess, ...]

    @property
    def bits(self) -> float:
        """Surprise: -log2 of the probability."""
        return -self.score / float(np.log(2))


@dataclass(frozen=True, slots=True)
class Surprises(Result):
    """Every word in turn.

    scores: log-probability of each ordinary token in order, by `rule` (one of RULES); score: their sum, the
    pseudo-log-likelihood; perplexity: exp of minus their mean. readings: variants of the text that the model read.
    """

    WIRE: ClassVar = ("model", "revision", "rule", "score", "perplexity", "words", "tokens", "scores", "readings")

    model: str
    revision: str
    text: str
    rule: str
    tokens: tuple[Token, ...]
    words: tuple[WordSurprise, ...]
    scores: np.ndarray
    readings: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", frozen(self.scores))
        check(len(self.scores) == sum(not token.special for token in self.tokens), "one score for each ordinary token")

    @property
    def score(self) -> float:
        """The pseudo-log-likelihood of the text."""
        return float(self.scores.sum())

    @property
    def perplexity(self) -> float:
        """The pseudo-perplexity of the text."""
        return float(np.exp(-self.scores.mean()))

    @property
    def summary(self) -> dict[str, Any]:
        """What is said of it beside another text."""
        return {"score": self.score, "perplexity": self.perplexity, "words": self.words}


@dataclass(frozen=True, slots=True)
class Preference(Result):
    """Which of two texts the model prefers: the one of the higher pseudo-log-likelihood.

    difference: score of the first minus that of the second; changed: words of each (numbers) that the other lacks.
    """

    WIRE: ClassVar = (
        "model=first.model",
        "revision=first.revision",
        "rule=first.rule",
        "difference",
        "first=first.summary",
        "second=second.summary",
        "changed=changed_words",
    )

    first: Surprises
    second: Surprises
    changed: tuple[tuple[int, ...], tuple[int, ...]]

    @property
    def difference(self) -> float:
        """Positive where the first is preferred."""
        return self.first.score - self.second.score

    @property
    def changed_words(self) -> dict[str, tuple[int, ...]]:
        """The words of each that the other lacks."""
        return {"first": self.changed[0], "second": self.changed[1]}


@dataclass(frozen=True, slots=True)
class LayerGuesses(Result):
    """The masked-language-model head read at every layer (logit lens).

    tokens: those of one window, n of them; targets: the id whose rank is followed at each position: the text's own
    token, at a mask the last layer's first guess; ids, probabilities: (layers + 1, n) the first guess of each layer;
    names: as written, the same shape; ranks: (layers + 1, n) of the target, from 1. Row 0 is before layer 0.
    """

    WIRE: ClassVar = (
        "model",
        "revision",
        "tokens",
        "targets=followed",
        "ids",
        "token_strs=names",
        "scores=probabilities",
        "ranks",
    )

    model: str
    revision: str
    tokens: tuple[Token, ...]
    targets: tuple[int, ...]
    target_names: tuple[str, ...]
    ids: np.ndarray
    names: tuple[tuple[str, ...], ...]
    probabilities: np.ndarray
    ranks: np.ndarray

    def __post_init__(self) -> None:
        for name in ("ids", "probabilities", "ranks"):
            object.__setattr__(self, name, frozen(getattr(self, name)))
        check(self.ids.shape == self.probabilities.shape == self.ranks.shape, "one guess for each layer and position")
        check(self.ids.shape[1] == len(self.tokens) == len(self.targets), "one column for each token")

    @property
    def followed(self) -> list[dict[str, int | str]]:
        """The token whose rank is followed at each position."""
        pairs = zip(self.targets, self.target_names, strict=True)
        return [{"token": token, "token_str": name} for token, name in pairs]
