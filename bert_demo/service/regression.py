"""A model that gives a number, on the visitor's own rows with the right one."""

from __future__ import annotations

from collections.abc import Sequence

from bert_demo.core.progress import OnProgress, watched
from bert_demo.results.regression_evaluation import RegressionEvaluation
from bert_demo.service.context import Context
from bert_demo.service.evaluation import classifier, refuse_flood
from bert_demo.service.row_studies import digest_of, numbers_of
from bert_demo.tasks import labelled_rows, regression


class RegressionCalls:
    """The part of the service that measures numbers."""

    def __init__(self, context: Context) -> None:
        self._context = context

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
