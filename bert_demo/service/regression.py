"""A model that gives a number, on the visitor's own rows with the right one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bert_demo.core.errors import ChoiceError
from bert_demo.core.progress import OnProgress, watched
from bert_demo.results.evaluation import Evaluation
from bert_demo.results.regression_evaluation import RegressionEvaluation
from bert_demo.service.context import Context
from bert_demo.service.evaluation import EvaluationCalls, classifier, refuse_flood
from bert_demo.service.row_studies import digest_of, numbers_of
from bert_demo.tasks import labelled_rows, regression


class RegressionCalls:
    """The part of the service that measures numbers, or labels, as a model gives the one or the other."""

    def __init__(self, context: Context, evaluations: EvaluationCalls) -> None:
        self._context = context
        self._evaluations = evaluations

    def evaluate_rows(
        self,
        rows: Sequence[tuple[Any, ...]],
        model: str = "sentiment",
        word: str = "",
        on_progress: OnProgress | None = None,
        lines: Sequence[int] | None = None,
        most_read: int | None = None,
    ) -> Evaluation | RegressionEvaluation:
        """`evaluate_regression` of a model that gives one number, else `evaluate`. Raises as they do, and ChoiceError
        for the word of a slice where answers are numbers."""
        if not self.gives_number(model):
            return self._evaluations.evaluate(rows, model, word, on_progress, None, lines, most_read)
        if word != "":
            raise ChoiceError(
                f"The model {model} gives a number, so that no answer is right or wrong and a slice has no share. "
                "Leave word out."
            )
        return self.evaluate_regression(rows, model, on_progress, lines, most_read)

    def evaluate_regression(
        self,
        rows: Sequence[Sequence[str | float]],
        model: str,
        on_progress: OnProgress | None = None,
        lines: Sequence[int] | None = None,
        most_read: int | None = None,
    ) -> RegressionEvaluation:
        """Pearson's and Spearman's correlation and the mean absolute error, with intervals, the farthest rows first.

        rows: (text, number), or (text, second text, number); lines, most_read: as in `evaluate`. Raises BadDataError,
        ChoiceError (a model that gives labels, or several numbers), ModelError, MissingHeadError.
        """
        labelled_rows.check_shape(rows)
        refuse_flood(rows, most_read)
        loaded = classifier(self._context, model)
        regression.refuse_labels(loaded)
        watch = watched(on_progress)

        def measured() -> RegressionEvaluation:
            encodings, truth = regression.read(loaded, rows, lines, self._context.settings.max_characters, watch)
            return regression.evaluate(loaded, rows, encodings, truth, numbers_of(rows, lines), watch)

        return self._context.cache.get(("evaluate_regression", loaded.info, digest_of(rows, lines)), measured)

    def gives_number(self, model: str) -> bool:
        """Whether a model of texts gives one number. Raises ModelError, MissingHeadError."""
        loaded = classifier(self._context, model)
        return loaded.activation == "none" and len(loaded.labels) == 1
