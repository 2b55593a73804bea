"""Answers to a question that stand in a passage, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bert_demo.results.attributions import Attribution
from bert_demo.results.base import Result
from bert_demo.results.tokens import Token


@dataclass(frozen=True, slots=True)
class Answer:
    """A stretch of the passage, whole words of it. start, end: characters; score: probability that it begins and ends
    there, the greatest of the windows that hold it; window: that window."""

    text: str
    start: int
    end: int
    score: float
    window: int


@dataclass(frozen=True, slots=True)
class Answers(Result):
    """Answers, the likeliest first; no_answer: probability that there is none, the smallest of the windows."""

    model: str
    revision: str
    answers: tuple[Answer, ...]
    no_answer: float
    windows: int
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class AnswerAttribution(Result):
    """The log-probability of an answer, shared out, in the window that it was found in.

    question, passage, rest: sums of the scores of each text and of the special tokens.
    """

    WIRE: ClassVar = ("question", "passage", "rest", "attribution")

    attribution: Attribution

    def _sum(self, segment: int | None) -> float:
        pairs = zip(self.attribution.tokens, self.attribution.scores, strict=True)
        return float(sum(score for token, score in pairs if (None if token.special else token.segment) == segment))

    @property
    def question(self) -> float:
        """Of the first text."""
        return self._sum(0)

    @property
    def passage(self) -> float:
        """Of the second text."""
        return self._sum(1)

    @property
    def rest(self) -> float:
        """Of special tokens."""
        return self._sum(None)
