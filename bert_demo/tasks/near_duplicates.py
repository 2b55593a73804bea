"""Texts that are nearly the same: the share of five-letter stretches that two texts have in common (Broder 1997)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from bert_demo.core.progress import OnProgress

LENGTH = 5
"""Letters of a stretch."""
LEAST = 0.8
"""Of all stretches of both texts, those that both have."""
_AT_ONCE = 200
_OTHER = re.compile(r"\W+")


def normalised(text: str) -> str:
    """A text without case, signs and runs of spaces; one of signs alone as it is."""
    return _OTHER.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip() or text.strip()


def stretches(text: str) -> frozenset[str]:
    """All stretches of LENGTH letters of a normalised text; of a shorter one itself."""
    return frozenset(text[at : at + LENGTH] for at in range(max(1, len(text) - LENGTH + 1)))


def similar(first: Sequence[str], second: Sequence[str], watch: OnProgress) -> list[tuple[int, int, float]]:
    """(place in first, place in second, similarity) of all pairs of LEAST or more, normalised texts both."""
    vocabulary: dict[str, int] = {}
    one, other = (_marks(texts, vocabulary) for texts in (first, second))
    width = len(vocabulary)
    left, right = (csr_array(marks, shape=(len(marks[2]) - 1, width)) for marks in (one, other))
    sizes = [np.diff(each.indptr) for each in (left, right)]
    found: list[tuple[int, int, float]] = []
    for start in range(0, len(first), _AT_ONCE):
        watch(0, len(first))
        common = (left[start : start + _AT_ONCE] @ right.T).tocoo()
        rows, columns = common.coords[0] + start, common.coords[1]
        shares = common.data / (sizes[0][rows] + sizes[1][columns] - common.data)
        near = shares >= LEAST
        found += zip(rows[near].tolist(), columns[near].tolist(), shares[near].tolist(), strict=True)
    return found


def _marks(texts: Sequence[str], vocabulary: dict[str, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """data, indices and indptr of a row of ones for each text; `vocabulary` grows."""
    indices: list[int] = []
    ends = [0]
    for text in texts:
        indices += sorted(vocabulary.setdefault(each, len(vocabulary)) for each in stretches(text))
        ends.append(len(indices))
    return np.ones(len(indices), np.int32), np.array(indices, np.int32), np.array(ends, np.int32)


def groups(pairs: Sequence[tuple[int, int]], many: int) -> list[list[int]]:
    """Places that hang together by pairs, in order; those of two or more."""
    root = list(range(many))

    def of(place: int) -> int:
        while root[place] != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    for one, other in pairs:
        low, high = sorted((of(one), of(other)))
        root[high] = low
    members: dict[int, list[int]] = {}
    for place in range(many):
        members.setdefault(of(place), []).append(place)
    return [each for each in members.values() if len(each) > 1]
