"""Exact match and F1 of an answer, by the rules of SQuAD 2.0's evaluation script (Rajpurkar et al. 2018).

Where there is an answer these are SQuAD 1.1's, too. Case, the articles a, an and the, and ASCII punctuation do not
count, and words are what stands between blanks: of Chinese, which has none, F1 is all but exact match.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalised(answer: str) -> str:
    """An answer as it is compared: small letters, without punctuation, articles and more than single blanks."""
    return " ".join(_ARTICLES.sub(" ", answer.lower().translate(_PUNCTUATION)).split())


def exact_match(found: str, answers: Sequence[str]) -> float:
    """1 where the answer is one of those that are right, else 0. found: "" for no answer; answers: none where there is
    none."""
    return max(float(normalised(found) == right) for right in _right(answers))


def f1(found: str, answers: Sequence[str]) -> float:
    """F1 of the words that the answer shares with the right one, the greatest of those that are right; arguments as in
    `exact_match`. No answer against one is 0."""
    return max(_f1(normalised(found).split(), right.split()) for right in _right(answers))


def _right(answers: Sequence[str]) -> list[str]:
    """The right answers as they are compared; those of which nothing is left do not count, unless all are so."""
    return [each for each in map(normalised, answers) if each] or [""]


def _f1(found: list[str], right: list[str]) -> float:
    if not found or not right:
        return float(found == right)
    shared = sum((Counter(found) & Counter(right)).values())
    return 2 * shared / (len(found) + len(right))
