"""A sentence of our own that is made to be hard, and the answers to it that are right."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """A text and the answers that are right; none given: every answer but those in `wrong`."""

    text: str
    right: tuple[str, ...]
    wrong: tuple[str, ...] = ()

    def holds(self, answer: str) -> bool:
        """Whether an answer is right."""
        return answer in self.right if self.right else answer not in self.wrong


def each_of(label: str, *texts: str) -> tuple[Probe, ...]:
    """Texts of which each has that label."""
    return tuple(Probe(text, (label,)) for text in texts)
