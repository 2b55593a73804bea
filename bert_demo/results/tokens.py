"""The token, which most results have."""

from __future__ import annotations

from dataclasses import dataclass, field

from bert_demo.results.base import wire


@dataclass(frozen=True, slots=True)
class Token:
    """One piece as the model reads it.

    start, end: characters of the source text that it covers (0, 0 for special tokens); segment: 0 for the first
    text, 1 for the second; word: index of the word it belongs to, counted through both texts, None for special tokens;
    characters: what it stands for, where its text writes bytes ("Ã©" is an é), else "".
    """

    text: str = field(metadata=wire("token"))
    id: int
    start: int
    end: int
    segment: int
    word: int | None = field(metadata=wire(None))
    special: bool
    unknown: bool
    characters: str = field(default="", metadata=wire(None))

    @property
    def shown(self) -> str:
        """The piece as it can be read."""
        return self.characters or self.text
