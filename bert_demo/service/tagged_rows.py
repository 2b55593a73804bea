"""Models of entities and of answers on rows with what is right of each, and the one call for all kinds of models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bert_demo.core.errors import BadDataError, ChoiceError, MissingHeadError
from bert_demo.core.progress import OnProgress, watched
from bert_demo.models.base import Model
from bert_demo.results.answer_evaluation import AnswerEvaluation
from bert_demo.results.entity_evaluation import EntityEvaluation
from bert_demo.results.evaluation import Evaluation
from bert_demo.results.regression_evaluation import RegressionEvaluation
from bert_demo.service.context import Context
from bert_demo.service.evaluation import EvaluationCalls, refuse_flood
from bert_demo.service.regression import RegressionCalls
from bert_demo.service.row_studies import digest_of, numbers_of
from bert_demo.tasks import answer_rows, answers, entities, entity_rows, labelled_rows

MEASURED = ("text-classification", entities.TASK, answers.TASK)
"""Heads whose answers can be held against rows."""
Rows = Sequence[Sequence[Any]]


class TaggedRowCalls:
    """The part of the service that measures entities and answers, or whatever a model gives."""

    def __init__(self, context: Context, evaluations: EvaluationCalls, regressions: RegressionCalls) -> None:
        self._context = context
        self._evaluations = evaluations
        self._regressions = regressions

    def evaluate_rows(
        self,
        rows: Rows,
        model: str = "sentiment",
        word: str = "",
        on_progress: OnProgress | None = None,
        lines: Sequence[int] | None = None,
        most_read: int | None = None,
    ) -> Evaluation | RegressionEvaluation | EntityEvaluation | AnswerEvaluation:
        """`evaluate` of a classifier, `evaluate_regression` of a model that gives one number, `evaluate_entities`,
        `evaluate_answers`. Raises as they do, and ChoiceError for the word of a slice where no row is right or wrong.
        """
        kind = self.measured_by(model)
        if kind == "labels":
            given: Any = rows
            return self._evaluations.evaluate(given, model, word, on_progress, None, lines, most_read)
        if word != "":
            raise ChoiceError(f"The model {model} gives {kind}, and slices are those of a classifier. Leave word out.")
        if kind == "entities":
            return self.evaluate_entities(rows, model, on_progress, lines, most_read)
        if kind == "answers":
            return self.evaluate_answers(rows, model, on_progress, lines, most_read)
        return self._regressions.evaluate_regression(rows, model, on_progress, lines, most_read)

    def measured_by(self, model: str) -> str:
        """What a model gives that rows can be held against: "labels", "a number", "entities" or "answers".

        Raises ModelError, MissingHeadError.
        """
        tasks = self._context.pool.lend(model).info.tasks
        if entities.TASK in tasks:
            return "entities"
        if answers.TASK in tasks:
            return "answers"
        return "a number" if self._regressions.gives_number(model) else "labels"

    def evaluate_entities(
        self,
        rows: Rows,
        model: str = "entities",
        on_progress: OnProgress | None = None,
        lines: Sequence[int] | None = None,
        most_read: int | None = None,
    ) -> EntityEvaluation:
        """Precision, recall and F1 of whole entities by seqeval's rules, of each type, and what is missed, spurious, of
        the wrong type or of wrong borders.

        rows: (text, tags), words and their tags parted by blanks; lines, most_read: as in `evaluate`. Raises
        BadDataError, ModelError, MissingHeadError.
        """
        loaded = self._with_rows(rows, model, entities.TASK, most_read)
        watch = watched(on_progress)

        def measured() -> EntityEvaluation:
            sentences = entity_rows.read(loaded, rows, lines, self._context.settings.max_characters, watch)
            return entity_rows.evaluate(loaded, sentences, numbers_of(rows, lines), watch)

        return self._context.cache.get(("evaluate_entities", loaded.info, digest_of(rows, lines)), measured)

    def evaluate_answers(
        self,
        rows: Rows,
        model: str,
        on_progress: OnProgress | None = None,
        lines: Sequence[int] | None = None,
        most_read: int | None = None,
    ) -> AnswerEvaluation:
        """Exact match and F1 by SQuAD's rules, and the questions that are not answered rightly.

        rows: (question, passage, right answer, ...), without an answer or with "" where the passage has none; lines,
        most_read: as in `evaluate`. Raises BadDataError, ModelError, MissingHeadError.
        """
        loaded = self._with_rows(rows, model, answers.TASK, most_read)
        watch = watched(on_progress)

        def measured() -> AnswerEvaluation:
            asked = answer_rows.read(loaded, rows, lines, self._context.settings.max_characters, watch)
            return answer_rows.evaluate(loaded, asked, numbers_of(rows, lines), watch)

        return self._context.cache.get(("evaluate_answers", loaded.info, digest_of(rows, lines)), measured)

    def _with_rows(self, rows: Rows, model: str, task: str, most_read: int | None) -> Model:
        """The model, behind the checks of rows and head."""
        if task == answers.TASK:
            _check_questions(rows)
            refuse_flood([(*row, "") for row in rows], most_read)  # answers are texts as well; a label is left out
        else:
            labelled_rows.check_shape(rows)
            refuse_flood(rows, most_read)
        loaded = self._context.pool.lend(model)
        if task not in loaded.info.tasks:
            raise MissingHeadError(f"The model {loaded.info.name} has no {task} head. Choose one that has.")
        return loaded


def _check_questions(rows: Rows) -> None:
    """Raise BadDataError unless these are questions, their passages and answers, from 2 to MOST_ROWS."""
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, (list, tuple)) and len(row) > 1 for row in rows):
        raise BadDataError("rows must be lists of a question, a passage, and the answers that are right, if any.")
    if not 2 <= len(rows) <= labelled_rows.MOST_ROWS:
        raise BadDataError(f"There are {len(rows)} questions; from 2 to {labelled_rows.MOST_ROWS} can be measured.")
