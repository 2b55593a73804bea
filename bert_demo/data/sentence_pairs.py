"""Pairs of sentences that follow one another, for the baseline of next-sentence prediction."""

from __future__ import annotations

import json
from functools import cache

from bert_demo.core.settings import ASSETS


@cache
def sentence_pairs() -> tuple[tuple[str, str], ...]:
    """assets/sentence_pairs.json: (first, second) of each, written for this project."""
    rows = json.loads((ASSETS / "sentence_pairs.json").read_text(encoding="utf-8"))
    return tuple((row["first"], row["second"]) for row in rows)
