"""A look inside: how words become pieces, what the first layer is given, what a word's vectors are in its context."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from bert_demo.backends.base import Backend, Encoding
from bert_demo.errors import ChoiceError, TextError
from bert_demo.lenses.joint import one_window
from bert_demo.lenses.surprise import words_of
from bert_demo.results.insides import (
    Contexts,
    Features,
    FirstStates,
    Occurrence,
    Pieces,
    PieceStep,
    Positions,
    SentenceSimilarity,
    WordPieces,
    cosines,
    units,
)

MOST_TEXTS = 20
MOST_TRIES = 50_000
"""Beginnings of words that are looked up for one text; ordinary texts take a tenth of that."""
MOST_OCCURRENCES = 60
"""Occurrences of a word that are compared, each with each."""


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


def contexts(backend: Backend, word: str, texts: Sequence[str]) -> Contexts:
    """The vectors of one word wherever it stands in the texts, layer by layer, and all tokens on a plane.

    Raises ChoiceError where it does not stand in each of the texts.
    """
    encodings = _windows(backend, texts)
    occurrences = _occurrences(word.strip(), texts, encodings)
    states = [backend.hidden_states(encoding, 0) for encoding in encodings]
    vectors = np.stack([states[each.text][:, list(each.positions)].mean(1) for each in occurrences], axis=1)
    tokens = [
        (number, place)
        for number, encoding in enumerate(encodings)
        for place, token in enumerate(encoding.tokens)
        if not token.special
    ]
    cloud = np.stack([states[number][:, place] for number, place in tokens], axis=1)
    names = tuple(encodings[number].tokens[place].text for number, place in tokens)
    planes, variance = _planes(cloud)
    info = backend.info
    return Contexts(
        info.name,
        info.revision,
        word.strip(),
        tuple(texts),
        tuple(occurrences),
        np.stack([cosines(layer) for layer in vectors]),
        np.array([_between(layer, names) for layer in cloud]),
        tuple(tokens),
        names,
        planes,
        variance,
    )


def _windows(backend: Backend, texts: Sequence[str]) -> list[Encoding]:
    """The tokens of each text. Raises TextError, which says of which text."""
    found = []
    for number, text in enumerate(texts, start=1):
        try:
            found.append(one_window(backend, text))
        except TextError as error:
            raise TextError(f"Text {number}: {error}") from None
    return found


def _occurrences(word: str, texts: Sequence[str], encodings: Sequence[Encoding]) -> list[Occurrence]:
    """A word wherever it stands in the texts. Raises ChoiceError: not in each, only once, too often."""
    occurrences: list[Occurrence] = []
    for number, (text, encoding) in enumerate(zip(texts, encodings, strict=True)):
        found = _places(word, text, encoding)
        if not found:
            raise ChoiceError(
                f"The word {word[:40]!r} does not stand in text {number + 1}. Write it as it stands there, and into "
                "each text."
            )
        occurrences += [Occurrence(number, start, end, places) for start, end, places in found]
    if len(occurrences) < 2:
        raise ChoiceError("The word stands in the texts only once; give a second text, or one that has it twice.")
    if len(occurrences) > MOST_OCCURRENCES:
        raise ChoiceError(
            f"The word stands in the texts {len(occurrences)} times; up to {MOST_OCCURRENCES} are compared. Shorten "
            "the texts."
        )
    return occurrences


def _places(word: str, text: str, encoding: Encoding) -> list[tuple[int, int, tuple[int, ...]]]:
    """(start, end, positions of its tokens) of a word or phrase in a text, in either case of its letters.

    It begins and ends where the tokenizer parts words, or beside what is no letter or digit.
    """
    tokens = encoding.tokens
    edges = {0, len(text)}
    for group in words_of(tokens):
        edges |= {tokens[group[0]].start, tokens[group[-1]].end}
    found = []
    for each in re.finditer(re.escape(word), text, re.IGNORECASE):
        start, end = each.span()
        if all(edge in edges or not (text[edge - 1].isalnum() and text[edge].isalnum()) for edge in (start, end)):
            inside = [place for place, token in enumerate(tokens) if token.start < end and token.end > start]
            places = tuple(place for place in inside if not tokens[place].special)
            if places:
                found.append((start, end, places))
    return found


def _between(vectors: np.ndarray, names: Sequence[str]) -> float:
    """Mean cosine between tokens of different names; 1 where all have the same.

    The sum of all cosines is the square of the sum of all unit vectors; likewise for those of one name.
    """
    unit = units(vectors)
    _, kinds = np.unique(np.array(names), return_inverse=True)
    counts = np.bincount(kinds)
    sums = np.zeros((len(counts), unit.shape[1]))
    np.add.at(sums, kinds, unit)
    pairs = len(names) ** 2 - (counts**2).sum()
    return float(((unit.sum(0) ** 2).sum() - (sums**2).sum()) / pairs) if pairs else 1.0


def _planes(cloud: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(layers, n, 2) principal components of each layer's points, and (layers, 2) their shares of the variance.

    A component may be turned round freely; each is turned so that it goes along with that of the layer before.
    """
    planes: list[np.ndarray] = []
    shares: list[np.ndarray] = []
    for points in cloud.astype(np.float64):
        centred = points - points.mean(0)
        tall = len(centred) > centred.shape[1]
        _, sizes, axes = np.linalg.svd(np.linalg.qr(centred, "r") if tall else centred, full_matrices=False)
        plane = np.zeros((len(points), 2))
        share = np.zeros(2)
        count = min(2, len(sizes))
        plane[:, :count] = centred @ axes[:count].T
        if sizes.any():
            share[:count] = sizes[:count] ** 2 / (sizes**2).sum()
        if planes:
            plane *= np.where((plane * planes[-1]).sum(0) < 0, -1, 1)
        planes.append(plane)
        shares.append(share)
    return np.stack(planes), np.stack(shares)


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


def similarity(backend: Backend, texts: Sequence[str], pooling: str, layer: int | None) -> SentenceSimilarity:
    """Cosine between the vectors of several texts. layer: from 0 (before layer 0); the last when None."""
    states = [backend.hidden_states(encoding, 0) for encoding in _windows(backend, texts)]
    number = len(states[0]) - 1 if layer is None else layer
    vectors = np.stack([pooled(each[number], pooling) for each in states])
    info = backend.info
    return SentenceSimilarity(info.name, info.revision, tuple(texts), pooling, number, cosines(vectors))


def features(backend: Backend, text: str, pair: str | None, layer: int | None, pooling: str | None) -> Features:
    """The states of one layer, as `output_hidden_states` gives them, or one vector of them. Raises TextError."""
    encoding = one_window(backend, text, pair)
    states = backend.hidden_states(encoding, 0)
    number = len(states) - 1 if layer is None else layer
    values = states[number] if pooling is None else pooled(states[number], pooling)[None]
    info = backend.info
    return Features(info.name, info.revision, encoding.tokens, number, len(states) - 1, pooling, values)
