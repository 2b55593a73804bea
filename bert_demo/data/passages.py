"""A pasted text as passages: a line each, long lines parted behind the ends of sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 400
"""Characters of a passage, where its sentences are no longer."""
_END = re.compile(r"(?<=[.!?\u2026][\"'\u2019\u201d)\]])\s+|(?<=[.!?\u2026])\s+|(?<=[\u3002\uff01\uff1f])")


def passages(text: str) -> list[str]:
    """The lines that hold something, those of more than LONGEST characters in parts of whole sentences."""
    return [part for line in text.splitlines() if line.strip() for part in _parts(line.strip())]


def _parts(line: str) -> Iterator[str]:
    if len(line) <= LONGEST:
        yield line
        return
    part = ""
    for sentence in _END.split(line):
        if part and len(part) + 1 + len(sentence) > LONGEST:
            yield part
            part = ""
        part = f"{part} {sentence}".strip()
    if part:
        yield part
