"""A classifier on the visitor's own labelled rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bert_demo.core.errors import BadDataError, MissingHeadError
from bert_demo.core.progress import OnProgress, watched
from bert_demo.core.validation import checked_text
from bert_demo.models.base import Model
from bert_demo.results.evaluation import Evaluation
from bert_demo.service.context import Context
from bert_demo.tasks import evaluation, labelled_rows


class EvaluationCalls:
    """The part of the service that measures."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def evaluate(
        self,
        rows: Sequence[tuple[str, ...]],
        model: str = "sentiment",
        word: str = "",
        on_progress: OnProgress | None = None,
        on_scored: evaluation.OnScored | None = None,
        lines: Sequence[int] | None = None,
        most_read: int | None = None,
    ) -> Evaluation:
        """Accuracy, precision, recall, F1 with intervals, confusion, calibration, mistakes, slices.

        rows: (text, label), or (text, second text, label), a label as it may stand in a file; of a model that judges
        each label by itself the labels of a text with ";" between, or none. word: rows that have it are a slice, too.
        lines: where the rows stand in the visitor's file; most_read: characters of all texts together. `on_progress` is
        called after each batch, `on_scored` with the figures of the first rows while the others are read. Raises
        BadDataError, ChoiceError, ModelError, MissingHeadError, and whatever `on_progress` raises.
        """
        labelled_rows.check_shape(rows)
        refuse_flood(rows, most_read)
        if word != "":
            word = checked_text(word, 100, "word")
        loaded = classifier(self._context, model)
        watch = watched(on_progress)

        def measured() -> Evaluation:
            labelled = labelled_rows.read(loaded, rows, lines, self._context.settings.max_characters, watch)
            numbers = range(1, len(rows) + 1) if lines is None else lines
            return evaluation.evaluate(loaded, rows, labelled, numbers, word, watch, on_scored)

        asked = repr((rows, None if lines is None else tuple(lines))).encode("utf-8", "backslashreplace")
        return self._context.cache.get(("evaluate", loaded.info, word, hashlib.sha256(asked).digest()), measured)

    def judged_labels(self, model: str = "sentiment") -> tuple[tuple[str, ...], bool]:
        """The labels of a classifier, and whether it judges each by itself. Raises ModelError, and MissingHeadError for
        what is none."""
        loaded = classifier(self._context, model)
        labelled_rows.refuse_numbers(loaded)
        return tuple(loaded.labels), loaded.activation == "sigmoid"


def classifier(context: Context, model: str) -> Model:
    """A model with labels. Raises ModelError, MissingHeadError."""
    loaded = context.pool.lend(model)
    if "text-classification" not in loaded.info.tasks:
        raise MissingHeadError(f"The model {loaded.info.name} has no labels. Choose a classifier such as sentiment.")
    return loaded


def refuse_flood(rows: Sequence[Sequence[object]], most: int | None) -> None:
    """Raise BadDataError for more than `most` characters in all texts together."""
    characters = sum(len(text) for *texts, _ in rows for text in texts if isinstance(text, str))
    if most is not None and characters > most:
        raise BadDataError(
            f"The texts have {characters:,} characters together, where a request may have {most:,}. Send fewer or "
            "shorter texts, or run python -m bert_demo evaluate on a machine of your own."
        )
