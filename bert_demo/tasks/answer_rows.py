"""A model that finds answers in passages, on questions with known ones: exact match and F1 by SQuAD's rules."""

from __future__ import annotations

from collections.abc import Sequence

from bert_demo.core.errors import BadDataError, TextError
from bert_demo.data.questions import AskedQuestion
from bert_demo.models.base import Model
from bert_demo.results.answer_evaluation import AnsweredQuestion, AnswerEvaluation
from bert_demo.results.answers import Answers
from bert_demo.tasks import intervals
from bert_demo.tasks.answer_scores import exact_match, f1
from bert_demo.tasks.answers import find
from bert_demo.tasks.labelled_rows import OnProgress, encoded

LONGEST = 30
"""Tokens of an answer at most, as in SQuAD's baselines of BERT."""


def read(
    model: Model, rows: Sequence[Sequence[object]], lines: Sequence[int] | None, most: int, watch: OnProgress
) -> list[AskedQuestion]:
    """Questions of rows of a question, a passage and the answers that are right, none or "" where there is none.

    most: characters of question and passage. Raises BadDataError, naming the row: texts that are refused, questions
    that leave the passage no room.
    """
    asked = []
    for place, (question, passage, *answers) in enumerate(rows):
        where = f"Labelled text {place + 1}" if lines is None else f"Line {lines[place]}"
        if not isinstance(passage, str) or not passage.strip():
            raise BadDataError(f"{where}: there is no passage. Send a question, its passage and the right answers.")
        encoded(model, question, passage, where, most)
        right = tuple(dict.fromkeys(str(each) for each in answers if str(each).strip()))
        asked.append(AskedQuestion(str(question), passage, right))
        watch(0, len(rows))
    return asked


def evaluate(model: Model, asked: Sequence[AskedQuestion], lines: Sequence[int], watch: OnProgress) -> AnswerEvaluation:
    """The likeliest answer of each; "" where that there is none is likelier, if some of the questions have none.

    Exact match has Wilson's interval; F1, whose values vary less than those of a share of the same mean, as well.
    `watch` is called after each question.
    """
    none = sum(not each.answers for each in asked)
    answered = []
    for row, (line, each) in enumerate(zip(lines, asked, strict=True)):
        text, score = answer_to(model, each, row, may_lack=bool(none))
        scores = exact_match(text, each.answers), f1(text, each.answers)
        answered.append(
            AnsweredQuestion(
                row, line, each.question, each.passage, each.answers, text, score, bool(scores[0]), scores[1]
            )
        )
        watch(len(answered), len(asked))
    return AnswerEvaluation(
        model=model.info.name,
        revision=model.info.revision,
        rows=len(asked),
        without_answer=none,
        exact_match=intervals.share(sum(each.exact for each in answered), len(asked)),
        f1=intervals.share(sum(each.f1 for each in answered), len(asked)),
        answered=tuple(answered),
    )


def answer_to(model: Model, asked: AskedQuestion, row: int, may_lack: bool) -> tuple[str, float]:
    """What `best` takes of the answers to a question. row: from 0.

    Raises MissingHeadError, and BadDataError, which names a question that does not fit.
    """
    try:
        return best(find(model, asked.question, asked.passage, 1, LONGEST), may_lack)
    except TextError as error:
        raise BadDataError(f"Question {row + 1}: {error}") from None


def best(answers: Answers, may_lack: bool) -> tuple[str, float]:
    """The text of the likeliest answer and its probability; "" where there is none, or may be none and that is
    likelier."""
    first = answers.answers[0] if answers.answers else None
    if first is None or (may_lack and answers.no_answer > first.score):
        return "", answers.no_answer
    return first.text, first.score
