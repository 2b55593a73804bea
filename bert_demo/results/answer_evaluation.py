"""What `evaluate` says of a model that finds answers, on questions whose answers are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from bert_demo.results.base import Result, Wire, check, wire
from bert_demo.results.intervals import Interval


@dataclass(frozen=True, slots=True)
class AnsweredQuestion(Wire):
    """A question and its answer. row: from 0; line: where it stands in the visitor's file; answers: what is right, none
    where the passage has none; found: "" for none; score: the probability of what was found; f1: of the words."""

    row: int
    line: int
    question: str
    passage: str
    answers: tuple[str, ...]
    found: str
    score: float
    exact: bool
    f1: float


@dataclass(frozen=True, slots=True)
class AnswerEvaluation(Result):
    """Answers by SQuAD's rules.

    without_answer: questions whose passage has none; mistakes: questions whose F1 is below 1, the surest first;
    answered: all questions in the visitor's order; answers: what was found for each.
    """

    WIRE: ClassVar = ("model", "revision", "rows", "without_answer", "exact_match", "f1", "mistakes", "answers")

    model: str
    revision: str
    rows: int
    without_answer: int
    exact_match: Interval
    f1: Interval
    answered: tuple[AnsweredQuestion, ...] = field(metadata=wire(None))

    def __post_init__(self) -> None:
        check(len(self.answered) == self.rows, "a row for each question")

    @property
    def mistakes(self) -> tuple[AnsweredQuestion, ...]:
        """Questions whose answer is not wholly right, the surest first."""
        return tuple(sorted((each for each in self.answered if each.f1 < 1), key=lambda each: -each.score))

    @property
    def answers(self) -> tuple[str, ...]:
        """What was found for each question, "" for none."""
        return tuple(each.found for each in self.answered)
