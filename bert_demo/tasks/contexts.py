"""One word in several texts: how alike its vectors are, and where all tokens of the texts lie."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from bert_demo.core.errors import ChoiceError
from bert_demo.models.base import Encoding, Model
from bert_demo.results.representations import Contexts, Occurrence, cosines, units
from bert_demo.tasks.joint_filling import JobProgress
from bert_demo.tasks.pseudo_likelihood import words_of
from bert_demo.tasks.representations import read_batched, read_each, refuse_more, windows_of

FEWER = "Give fewer or shorter texts."
MOST_OCCURRENCES = 60
"""Occurrences of a word that are compared, each with each."""


def contexts(model: Model, word: str, texts: Sequence[str], watch: JobProgress, most: int | None = None) -> Contexts:
    """The vectors of one word wherever it stands in the texts, layer by layer, and all tokens on a plane.

    `watch` is called after each text, which is read twice. Raises ChoiceError where the word does not stand in each of
    the texts, or the answer would hold more than `most` numbers.
    """
    encodings = windows_of(model, texts)
    occurrences = _occurrences(word.strip(), texts, encodings)
    ordinary = sum(not token.special for encoding in encodings for token in encoding.tokens)
    refuse_more((model.info.layers + 1) * (2 * ordinary + len(occurrences) ** 2), most, FEWER)

    def vectors(text: int, states: np.ndarray) -> np.ndarray:
        """(layers + 1, m, d), the mean vector of the pieces of each occurrence in one text."""
        return np.stack([states[:, list(each.positions)].mean(1) for each in occurrences if each.text == text], axis=1)

    states = read_each(model, encodings, lambda _, whole: whole, watch)
    similarity, again = (
        np.stack([cosines(layer) for layer in np.concatenate(each, axis=1)])
        for each in (
            [vectors(text, whole) for text, whole in enumerate(states)],
            read_batched(model, encodings, vectors, watch),
        )
    )
    error = np.abs(similarity - again).max()
    tokens = [
        (number, place)
        for number, encoding in enumerate(encodings)
        for place, token in enumerate(encoding.tokens)
        if not token.special
    ]
    cloud = np.stack([states[number][:, place] for number, place in tokens], axis=1)
    names = tuple(encodings[number].tokens[place].text for number, place in tokens)
    planes, variance = _planes(cloud)
    info = model.info
    return Contexts(
        info.name,
        info.revision,
        word.strip(),
        tuple(texts),
        tuple(occurrences),
        similarity,
        np.array([_between(layer, names) for layer in cloud]),
        tuple(tokens),
        names,
        planes,
        variance,
        float(error),
        tuple(encodings[number].tokens[place].shown for number, place in tokens),
    )


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
