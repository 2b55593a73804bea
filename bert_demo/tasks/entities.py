"""Named entities: a label for each piece, words of pieces, entities of words.

As the pipeline of transformers 5.23.0 does, except where that is wrong: a long text is read whole, in windows; a word's
pieces are those that the tokenizer made of it; B- and I- of one type are one when a word is averaged; a label is parted
only where all labels have a place in front or behind.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bert_demo.data.entities import OUTSIDE, Found, Tag, entities_of, judge, precision_recall_f1, tags_of, types_of
from bert_demo.models.base import Encoding, Model
from bert_demo.registry.languages import without_spaces
from bert_demo.results import Token
from bert_demo.results.entities import Entity, EntityReading, Judgement, TrueEntity
from bert_demo.tasks.probabilities import softmax

TASK = "token-classification"


@dataclass(frozen=True, slots=True)
class Unit:
    """A word, or with "none" and "simple" a piece: its positions among the tokens, what it is, and how surely."""

    positions: tuple[int, ...]
    tag: Tag
    score: float
    label: str


def read(model: Model, text: str, aggregation: str, truth: Sequence[TrueEntity] | None = None) -> EntityReading:
    """The entities of a text, by one of `validation.AGGREGATIONS`; judged where the truth is given.

    Raises MissingHeadError.
    """
    encoding = model.encode(text)
    scores = probabilities(model, encoding)
    found = [_entity(text, encoding.tokens, group) for group in _groups(model, encoding, scores, aggregation)]
    reading = EntityReading(
        model.info.name,
        model.info.revision,
        aggregation,
        tuple(found),
        model.labels,
        types_of(tags_of(model.labels)),
        encoding.tokens,
        len(encoding.windows),
        scores,
        text=text,
    )
    return reading if truth is None else _judged(reading, truth)


def probabilities(model: Model, encoding: Encoding) -> np.ndarray:
    """(tokens, labels): each piece as the window says in which its word stands whole, farthest from the edges.

    A special token, and a piece of a word that stands whole in none, is read where it stands farthest by itself.
    """
    head = model.heads[TASK]
    windows = [softmax(head.logits(encoding, window)) for window in range(len(encoding.windows))]
    if len(windows) == 1:
        return windows[0]
    found = np.zeros((len(encoding.tokens), windows[0].shape[1]))
    columns = [{position: column for column, position in enumerate(window)} for window in encoding.windows]
    special = [(place,) for place, token in enumerate(encoding.tokens) if token.special]
    for positions in [*words_of(encoding.tokens), *special]:
        whole = best_window(encoding, positions)
        for position in positions:
            window = best_window(encoding, (position,)) if whole is None else whole
            if window is not None:
                found[position] = windows[window][columns[window][position]]
    return found


def best_window(encoding: Encoding, positions: Sequence[int]) -> int | None:
    """The window that holds all these tokens farthest from its edges; the edges of the text are none."""
    last = len(encoding.spans) - 1
    best: tuple[float, int] | None = None
    for number, (window, (begin, end)) in enumerate(zip(encoding.windows, encoding.spans, strict=True)):
        if set(positions) <= set(window):
            left = np.inf if number == 0 else positions[0] - begin
            right = np.inf if number == last else end - positions[-1]
            best = max(best or (-np.inf, 0), (float(min(left, right)), -number))
    return None if best is None else -best[1]


def words_of(tokens: Sequence[Token]) -> list[tuple[int, ...]]:
    """The positions of each word's pieces. Scripts without spaces have a word for each piece."""
    words: list[list[int]] = []
    last: Token | None = None
    for place, token in enumerate(tokens):
        if token.word is None:
            continue
        if last is not None and token.word == last.word and not (_alone(token) or _alone(last)):
            words[-1].append(place)
        else:
            words.append([place])
        last = token
    return [tuple(each) for each in words]


def _alone(token: Token) -> bool:
    return any(map(without_spaces, token.text))


def _groups(model: Model, encoding: Encoding, scores: np.ndarray, aggregation: str) -> list[list[Unit]]:
    """The units of each entity."""
    tags, words = tags_of(model.labels), words_of(encoding.tokens)
    if aggregation in ("none", "simple"):
        words = [(position,) for word in words for position in word]
    units = [_WAYS[aggregation](model.labels, tags, scores, word) for word in words]
    if aggregation == "none":
        return [[replace(unit, tag=Tag("I", unit.label))] for unit in units if unit.tag.place != OUTSIDE]
    return [units[each.first : each.last + 1] for each in entities_of([unit.tag for unit in units])]


Way = Callable[[Sequence[str], Sequence[Tag], np.ndarray, tuple[int, ...]], Unit]


def _by_piece(labels: Sequence[str], tags: Sequence[Tag], scores: np.ndarray, word: tuple[int, ...], at: int) -> Unit:
    """What one piece says of the word."""
    label = int(scores[at].argmax())
    return Unit(word, tags[label], float(scores[at, label]), labels[label])


def _by_first(labels: Sequence[str], tags: Sequence[Tag], scores: np.ndarray, word: tuple[int, ...]) -> Unit:
    return _by_piece(labels, tags, scores, word, word[0])


def _by_surest(labels: Sequence[str], tags: Sequence[Tag], scores: np.ndarray, word: tuple[int, ...]) -> Unit:
    return _by_piece(labels, tags, scores, word, max(word, key=lambda place: float(scores[place].max())))


def _by_mean(labels: Sequence[str], tags: Sequence[Tag], scores: np.ndarray, word: tuple[int, ...]) -> Unit:
    """The label that is likeliest for the first piece and, whatever their place, for the type of all others.

    A word that begins an entity is B- in its first piece and I- in the others: what is averaged behind the first is
    the probability of the type.
    """
    rest = scores[list(word[1:])]
    kinds = [tag.type for tag in tags]
    of_type = {kind: rest[:, [each == kind for each in kinds]].sum(1).sum() for kind in set(kinds)}
    means = [(scores[word[0], place] + of_type[kind]) / len(word) for place, kind in enumerate(kinds)]
    best = int(np.argmax(means))
    return Unit(word, tags[best], float(means[best]), labels[best])


_WAYS: dict[str, Way] = {
    "none": _by_first, "simple": _by_first, "first": _by_first, "average": _by_mean, "max": _by_surest,
}  # fmt: skip


def _entity(text: str, tokens: Sequence[Token], units: Sequence[Unit]) -> Entity:
    first, last = units[0].positions[0], units[-1].positions[-1]
    start, end = stretch(text, tokens[first].start, tokens[last].end)
    return Entity(
        units[0].tag.type, text[start:end], start, end, float(np.mean([unit.score for unit in units])), first, last
    )


def stretch(text: str, start: int, end: int) -> tuple[int, int]:
    """Without the blanks that some tokenizers count in, with the accents that they leave behind the last letter."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return start, end


def _judged(reading: EntityReading, truth: Sequence[TrueEntity]) -> EntityReading:
    true = {Found(each.type, each.start, each.end - 1): each for each in truth}
    found = {Found(each.type, each.start, each.end - 1): each for each in reading.entities}
    judged = judge(list(true), list(found))
    figures = precision_recall_f1(judged)
    rows = tuple(
        Judgement(
            each.outcome,
            None if each.true is None else true[each.true],
            None if each.found is None else found[each.found],
        )
        for each in judged
    )
    return replace(reading, judgements=rows, precision=figures[0], recall=figures[1], f1=figures[2])
