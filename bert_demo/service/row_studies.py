"""More about labelled rows: which words push a label, which labels are doubtful, how two models differ."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from bert_demo.core import validation
from bert_demo.core.errors import BadDataError, ChoiceError, TextError
from bert_demo.core.progress import OnProgress, watched
from bert_demo.models.base import Encoding, Model
from bert_demo.registry.attribution_methods import CARDS
from bert_demo.results.label_issues import MOST_OTHERS, LabelIssues
from bert_demo.results.model_comparison import ModelComparison
from bert_demo.results.word_effects import WordEffects
from bert_demo.service.context import Context
from bert_demo.service.evaluation import EvaluationCalls, classifier, refuse_flood
from bert_demo.tasks import attribution_request, label_issues, labelled_rows, model_comparison, word_effects
from bert_demo.tasks.label_issues import LabelledRows

Rows = Sequence[tuple[str, ...]]


class RowStudyCalls:
    """The part of the service that looks into labelled rows. rows, lines and most_read: as in `evaluate`."""

    def __init__(self, context: Context, evaluations: EvaluationCalls) -> None:
        self._context, self._evaluations = context, evaluations

    def attribute_rows(
        self,
        rows: Rows,
        model: str = "sentiment",
        target: str | int | None = None,
        method: str = "integrated_gradients",
        baseline: str = "pad",
        output: str = "logit",
        sample: int = word_effects.SAMPLE,
        on_progress: OnProgress | None = None,
        lines: Sequence[int] | None = None,
        most_read: int | None = None,
    ) -> WordEffects:
        """The mean attribution of each word over the rows, so that a shortcut is seen.

        target: a label or its index, by default the one that most rows carry; method, baseline, output: as in
        `attribute`, whose ledgers may here be open by 5 %; sample: how many rows are drawn and explained. `on_progress`
        is called with rows. Raises BadDataError, ChoiceError, ModelError, MissingHeadError.
        """
        labelled_rows.check_shape(rows)
        refuse_flood(rows, most_read)
        sample = validation.checked_whole(sample, "sample", 2, word_effects.MOST_SAMPLE)
        loaded = classifier(self._context, model)
        settings, watch = self._context.settings, watched(on_progress)
        question = attribution_request.checked(
            loaded, target, method, baseline, output, word_effects.TOLERANCE, None, settings.max_steps
        )
        if not CARDS[question.method].signed:
            raise ChoiceError(
                f"The scores of {CARDS[question.method].title} have no sign: they say how much, not for or against. "
                "Choose a method with signs, such as integrated_gradients."
            )

        def made() -> WordEffects:
            labelled = labelled_rows.read(loaded, rows, lines, settings.max_characters, watch)
            asked = question if target not in (None, "") else word_effects.of_most(question, labelled)
            return word_effects.word_effects(loaded, rows, labelled, numbers_of(rows, lines), asked, sample, watch)

        key = ("attribute_rows", loaded.info, target in (None, ""), question, sample, digest_of(rows, lines))
        return self._context.cache.get(key, made)

    def label_issues(
        self,
        rows: Rows,
        model: str = "sentiment",
        states: str = "",
        others: Sequence[str] | None = None,
        on_progress: OnProgress | None = None,
        lines: Sequence[int] | None = None,
        most_read: int | None = None,
    ) -> LabelIssues:
        """Rows whose label is probably wrong, near duplicates, and texts that another file has as well.

        Probabilities are those of a cross-validated linear classifier on frozen states, so that no row is judged by
        what learnt from it. model: whose labels the rows have; states: the model whose states are read, by default the
        same; others: texts of another file. `on_progress` is called with rows. Raises BadDataError,
        ChoiceError, ModelError, MissingHeadError.
        """
        labelled_rows.check_shape(rows)
        texts = _checked_others(others)
        refuse_flood([*rows, *((text, "") for text in texts)], most_read)
        loaded = classifier(self._context, model)
        read_by = self._context.pool.lend(states) if states else loaded
        watch = watched(on_progress)

        def made() -> LabelIssues:
            labelled = labelled_rows.read(loaded, rows, lines, self._context.settings.max_characters, watch)
            encodings = labelled.encodings if read_by is loaded else _encoded(read_by, rows, lines, watch)
            given = LabelledRows(rows, numbers_of(rows, lines), labelled.truth, loaded.labels)
            several = loaded.activation == "sigmoid"
            return label_issues.label_issues(loaded, read_by, encodings, given, several, texts, watch)

        key = ("label_issues", loaded.info, read_by.info, digest_of(rows, lines, texts))
        return self._context.cache.get(key, made)

    def compare_models(
        self,
        rows: Rows,
        other: str,
        model: str = "sentiment",
        on_progress: OnProgress | None = None,
        lines: Sequence[int] | None = None,
        most_read: int | None = None,
    ) -> ModelComparison:
        """Two classifiers with the same labels on the same rows: McNemar's exact test, differences with intervals, the
        rows that they answer otherwise.

        Raises BadDataError (also for models whose labels differ), ChoiceError, ModelError, MissingHeadError.
        """
        labelled_rows.check_shape(rows)
        refuse_flood(rows, most_read)
        for each in (model, other):
            classifier(self._context, each)
        evaluations = [
            self._evaluations.evaluate(rows, each, on_progress=_part(on_progress, at), lines=lines)
            for at, each in enumerate((model, other))
        ]
        return model_comparison.compare(*evaluations)


def _part(on_progress: OnProgress | None, at: int) -> OnProgress | None:
    """The progress of one of two works as that of both."""
    return on_progress and (lambda done, planned: on_progress(at * planned + done, 2 * planned))


def _checked_others(others: Any) -> tuple[str, ...]:
    """Texts of another file. Raises BadDataError."""
    if others is None:
        return ()
    if not isinstance(others, (list, tuple)) or not all(isinstance(each, str) for each in others):
        raise BadDataError("others must be a list of texts.")
    if len(others) > MOST_OTHERS:
        raise BadDataError(f"There are {len(others):,} texts in others; the limit is {MOST_OTHERS:,}. Send fewer.")
    return tuple(others)


def _encoded(model: Model, rows: Rows, lines: Sequence[int] | None, watch: OnProgress) -> tuple[Encoding, ...]:
    """The texts as another model reads them. Raises BadDataError, which names the row."""
    found = []
    for number, (text, *pair, _) in zip(numbers_of(rows, lines), rows, strict=True):
        try:
            for each in (text, *pair):
                validation.refuse_control_tokens(each, model.control_tokens)
            found.append(model.encode(text, pair[0] if pair else None))
        except TextError as error:
            where = "Labelled text" if lines is None else "Line"
            raise BadDataError(f"{where} {number}: {error}") from None
        watch(0, len(rows))
    return tuple(found)


def numbers_of(rows: Sequence[object], lines: Sequence[int] | None) -> Sequence[int]:
    """The lines of the rows, or their numbers from 1 where there is no file."""
    return range(1, len(rows) + 1) if lines is None else lines


def digest_of(*asked: Any) -> bytes:
    """What stands for rows in the key of a kept answer."""
    parts = [tuple(each) if isinstance(each, (list, range)) else each for each in asked]
    return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).digest()
