"""A look inside: how words become pieces, what the first layer is given, what a word's vectors are in its context."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bert_demo.core.errors import ChoiceError, TextError
from bert_demo.core.scheduler import check_cancelled
from bert_demo.models.base import Encoding, Model
from bert_demo.results.representations import (
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
from bert_demo.tasks.joint_filling import JobProgress, one_window

Keep = Callable[[int, np.ndarray], np.ndarray]
"""(place of a text, its states (layers + 1, n, d)) -> what is kept of them."""
MOST_TEXTS = 20
MOST_TRIES = 50_000
"""Beginnings of words that are looked up for one text; ordinary texts take a tenth of that."""


def pieces(model: Model, text: str) -> Pieces:
    """Each word cut by greedy longest match: the longest beginning in the vocabulary, then the same with the rest.

    Raises TextError where that takes more than MOST_TRIES.
    """
    algorithm, mark, longest = model.tokenizer.piece_rule()
    vocabulary = model.tokenizer.vocabulary()
    words = []
    tries = 0
    for word, (start, end) in model.tokenizer.normalised(text):
        found, failed = cut(word, vocabulary, mark, longest) if algorithm == "WordPiece" else ((), ())
        known = (found, (), ()) if failed is None else ((), found, failed)
        words.append(WordPieces(word, start, end, *known))
        tries += sum(len(step.tried) for step in found) + len(failed or ())
        if tries > MOST_TRIES:
            raise TextError(
                f"The words of this text take more than {MOST_TRIES:,} tries to cut. Shorten it, or its longest words."
            )
    info = model.info
    encoding = model.encode(text)
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


def read_each(model: Model, encodings: Sequence[Encoding], keep: Keep, watch: JobProgress) -> list[np.ndarray]:
    """What `keep` takes of the states of each text, read one by one; the first half of what `watch` is told."""
    found = []
    for place, encoding in enumerate(encodings):
        found.append(keep(place, model.encoder.hidden_states(encoding, 0)))
        watch(place + 1, 2 * len(encodings))
    return found


def read_batched(model: Model, encodings: Sequence[Encoding], keep: Keep, watch: JobProgress) -> list[np.ndarray]:
    """The same by the other way of `Encoder.batched_hidden_states`, without the padding; the second half."""
    found: dict[int, np.ndarray] = {}
    for places, batch in model.encoder.batched_hidden_states(encodings):
        for place, states in zip(places, batch, strict=True):
            found[place] = keep(place, states[:, : len(encodings[place].tokens)])
        watch(len(encodings) + len(found), 2 * len(encodings))
    return [found[place] for place in range(len(encodings))]


def windows_of(model: Model, texts: Sequence[str]) -> list[Encoding]:
    """The tokens of each text. Raises TextError, which says of which text."""
    found = []
    for number, text in enumerate(texts, start=1):
        try:
            found.append(one_window(model, text))
        except TextError as error:
            raise TextError(f"Text {number}: {error}") from None
    return found


def positions(model: Model) -> Positions:
    """The learned vectors of the places in the input. Raises MissingHeadError."""
    return Positions(model.info.name, model.info.revision, model.encoder.position_vectors())


def first_states(model: Model, text: str, pair: str | None) -> FirstStates:
    """What is added before layer 0 for each token. Raises TextError, MissingHeadError."""
    encoding = one_window(model, text, pair)
    parts = dict(model.encoder.embedding_parts(encoding, 0))
    output = parts.pop("output")
    error = float(np.abs(parts.pop("normalised") - output).max())
    info = model.info
    return FirstStates(info.name, info.revision, encoding.tokens, tuple(parts), tuple(parts.values()), output, error)


def pooled(states: np.ndarray, pooling: str) -> np.ndarray:
    """(d,) one vector of (n, d)."""
    vector: np.ndarray = states.mean(0) if pooling == "mean" else states[0]
    return vector


def similarities(
    model: Model, texts: Sequence[str], layer: int | None, watch: JobProgress
) -> tuple[SentenceSimilarity, ...]:
    """Cosine between the vectors of several texts, by each of POOLINGS.

    layer: from 0 (before layer 0); the last when None. `watch` is called after each text, which is read twice.
    """
    encodings = windows_of(model, texts)
    number = model.info.layers if layer is None else layer

    def keep(_: int, states: np.ndarray) -> np.ndarray:
        return np.stack([pooled(states[number], pooling) for pooling in POOLINGS])

    read = (np.stack(read(model, encodings, keep, watch), axis=1) for read in (read_each, read_batched))
    info = model.info
    found = []
    for pooling, *vectors in zip(POOLINGS, *read, strict=True):
        one, other = map(cosines, vectors)
        error = float(np.abs(one - other).max())
        found.append(SentenceSimilarity(info.name, info.revision, tuple(texts), pooling, number, one, error))
    return tuple(found)


def features(
    model: Model, text: str, pair: str | None, layer: int | None, pooling: str | None, most: int | None = None
) -> Features:
    """The states of one layer, as `output_hidden_states` gives them, or one vector of them.

    Raises TextError, and ChoiceError for more than `most` numbers.
    """
    encoding = one_window(model, text, pair)
    number = model.info.layers if layer is None else layer

    def keep(_: int, states: np.ndarray) -> np.ndarray:
        return states[number] if pooling is None else pooled(states[number], pooling)[None]

    (values,) = read_each(model, [encoding], keep, check_cancelled)
    refuse_more(
        values.size, most, "Pool them, shorten the text, or write a file: python -m bert_demo features --output"
    )
    (again,) = read_batched(model, [encoding], keep, check_cancelled)
    info = model.info
    error = float(np.abs(values - again).max())
    return Features(info.name, info.revision, encoding.tokens, number, model.info.layers, pooling, values, error)
