"""What the looks inside a model answer: pieces of words, vectors in their layers, what the first layer is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from bert_demo.results.base import Result, check, frozen, wire
from bert_demo.results.tokens import Token

POOLINGS = ("mean", "cls")
"""How one vector is made of a text: the mean over all its tokens, special tokens counted (as sentence-transformers
does), or that of the first token alone."""
MOST_POSITIONS = 64
"""Positions between which a similarity leaves as JSON."""


@dataclass(frozen=True, slots=True)
class PieceStep:
    """A piece that was found, and the longer beginnings that were tried before it and are not in the vocabulary."""

    piece: str
    token: int = field(metadata=wire("id"))
    tried: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WordPieces:
    """A word as the tokenizer changed it (lower case, accents), where it stands in the text, and its pieces.

    steps: empty where nothing matched, so that the whole word is unknown; then found: the pieces before that, and
    failed: all that was tried in vain there (empty for a word too long to be tried).
    """

    word: str
    start: int
    end: int
    steps: tuple[PieceStep, ...] = field(metadata=wire("pieces"))
    found: tuple[PieceStep, ...] = field(default=(), metadata=wire(None))
    failed: tuple[str, ...] = field(default=(), metadata=wire(None))


@dataclass(frozen=True, slots=True)
class Pieces(Result):
    """A text cut into pieces.

    algorithm: "WordPiece", "BPE" or "Unigram"; the steps of the words are those of WordPiece, and empty for the others.
    tokens: what the tokenizer itself made, the oracle of the steps; size: entries of the vocabulary.
    """

    WIRE: ClassVar = ("model", "revision", "algorithm", "mark", "size", "agrees", "words", "tokens")

    model: str
    revision: str
    text: str
    algorithm: str
    mark: str
    size: int
    words: tuple[WordPieces, ...]
    tokens: tuple[Token, ...]

    @property
    def agrees(self) -> bool | None:
        """Whether the steps gave the tokenizer's own tokens; None for another algorithm than WordPiece."""
        if self.algorithm != "WordPiece":
            return None
        mine: list[int | None] = []
        for word in self.words:
            mine += [step.token for step in word.steps] or [None]
        return mine == [None if token.unknown else token.id for token in self.tokens if not token.special]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A word in one of the texts: which text, its characters there, and its positions among that text's tokens."""

    text: int
    start: int
    end: int
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Contexts(Result):
    """One word in several texts.

    similarity: (layers + 1, m, m) cosine between the vectors of its m occurrences before layer 0 and behind each layer
    (a word of several pieces is the mean of their vectors); others: (layers + 1,) mean cosine between different words
    of the texts, what the figures are to be held against (Ethayarajh 2019); plane: (layers + 1, n, 2) all n ordinary
    tokens of the texts on the two directions along which they vary most; variance: (layers + 1, 2) share of it on each;
    tokens: (text, position) of those n. largest_error: the greatest difference in `similarity` from what the texts give
    when several are read at once (padded), by attention in one fused step; shown: the tokens as they can be read.
    """

    WIRE: ClassVar = (
        "model",
        "revision",
        "word",
        "occurrences",
        "similarity",
        "others",
        "tokens=points",
        "plane",
        "variance",
        "largest_error",
    )

    model: str
    revision: str
    word: str
    texts: tuple[str, ...]
    occurrences: tuple[Occurrence, ...]
    similarity: np.ndarray
    others: np.ndarray
    tokens: tuple[tuple[int, int], ...]
    names: tuple[str, ...]
    plane: np.ndarray
    variance: np.ndarray
    largest_error: float
    shown: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("similarity", "others", "plane", "variance"):
            object.__setattr__(self, name, frozen(getattr(self, name)))
        check(self.similarity.shape[1] == len(self.occurrences), "one row for each occurrence")
        check(self.plane.shape[1] == len(self.tokens) == len(self.names), "one point for each token")

    @property
    def points(self) -> list[dict[str, int | str]]:
        """The tokens on the plane."""
        named = zip(self.names, self.tokens, strict=True)
        return [{"token": name, "text": text, "position": position} for name, (text, position) in named]


@dataclass(frozen=True, slots=True)
class Positions(Result):
    """The learned vectors of the places in the input: vectors (positions, d)."""

    WIRE: ClassVar = ("model", "revision", "positions=count", "norms", "every", "similarity=cosines")

    model: str
    revision: str
    vectors: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "vectors", frozen(self.vectors))

    def similarity(self, every: int = 1) -> np.ndarray:
        """(m, m) cosine between every so many of them."""
        return cosines(self.vectors[::every])

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.vectors)

    @property
    def norms(self) -> np.ndarray:
        """(positions,) their lengths."""
        lengths: np.ndarray = np.linalg.norm(self.vectors, axis=-1)
        return lengths

    @property
    def every(self) -> int:
        """Between every so many of them cosines leave as JSON."""
        return -(-len(self.vectors) // MOST_POSITIONS)

    @property
    def cosines(self) -> np.ndarray:
        """Those cosines."""
        return self.similarity(self.every)


@dataclass(frozen=True, slots=True)
class FirstStates(Result):
    """What is added before layer 0: parts by name, each (n, d), and output (n, d), their sum after normalisation.

    largest_error: the greatest difference between the sum as the module's LayerNorm leaves it and the module's output.
    """

    WIRE: ClassVar = ("model", "revision", "tokens", "norms=lengths", "largest_error")

    model: str
    revision: str
    tokens: tuple[Token, ...]
    names: tuple[str, ...]
    parts: tuple[np.ndarray, ...]
    output: np.ndarray
    largest_error: float = float("nan")

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(frozen(part) for part in self.parts))
        object.__setattr__(self, "output", frozen(self.output))
        check(len(self.names) == len(self.parts), "one name for each part")
        check(all(len(part) == len(self.tokens) for part in self.parts), "one row for each token")

    def norms(self) -> np.ndarray:
        """(parts + 2, n) lengths of each part, of their sum, and of the output."""
        rows = [*self.parts, np.sum(self.parts, axis=0), self.output]
        return np.stack([np.linalg.norm(row, axis=-1) for row in rows])

    @property
    def lengths(self) -> dict[str, np.ndarray]:
        """The rows of `norms` by name."""
        return dict(zip((*self.names, "sum", "output"), self.norms(), strict=True))


@dataclass(frozen=True, slots=True)
class SentenceSimilarity(Result):
    """(m, m) cosine between the vectors of m texts, made by `pooling` (one of POOLINGS) of the states of `layer`.

    largest_error: the greatest difference in `matrix` from what the texts give when several are read at once (padded),
    by attention in one fused step.
    """

    model: str
    revision: str
    texts: tuple[str, ...] = field(metadata=wire(None))
    pooling: str
    layer: int
    matrix: np.ndarray
    largest_error: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "matrix", frozen(self.matrix))
        check(self.matrix.shape == (len(self.texts),) * 2, "one row for each text")


@dataclass(frozen=True, slots=True)
class Features(Result):
    """The states of one layer, (n, d), 0 before layer 0 and `layers` behind the last one, or (1, d) when pooled.

    largest_error: the greatest difference from what attention in one fused step gives; lines: Python that gives the
    same values.
    """

    model: str
    revision: str
    tokens: tuple[Token, ...]
    layer: int
    layers: int
    pooling: str | None
    values: np.ndarray
    largest_error: float
    lines: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values))
        check(len(self.values) == (1 if self.pooling else len(self.tokens)), "one row for each token, or one in all")


def units(vectors: np.ndarray) -> np.ndarray:
    """(m, d) vectors of length 1 in double precision; one of length 0 stays as it is."""
    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=-1, keepdims=True)
    unit: np.ndarray = np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths > 0)
    return unit


def cosines(vectors: np.ndarray) -> np.ndarray:
    """(m, m) cosine between m vectors (m, d); 0 for a vector of length 0."""
    unit = units(vectors)
    matrix: np.ndarray = unit @ unit.T
    return matrix
