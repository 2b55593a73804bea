"""A look inside: how words become pieces, what the first layer is given, what a word's vectors are in its context."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bert_demo.backends.base import Backend, Encoding
from bert_demo.errors import ChoiceError, TextError
from bert_demo.lenses.joint import Watch, one_window
from bert_demo.line import go_on
from bert_demo.results.insides import (
    POOLINGS,
    Features,
    FirstStates,
    Pieces,
    PieceStep,
    Positions,
    SentenceSimilarity,
    WordPieces,
    cosines,
)

Keep = Callable[[int, np.ndarray], np.ndarray]
"""(place of a text, its states (layers + 1, n, d)) -> what is kept of them."""
MOST_TEXTS = 20
MOST_TRIES = 50_000
"""Beginnings of words that are looked up for one text; ordinary texts take a tenth of that."""


def pieces(backend: Backend, text: str) -> Pieces:
    """Each word cut by greedy longest match: the longest beginning in the vocabulary, then the same with the rest.

    Raises TextError where that takes more than MOST_TRIES.
    """
    algorithm, mark, longest = backend.piece_rule()
    vocabulary = backend.vocabulary()
    words = []
    tries = 0
    for word, (start, end) in backend.normalised(text):
        found, failed = cut(word, vocabulary, mark, longest) if algorithm == "WordPiece" else ((), ())
        known = (found, (), ()) if failed is None else ((), found, failed)
        words.append(WordPieces(word, start, end, *known))
        tries += sum(len(step.tried) for step in found) + len(failed or ())
        if tries > MOST_TRIES:
            raise TextError(
                f"The words of this text take more than {MOST_TRIES:,} tries to cut. Shorten it, or its longest words."
            )
    info = backend.info
    encoding = backend.encode(text)
    return Pieces(info.name, info.revision, text, algorithm, mark, len(vocabulary), tuple(words), encoding.tokens)


def match(word: str, vocabulary: Mapping[str, int], mark: str, longest: int) -> tuple[PieceStep, ...]:
    """WordPiece (Wu et al. 2016, as BERT uses it). Nothing where some rest matches nothing, or the word is too long."""
    found, failed = cut(word, vocabulary, mark, longest)
    return found if failed is None else ()


def cut(
    word: str, vocabulary: Mapping[str, int], mark: str, longest: int
) -> tuple[tuple[PieceStep, ...], tuple[str, ...] | None]:
    """The pieces that were found, and what was tried in vain with the rest: None where the word was cut to its end."""
    if longest and len(word) > longest:
        return (), ()
    steps: list[PieceStep] = []
    start = 0
    while start < len(word):
        tried: list[str] = []
        for end in range(len(word), start, -1):
            piece = (mark if start else "") + word[start:end]
            if piece in vocabulary:
                steps.append(PieceStep(piece, vocabulary[piece], tuple(tried)))
                start = end
                break
            tried.append(piece)
        else:
            return tuple(steps), tuple(tried)
    return tuple(steps), None


def refuse_more(count: int, most: int | None, advice: str) -> None:
    """Raises ChoiceError for an answer of more than `most` numbers."""
    if most is not None and count > most:
        raise ChoiceError(f"What was asked for are {count:,} numbers; one answer holds {most:,}. {advice}")


def read_each(backend: Backend, encodings: Sequence[Encoding], keep: Keep, watch: Watch) -> list[np.ndarray]:
    """What `keep` takes of the states of each text, read one by one; the first half of what `watch` is told."""
    found = []
    for place, encoding in enumerate(encodings):
        found.append(keep(place, backend.hidden_states(encoding, 0)))
        watch(place + 1, 2 * len(encodings))
    return found


def read_together(backend: Backend, encodings: Sequence[Encoding], keep: Keep, watch: Watch) -> list[np.ndarray]:
    """The same by the other way of `Backend.many_states`, without the padding; the second half."""
    found: dict[int, np.ndarray] = {}
    for places, batch in backend.many_states(encodings):
        for place, states in zip(places, batch, strict=True):
            found[place] = keep(place, states[:, : len(encodings[place].tokens)])
        watch(len(encodings) + len(found), 2 * len(encodings))
    return [found[place] for place in range(len(encodings))]


def windows_of(backend: Backend, texts: Sequence[str]) -> list[Encoding]:
    """The tokens of each text. Raises TextError, which says of which text."""
    found = []
    for number, text in enumerate(texts, start=1):
        try:
            found.append(one_window(backend, text))
        except TextError as error:
            raise TextError(f"Text {number}: {error}") from None
    return found


def positions(backend: Backend) -> Positions:
    """The learned vectors of the places in the input. Raises MissingHeadError."""
    return Positions(backend.info.name, backend.info.revision, backend.position_vectors())


def first_states(backend: Backend, text: str, pair: str | None) -> FirstStates:
    """What is added before layer 0 for each token. Raises TextError, MissingHeadError."""
    encoding = one_window(backend, text, pair)
    parts = dict(backend.embedding_parts(encoding, 0))
    output = parts.pop("output")
    error = float(np.abs(parts.pop("normalised") - output).max())
    info = backend.info
    return FirstStates(info.name, info.revision, encoding.tokens, tuple(parts), tuple(parts.values()), output, error)


def pooled(states: np.ndarray, pooling: str) -> np.ndarray:
    """(d,) one vector of (n, d)."""
    vector: np.ndarray = states.mean(0) if pooling == "mean" else states[0]
    return vector


def similarities(
    backend: Backend, texts: Sequence[str], layer: int | None, watch: Watch
) -> tuple[SentenceSimilarity, ...]:
    """Cosine between the vectors of several texts, by each of POOLINGS.

    layer: from 0 (before layer 0); the last when None. `watch` is called after each text, which is read twice.
    """
    encodings = windows_of(backend, texts)
    number = backend.layers if layer is None else layer

    def keep(_: int, states: np.ndarray) -> np.ndarray:
        return np.stack([pooled(states[number], pooling) for pooling in POOLINGS])

    read = (np.stack(read(backend, encodings, keep, watch), axis=1) for read in (read_each, read_together))
    info = backend.info
    found = []
    for pooling, *vectors in zip(POOLINGS, *read, strict=True):
        one, other = map(cosines, vectors)
        error = float(np.abs(one - other).max())
        found.append(SentenceSimilarity(info.name, info.revision, tuple(texts), pooling, number, one, error))
    return tuple(found)


def features(
    backend: Backend, text: str, pair: str | None, layer: int | None, pooling: str | None, most: int | None = None
) -> Features:
    """The states of one layer, as `output_hidden_states` gives them, or one vector of them.

    Raises TextError, and ChoiceError for more than `most` numbers.
    """
    encoding = one_window(backend, text, pair)
    number = backend.layers if layer is None else layer

    def keep(_: int, states: np.ndarray) -> np.ndarray:
        return states[number] if pooling is None else pooled(states[number], pooling)[None]

    (values,) = read_each(backend, [encoding], keep, go_on)
    refuse_more(
        values.size, most, "Pool them, shorten the text, or write a file: python -m bert_demo features --output"
    )
    (again,) = read_together(backend, [encoding], keep, go_on)
    info = backend.info
    error = float(np.abs(values - again).max())
    return Features(info.name, info.revision, encoding.tokens, number, backend.layers, pooling, values, error)
