"""A classifier on labelled rows: its figures, each with an interval, its confusions, its calibration, its mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from bert_demo.models.base import Encoding, Model
from bert_demo.results.evaluation import AnsweredRow, Evaluation, LabelFigures, answers_of
from bert_demo.results.intervals import Interval
from bert_demo.tasks import intervals
from bert_demo.tasks.calibration import calibration
from bert_demo.tasks.labelled_rows import Labelled, OnProgress
from bert_demo.tasks.probabilities import activate
from bert_demo.tasks.slices import slices
from bert_demo.tasks.tuning import tuning

CHUNK = 256
"""Rows that are read before an estimate of all is told; inside of them texts of like length are read together."""
OnScored = Callable[[Evaluation], None]


def evaluate(
    model: Model,
    rows: Sequence[tuple[str, ...]],
    labelled: Labelled,
    lines: Sequence[int],
    word: str,
    watch: OnProgress,
    on_scored: OnScored | None = None,
) -> Evaluation:
    """All figures. `watch` is called after each batch, on_scored with those of the rows so far, in the file's order."""
    found = np.zeros(labelled.truth.shape)
    for end in score_rows(model, labelled.encodings, found, watch):
        if on_scored is not None and end < len(found):
            on_scored(figures(model, rows[:end], labelled, found[:end], lines[:end], word))
    whole = figures(model, rows, labelled, found, lines, word)
    return replace(whole, tuning=tuning(model.labels, found, labelled.truth, model.activation == "sigmoid"))


def score_rows(model: Model, encodings: Sequence[Encoding], found: np.ndarray, watch: OnProgress) -> Iterator[int]:
    """Write the probabilities of each row, the mean of its windows, into `found`; yields how many rows are done."""
    head = model.heads["text-classification"]
    for start in range(0, len(encodings), CHUNK):
        part = encodings[start : start + CHUNK]
        pieces = [(row, piece) for row, encoding in enumerate(part, start) for piece in one_window_each(encoding)]
        read = 0
        for places, logits in head.batched_logits([piece for _, piece in pieces]):
            scores = activate(logits, model.activation)
            for place, score in zip(places, scores, strict=True):
                row = pieces[place][0]
                found[row] += score / len(encodings[row].windows)
            read += len(places)
            watch(min(len(encodings), start + round(len(part) * read / len(pieces))), len(encodings))
        yield start + len(part)


def one_window_each(encoding: Encoding) -> list[Encoding]:
    """The windows of a text, each as a text of one window."""
    if len(encoding.windows) == 1:
        return [encoding]
    return [
        Encoding(
            tuple(encoding.tokens[place] for place in window),
            tuple(encoding.segments[place] for place in window),
            (tuple(range(len(window))),),
            ((window.index(span[0]), window.index(span[1])),),
        )
        for window, span in zip(encoding.windows, encoding.spans, strict=True)
    ]


def figures(
    model: Model,
    rows: Sequence[tuple[str, ...]],
    labelled: Labelled,
    probabilities: np.ndarray,
    lines: Sequence[int],
    word: str = "",
) -> Evaluation:
    """The figures of rows (the first of `labelled`) whose probabilities are known."""
    several = model.activation == "sigmoid"
    truth = labelled.truth[: len(rows)]
    answers = answers_of(probabilities, several)
    right = (answers == truth).all(1)
    confusion = None if several else np.asarray(truth.T.astype(int) @ answers.astype(int))
    macro, micro = means(truth, answers, confusion)
    certain = probabilities if several else probabilities.max(1)
    held = truth if several else right
    texts = [text for text, *_ in rows]
    return Evaluation(
        model=model.info.name,
        revision=model.info.revision,
        rows=len(rows),
        measure="subset accuracy" if several else "accuracy",
        accuracy=intervals.share(float(right.sum()), len(rows)),
        macro_precision=macro[0],
        macro_recall=macro[1],
        macro_f1=macro[2],
        micro_f1=micro,
        labels=tuple(label_figures(label, truth[:, at], answers[:, at]) for at, label in enumerate(model.labels)),
        confusion=confusion,
        calibration=calibration(certain.ravel(), held.ravel()),
        slices=slices(texts, labelled.encodings[: len(rows)], right, word),
        answered=_answered(model.labels, rows, lines, truth, answers, probabilities),
        probabilities=probabilities.copy(),
        truth=truth.copy(),
    )


def label_figures(label: str, truth: np.ndarray, answers: np.ndarray) -> LabelFigures:
    """Figures of one label, from (rows,) whether each row carries it and whether it was given it."""
    hits, wrong, missed = (int(each.sum()) for each in (truth & answers, ~truth & answers, truth & ~answers))
    return LabelFigures(
        label,
        intervals.share(hits, hits + wrong),
        intervals.share(hits, hits + missed),
        intervals.f1(hits, wrong + missed),
        hits + missed,
        hits + wrong,
        ((int(len(truth) - hits - wrong - missed), wrong), (missed, hits)),
    )


def means(
    truth: np.ndarray, answers: np.ndarray, confusion: np.ndarray | None
) -> tuple[list[Interval], Interval | None]:
    """(macro precision, recall, F1), micro F1 of independent labels. Macro: over labels that occur on either side, of
    independent labels over all, as scikit-learn means them."""
    if confusion is not None:
        there = confusion.sum(0) + confusion.sum(1) > 0

        def of_tables(counts: np.ndarray) -> np.ndarray:
            hits = np.diagonal(counts, axis1=1, axis2=2)
            return _macro(hits, counts.sum(1), counts.sum(2), there)

        return intervals.of_counts(confusion, of_tables), None
    many = truth.shape[1]
    rows = np.hstack([truth & answers, answers, truth]).astype(float)

    def of_sums(sums: np.ndarray) -> np.ndarray:
        hits, answered, held = np.split(sums, 3, axis=1)
        micro = _ratio(2 * hits.sum(1), answered.sum(1) + held.sum(1))
        return np.column_stack([_macro(hits, answered, held, np.ones(many, bool)), micro])

    *macro, micro = intervals.of_rows(rows, of_sums)
    return macro, micro


def _macro(hits: np.ndarray, answered: np.ndarray, held: np.ndarray, there: np.ndarray) -> np.ndarray:
    """(n, 3) mean precision, recall and F1 of (n, labels)."""
    parts = ((hits, answered), (hits, held), (2 * hits, answered + held))
    return np.stack([_ratio(part, whole)[:, there].mean(1) for part, whole in parts], axis=1)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, and 0 where the whole is 0, as scikit-learn's `zero_division=0.0`."""
    return np.asarray(np.divide(part, whole, out=np.zeros(whole.shape), where=whole > 0))


def _answered(
    labels: Sequence[str],
    rows: Sequence[tuple[str, ...]],
    lines: Sequence[int],
    truth: np.ndarray,
    answers: np.ndarray,
    probabilities: np.ndarray,
) -> tuple[AnsweredRow, ...]:
    """All rows: the wrong ones, the most confident first, then the right ones, the least confident first."""
    sure = np.where(answers, probabilities, 1 - probabilities)
    one_each = bool((truth.sum(1) == 1).all() and (answers.sum(1) == 1).all())
    right = (answers == truth).all(1)
    doubt = probabilities.max(1) if one_each else np.where(answers != truth, sure, 0.0).max(1)
    scores = np.where(right, probabilities.max(1) if one_each else sure.min(1), doubt)
    order = sorted(range(len(rows)), key=lambda at: (bool(right[at]), float(scores[at]) * (1 if right[at] else -1)))

    def names(row: np.ndarray) -> tuple[str, ...]:
        return tuple(label for label, there in zip(labels, row, strict=True) if there)

    return tuple(
        AnsweredRow(
            at,
            lines[at],
            rows[at][0],
            rows[at][1] if len(rows[at]) == 3 else None,
            names(truth[at]),
            names(answers[at]),
            float(scores[at]),
        )
        for at in order
    )
