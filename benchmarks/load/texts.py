"""Texts that nobody asks twice; read by both environments."""

from __future__ import annotations

import itertools
import os
import random

NOUNS = ("film", "story", "music", "actor", "scene", "plot", "camera", "city", "river", "teacher", "doctor", "house")
WORDS = ("warm", "dull", "funny", "slow", "bright", "sad", "long", "clever", "empty", "loud", "quiet", "lost", "never")
_numbers = itertools.count()


def sentence(length: int = 11) -> str:
    """A sentence that nobody asks twice."""
    number = next(_numbers)
    draw = random.Random(f"{os.getpid()} {number}")
    return " ".join([*draw.choices(NOUNS + WORDS, k=length), str(number % 10_000), "."])


def sentences(count: int) -> list[str]:
    """So many of them."""
    return [sentence() for _ in range(count)]
