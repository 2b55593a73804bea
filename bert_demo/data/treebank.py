"""Text in the Penn Treebank's spelling as people write it."""

from __future__ import annotations

import re

_RULES = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"-lrb-\s*", "("),
        (r"\s*-rrb-", ")"),
        (r"``\s*", '"'),
        (r"\s*''", '"'),
        (r"\s+(n't|'(?:s|re|ve|ll|d|m))\b", r"\1"),
        (r"\s+([.,!?;:%])", r"\1"),
    )
)


def untokenised(text: str) -> str:
    """Undo the Treebank's spaces: "it is n't bad , they say ." becomes "it isn't bad, they say."; a rule of thumb."""
    for pattern, by in _RULES:
        text = pattern.sub(by, text)
    return text
