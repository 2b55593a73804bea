"""A model that finds answers in passages on questions with known ones: exact match and F1 by SQuAD's rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bert_demo.data.questions import AskedQuestion
from bert_demo.models.base import Model
from bert_demo.results.answers import Answers
from bert_demo.tasks import answer_rows
from bert_demo.tasks.answer_rows import LONGEST, answer_to
from bert_demo.tasks.answer_scores import exact_match, f1
from bert_demo.training.evaluation.interval import RESAMPLES, Interval, bootstrap_many

__all__ = ["LONGEST", "best", "evaluate"]
OnQuestion = Callable[[int, int], None]
"""Called with (questions done, all questions)."""


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """A question whose answer has an F1 of less than 1: what was found ("" for none), and what is right."""

    question: str
    found: str
    answers: tuple[str, ...]
    f1: float


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """Exact match and F1 of all questions, how many have no answer, and the mistakes in the order of the file."""

    questions: int
    without_answer: int
    exact_match: Interval
    f1: Interval
    mistakes: tuple[WrongAnswer, ...]


def evaluate(
    model: Model, asked: Sequence[AskedQuestion], watch: OnQuestion | None = None, resamples: int = RESAMPLES
) -> AnswerReport:
    """The likeliest answer of each; "" where that there is none is likelier, if some of the questions have none.

    The bootstrap draws questions. Raises MissingHeadError, and BadDataError, which names a question that does not fit.
    """
    none = sum(not each.answers for each in asked)
    found: list[str] = []
    for each in asked:
        found.append(answer_to(model, each, len(found), may_lack=bool(none))[0])
        if watch is not None:
            watch(len(found), len(asked))
    pairs = [(text, each.answers) for text, each in zip(found, asked, strict=True)]
    scores = np.asarray([(exact_match(*pair), f1(*pair)) for pair in pairs])
    both = bootstrap_many(len(asked), lambda counts: counts @ scores / counts.sum(), resamples)
    wrong = [
        WrongAnswer(each.question, text, each.answers, float(row[1]))
        for each, text, row in zip(asked, found, scores, strict=True)
        if row[1] < 1
    ]
    return AnswerReport(len(asked), none, both[0], both[1], tuple(wrong))


def best(answers: Answers, may_lack: bool) -> str:
    """The text of the likeliest answer; "" where there is none, or may be none and that is likelier."""
    return answer_rows.best(answers, may_lack)[0]
