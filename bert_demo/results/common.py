"""What all results share: the token, arrays that cannot be changed, lengths that fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Token:
    """One piece as the model reads it.

    start, end: characters of the source text that it covers (0, 0 for special tokens); segment: 0 for the first
    text, 1 for the second; word: index of the word it belongs to, counted through both texts, None for special tokens.
    """

    text: str
    id: int
    start: int
    end: int
    segment: int
    word: int | None
    special: bool
    unknown: bool


def check(holds: bool, rule: str) -> None:
    """Raise ValueError with the rule that does not hold."""
    if not holds:
        raise ValueError(rule)


def frozen(array: np.ndarray) -> np.ndarray:
    """The array, or a copy of it, that cannot be written to."""
    array = np.ascontiguousarray(array)
    if array.flags.writeable:
        array = array.copy() if array.base is not None else array
        array.setflags(write=False)
    return array
