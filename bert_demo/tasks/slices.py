"""Slices: rows whose texts have something in common, and whether a model does differently on them beyond chance."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from bert_demo.models.base import Encoding
from bert_demo.results.evaluation import Slice
from bert_demo.tasks.intervals import share

_NEGATION = re.compile(r"\b(?:not|no|never|none|nobody|nothing|neither|nor|cannot|without|\w+n['’]t)\b", re.IGNORECASE)
_QUESTION = re.compile(r"[?？]")
_NUMBER = re.compile(r"\d")
LEAST_ROWS = 5
"""Of a slice, and of what lies outside it; fewer say nothing."""


def slices(texts: Sequence[str], encodings: Sequence[Encoding], right: np.ndarray, word: str = "") -> tuple[Slice, ...]:
    """Those that differ beyond chance first. word: one of the visitor's own, in any case."""
    found = [
        (name, np.flatnonzero(inside))
        for name, inside in _members(texts, encodings, word).items()
        if LEAST_ROWS <= inside.sum() <= len(texts) - LEAST_ROWS
    ]
    chances = holm([_chance(right, at) for _, at in found])
    made = [_slice(name, at, right, chance) for (name, at), chance in zip(found, chances, strict=True)]
    return tuple(sorted(made, key=lambda each: (each.chance, each.right.value)))


def _members(texts: Sequence[str], encodings: Sequence[Encoding], word: str) -> dict[str, np.ndarray]:
    lengths = np.array([sum(not token.special for token in encoding.tokens) for encoding in encodings])
    short, long = np.quantile(lengths, [1 / 3, 2 / 3])
    members = {
        f"short: up to {int(short)} tokens": lengths <= short,
        f"long: more than {int(long)} tokens": lengths > long,
        "more tokens than one window": np.array([len(encoding.windows) > 1 for encoding in encodings]),
        "a negation (English)": _those(texts, _NEGATION),
        "a question mark": _those(texts, _QUESTION),
        "a digit": _those(texts, _NUMBER),
        "a token that is unknown to the model": np.array(
            [any(token.unknown for token in encoding.tokens) for encoding in encodings]
        ),
    }
    if word.strip():
        members[f"the word {word.strip()}"] = _those(
            texts, re.compile(rf"(?<!\w){re.escape(word.strip())}(?!\w)", re.IGNORECASE)
        )
    return members


def _those(texts: Sequence[str], pattern: re.Pattern[str]) -> np.ndarray:
    return np.array([bool(pattern.search(text)) for text in texts])


def _slice(name: str, at: np.ndarray, right: np.ndarray, chance: float) -> Slice:
    inside, whole = int(right[at].sum()), int(right.sum())
    others = share(whole - inside, len(right) - len(at))
    return Slice(name, len(at), share(inside, len(at)), others, chance, tuple(at.tolist()))


def _chance(right: np.ndarray, at: np.ndarray) -> float:
    return fisher(int(right[at].sum()), len(at), int(right.sum()), len(right))


def fisher(inside: int, rows: int, right: int, whole: int) -> float:
    """Fisher's exact test, two-sided: how probable `inside` right of `rows`, or what is no likelier, is by chance alone
    where `right` of `whole` are."""

    def log_choose(n: int, k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    least, most = max(0, rows - (whole - right)), min(rows, right)
    chances = [
        math.exp(log_choose(right, k) + log_choose(whole - right, rows - k) - log_choose(whole, rows))
        for k in range(least, most + 1)
    ]
    limit = chances[inside - least] * (1 + 1e-7)
    return min(1.0, sum(chance for chance in chances if chance <= limit))


def holm(chances: Sequence[float]) -> list[float]:
    """Each corrected for how many there are (Holm 1979), in their order."""
    found, running = [0.0] * len(chances), 0.0
    for rank, place in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        running = max(running, min(1.0, (len(chances) - rank) * chances[place]))
        found[place] = running
    return found
