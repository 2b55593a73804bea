"""Which words push a label over many rows: the mean of a word's attributions, so that a shortcut is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import stdtrit

from bert_demo.core.errors import BadDataError
from bert_demo.models.base import Model
from bert_demo.results import Attribution
from bert_demo.results.intervals import Interval
from bert_demo.results.word_effects import RowAttribution, WordEffect, WordEffects
from bert_demo.tasks import attribution
from bert_demo.tasks.attribution_request import Question
from bert_demo.tasks.attribution_targets import Label
from bert_demo.tasks.labelled_rows import Labelled, OnProgress

LEAST_ROWS = 3
"""Rows that a word must stand in; of fewer nothing can be said."""
SAMPLE = 100
MOST_SAMPLE = 500
TOLERANCE = 0.05
"""How far the ledger of a row may be open: what it lacks is small beside how much rows differ."""


def word_effects(
    model: Model,
    rows: Sequence[tuple[str, ...]],
    labelled: Labelled,
    lines: Sequence[int],
    question: Question,
    sample: int,
    watch: OnProgress,
) -> WordEffects:
    """Explain a sample of the rows, drawn at random (always the same of the same rows), and sum up by word.

    `watch` is called with rows after each batch. Raises BadDataError where no row is short enough.
    """
    short = [at for at, each in enumerate(labelled.encodings) if len(each.windows) <= attribution.MOST_WINDOWS]
    if not short:
        raise BadDataError(f"Each text is read in more than {attribution.MOST_WINDOWS} windows. Send shorter ones.")
    drawn = sorted(np.random.default_rng(0).permutation(short)[:sample].tolist())
    found: list[RowAttribution] = []
    closed = 0
    for done, at in enumerate(drawn):
        text, *pair = rows[at][:-1]
        watch(done, len(drawn))
        explained = attribution.attribute(
            Label(model), question, text, pair[0] if pair else None, lambda *_, done=done: watch(done, len(drawn))
        )
        closed += explained.converged is not False
        found.append(_row(at, lines[at], explained))
    watch(len(drawn), len(drawn))
    carries = labelled.truth[:, question.target]
    return WordEffects(
        model=model.info.name,
        revision=model.info.revision,
        target=model.labels[question.target],
        method=question.method,
        baseline=question.baseline,
        output=question.output,
        tolerance=question.tolerance,
        rows=len(rows),
        explained=len(drawn),
        too_long=len(rows) - len(short),
        carrying=int(carries[drawn].sum()),
        closed=closed,
        least=LEAST_ROWS,
        words=effects(found, carries),
        attributions=tuple(found),
    )


def of_most(question: Question, labelled: Labelled) -> Question:
    """The same question of the label that most rows carry."""
    return replace(question, target=int(labelled.truth.sum(0).argmax()))


def _row(at: int, line: int, explained: Attribution) -> RowAttribution:
    words = explained.words
    return RowAttribution(at, line, tuple(word.text for word in words), tuple(word.score for word in words))


@dataclass(slots=True)
class _Sums:
    """Of a word, for each row that has it: the row, the sum of its scores, and how often it occurs there."""

    rows: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)


def effects(explained: Sequence[RowAttribution], carries: np.ndarray) -> tuple[WordEffect, ...]:
    """Words of LEAST_ROWS rows or more: first those whose interval stays farthest from 0, then by their size."""
    sums: dict[str, _Sums] = {}
    for each in explained:
        for word, score in zip(each.words, each.scores, strict=True):
            of = sums.setdefault(word.casefold(), _Sums())
            if not of.rows or of.rows[-1] != each.row:
                of.rows.append(each.row)
                of.scores.append(0.0)
                of.counts.append(0)
            of.scores[-1] += score
            of.counts[-1] += 1
    found = [
        WordEffect(
            word,
            len(of.rows),
            sum(of.counts),
            int(carries[of.rows].sum()),
            mean_over_rows(np.array(of.scores), np.array(of.counts)),
            tuple(of.rows),
        )
        for word, of in sums.items()
        if len(of.rows) >= LEAST_ROWS
    ]
    return tuple(sorted(found, key=lambda each: (-surety(each.effect), -abs(each.effect.value), each.word)))


def surety(effect: Interval) -> float:
    """How far from 0 an interval stays; 0 where it holds 0."""
    return max(effect.low, -effect.high, 0.0)


def mean_over_rows(sums: np.ndarray, counts: np.ndarray) -> Interval:
    """The mean over occurrences, whose sums and counts stand by row: occurrences of one row are not independent.

    A ratio of two sums with its linearised variance (Cochran 1977, section 6.4), and the t distribution of rows - 1.
    """
    many = len(sums)
    value = float(sums.sum() / counts.sum())
    rest = sums - value * counts
    error = float(np.sqrt(many / (many - 1) * (rest**2).sum()) / counts.sum())
    half = float(stdtrit(many - 1, 0.975)) * error
    return Interval(value, value - half, value + half)
