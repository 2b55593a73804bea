"""A token classifier on sentences whose words are tagged: precision, recall and F1 of whole entities, with intervals.

Entities and their match are seqeval's default (`data/entities.py` says where labels without a place differ); a word is
in an entity that overlaps it, as the lens Entities reads them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from bert_demo.core.errors import BadDataError
from bert_demo.data.entities import OUTSIDE, Found, Judged, Outcome, Tag, entities_of, judge, tags_of, types_of
from bert_demo.data.tagged import Tagged
from bert_demo.models.base import Model
from bert_demo.results.entity_evaluation import (
    EntityEvaluation,
    EntityMistake,
    Outcomes,
    Span,
    TaggedRow,
    TypeFigures,
)
from bert_demo.results.intervals import Interval
from bert_demo.tasks import intervals
from bert_demo.tasks.entities import read as entities_in
from bert_demo.tasks.labelled_rows import OnProgress, encoded

AGGREGATION = "first"
OUTCOMES: tuple[Outcome, ...] = ("right", "wrong type", "wrong borders", "missed", "spurious")
_WORD = re.compile(r"\S+")
_PLACED = re.compile(r"[BIESLU][-_].")


def read(
    model: Model, rows: Sequence[Sequence[object]], lines: Sequence[int] | None, most: int, watch: OnProgress
) -> list[Tagged]:
    """The sentences of rows of a text and its tags, both parted by blanks. most: characters of a text.

    Raises BadDataError, naming the row, and where no type is the model's.
    """
    sentences = []
    for place, (text, *second, tags) in enumerate(rows):
        where = f"Labelled text {place + 1}" if lines is None else f"Line {lines[place]}"
        if second:
            raise BadDataError(f"{where}: a model of entities reads one text. Send it and its tags, without a second.")
        encoded(model, text, None, where, most)
        words = tuple(each.span() for each in _WORD.finditer(str(text)))
        named = tuple(str(tags).split())
        if len(named) != len(words):
            raise BadDataError(
                f"{where}: there are {len(words):,} words and {len(named):,} tags. The model {model.info.name} finds "
                'entities: part words and tags by blanks, with a tag for each, such as "B-PER O".'
            )
        sentences.append(Tagged(str(text), words, named))
        watch(0, len(rows))
    _refuse_mixed(sentences, lines)
    refuse_other_types(model, sentences)
    return sentences


def _refuse_mixed(sentences: Sequence[Tagged], lines: Sequence[int] | None) -> None:
    """Raise BadDataError where most tags have a place in front ("B-PER") and one has none."""
    tags = [(place, tag) for place, each in enumerate(sentences) for tag in each.tags if tag != OUTSIDE]
    bare = [(place, tag) for place, tag in tags if not _PLACED.match(tag)]
    if bare and 2 * len(bare) < len(tags):
        place, tag = bare[0]
        where = f"Labelled text {place + 1}" if lines is None else f"Line {lines[place]}"
        raise BadDataError(
            f'{where}: the tag {tag[:40]!r} has no place in front, as others have ("B-", "I-"). Mend it.'
        )


def refuse_other_types(model: Model, sentences: Sequence[Tagged]) -> None:
    """Raise BadDataError where sentences have types and the model knows none of them."""
    own = types_of(tags_of(model.labels))
    there = types_of(_tags(sentences))
    if there and not set(there) & set(own):
        raise BadDataError(
            f"The tags name {', '.join(there[:9])}, and the model {model.info.name} finds {', '.join(own[:9])}: none "
            "is the same. Name types as the model does."
        )


def evaluate(model: Model, sentences: Sequence[Tagged], lines: Sequence[int], watch: OnProgress) -> EntityEvaluation:
    """All figures. `watch` is called after each sentence."""
    answers: list[dict[Found, float]] = []
    for each in sentences:
        answers.append(found_words(model, each))
        watch(len(answers), len(sentences))
    return figures(model, sentences, answers, lines)


def found_words(model: Model, sentence: Tagged) -> dict[Found, float]:
    """What the lens finds, by the numbers of the sentence's words, and how surely."""
    found: dict[Found, float] = {}
    for entity in entities_in(model, sentence.text, AGGREGATION).entities:
        inside = [
            number for number, (start, end) in enumerate(sentence.words) if start < entity.end and entity.start < end
        ]
        if inside:
            found.setdefault(Found(entity.type, inside[0], inside[-1]), entity.score)
    return found


def figures(
    model: Model, sentences: Sequence[Tagged], answers: Sequence[dict[Found, float]], lines: Sequence[int]
) -> EntityEvaluation:
    """The figures of sentences whose entities were found."""
    judged = [
        judge(entities_of(tags), list(found)) for tags, found in zip(_by_sentence(sentences), answers, strict=True)
    ]
    types = sorted({side.type for row in judged for each in row for side in (each.true, each.found) if side})
    together, *rows = (_of_type(np.asarray([counts(row, kind) for row in judged], float)) for kind in (None, *types))
    outcomes = Counter(each.outcome for row in judged for each in row)
    return EntityEvaluation(
        model=model.info.name,
        revision=model.info.revision,
        rows=len(sentences),
        words=sum(len(each.words) for each in sentences),
        precision=together[0],
        recall=together[1],
        f1=together[2],
        types=tuple(TypeFigures(kind, *each) for kind, each in zip(types, rows, strict=True)),
        outcomes=Outcomes(*(outcomes[each] for each in OUTCOMES)),
        mistakes=tuple(_mistakes(sentences, judged, answers, lines)),
        tagged=tuple(
            TaggedRow(
                line,
                each.text,
                " ".join(each.tags),
                " ".join(iob2(list(found), len(each.words))),
                all(one.outcome == "right" for one in row),
            )
            for line, each, row, found in zip(lines, sentences, judged, answers, strict=True)
        ),
    )


def counts(row: Iterable[Judged], kind: str | None) -> tuple[int, int, int]:
    """(right, found, true) of one type in a sentence, or of all."""

    def of_kind(side: Found | None) -> bool:
        return side is not None and kind in (None, side.type)

    rows = list(row)
    right = sum(each.outcome == "right" and of_kind(each.true) for each in rows)
    return right, sum(of_kind(each.found) for each in rows), sum(of_kind(each.true) for each in rows)


def _of_type(table: np.ndarray) -> tuple[Interval, Interval, Interval, int, int]:
    """Precision, recall, F1, how many there are and how many were found, of (sentences, 3) counts.

    Entities of one sentence are not independent, and a bootstrap of sentences is a point where all is right: each
    interval is the wider one of Wilson's and of the Bayesian bootstrap of sentences.
    """
    right, found, true = table.sum(0)
    shares = (
        intervals.share(right, found),
        intervals.share(right, true),
        intervals.f1(right, found + true - 2 * right),
    )
    drawn = intervals.of_rows(table, _ratios)
    wide = [
        Interval(one.value, min(one.low, other.low), max(one.high, other.high))
        for one, other in zip(shares, drawn, strict=True)
    ]
    return wide[0], wide[1], wide[2], int(true), int(found)


def _ratios(sums: np.ndarray) -> np.ndarray:
    """(n, 3) precision, recall, F1 of (n, 3) sums of right, found, true; 0 where there is nothing to divide by."""
    right, found, true = sums.T
    parts = ((right, found), (right, true), (2 * right, found + true))
    return np.stack([np.divide(a, b, out=np.zeros_like(a), where=b > 0) for a, b in parts], axis=1)


def iob2(found: Iterable[Found], words: int) -> list[str]:
    """A tag for each word. Of entities that share a word the earlier has it."""
    tags = [OUTSIDE] * words
    for each in sorted(found, key=lambda one: (one.first, one.last)):
        free = [place for place in range(each.first, each.last + 1) if tags[place] == OUTSIDE]
        for place in free:
            tags[place] = f"{'B' if place == free[0] else 'I'}-{each.type}"
    return tags


def _mistakes(
    sentences: Sequence[Tagged],
    judged: Sequence[Sequence[Judged]],
    answers: Sequence[dict[Found, float]],
    lines: Sequence[int],
) -> list[EntityMistake]:
    """The surest first, what was missed last, else in the visitor's order."""
    wrong = [
        EntityMistake(
            row,
            lines[row],
            sentence.text,
            one.outcome,
            _span(sentence, one.true),
            _span(sentence, one.found),
            None if one.found is None else answers[row][one.found],
        )
        for row, (sentence, each) in enumerate(zip(sentences, judged, strict=True))
        for one in each
        if one.outcome != "right"
    ]
    return sorted(wrong, key=lambda each: 1.0 if each.score is None else -each.score)


def _span(sentence: Tagged, entity: Found | None) -> Span | None:
    if entity is None:
        return None
    start, end = sentence.words[entity.first][0], sentence.words[entity.last][1]
    return Span(entity.type, sentence.text[start:end], start, end)


def _tags(sentences: Sequence[Tagged]) -> tuple[Tag, ...]:
    """What all tags say together, since one sentence may have too few to tell how they are written."""
    return tags_of([tag for each in sentences for tag in each.tags])


def _by_sentence(sentences: Sequence[Tagged]) -> list[Sequence[Tag]]:
    tags, start = _tags(sentences), 0
    found: list[Sequence[Tag]] = []
    for each in sentences:
        found.append(tags[start : start + len(each.tags)])
        start += len(each.tags)
    return found
