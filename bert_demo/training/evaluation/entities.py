"""A token classifier on tagged sentences, as the lens Entities reads them: F1 of whole entities by seqeval's rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bert_demo.data.entities import Found, entities_of, judge, tags_of
from bert_demo.data.tagged import Tagged
from bert_demo.models.base import Model
from bert_demo.tasks.entity_rows import counts, found_words
from bert_demo.training.evaluation.interval import RESAMPLES, Interval, bootstrap_many


@dataclass(frozen=True, slots=True)
class TypeFigures:
    """Precision, recall and F1 of one type, or of all together, and how many entities there are."""

    type: str
    precision: Interval
    recall: Interval
    f1: Interval
    support: int


@dataclass(frozen=True, slots=True)
class EntityMistake:
    """What was wrong in a sentence: the outcome, what is there and what was found, each with its type, or ""."""

    text: str
    outcome: str
    true: str
    found: str


@dataclass(frozen=True, slots=True)
class EntityReport:
    """Figures of all types together, of each, how often each outcome was, and the mistakes in the order of the file."""

    sentences: int
    together: TypeFigures
    types: tuple[TypeFigures, ...]
    outcomes: tuple[tuple[str, int], ...]
    mistakes: tuple[EntityMistake, ...]


def evaluate(model: Model, sentences: Sequence[Tagged], resamples: int = RESAMPLES) -> EntityReport:
    """Entities of words: a word is in an entity that overlaps it. The bootstrap draws sentences."""
    judged = [judge(entities_of(tags_of(each.tags)), list(found_words(model, each))) for each in sentences]
    types = sorted({side.type for row in judged for each in row for side in (each.true, each.found) if side})
    table = np.asarray([[counts(row, kind) for kind in (None, *types)] for row in judged], dtype=np.float64)

    def figures(drawn: np.ndarray) -> np.ndarray:
        right, found, true = np.tensordot(drawn, table, 1).T
        return np.concatenate([_ratio(right, found), _ratio(right, true), _ratio(2 * right, found + true)])

    intervals = bootstrap_many(len(judged), figures, resamples)
    width = len(types) + 1
    rows = [
        TypeFigures(name, precision, recall, f1, int(table[:, place, 2].sum()))
        for place, name in enumerate(("all", *types))
        for precision, recall, f1 in (intervals[place::width],)
    ]
    outcomes = Counter(each.outcome for row in judged for each in row)
    mistakes = tuple(
        EntityMistake(each.text, one.outcome, _named(each, one.true), _named(each, one.found))
        for each, row in zip(sentences, judged, strict=True)
        for one in row
        if one.outcome != "right"
    )
    return EntityReport(len(judged), rows[0], tuple(rows[1:]), tuple(outcomes.items()), mistakes)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))


def _named(sentence: Tagged, entity: Found | None) -> str:
    if entity is None:
        return ""
    start, end = sentence.words[entity.first][0], sentence.words[entity.last][1]
    return f"{sentence.text[start:end]} ({entity.type})"
