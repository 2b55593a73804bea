"""Extractive question answering: where in a passage the answer begins and ends.

As the pipeline of transformers 4.57.1 did (5.3 removed it): an answer is whole words, with the sum of the probabilities
of the pieces that they may begin and end with. But one that several windows hold has the greatest of its probabilities
there, not their sum, which may be above 1 and lifts what is seen twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from bert_demo.core.errors import ChoiceError
from bert_demo.models.base import Embedded, Encoding, Model
from bert_demo.models.embedding import embed_positions
from bert_demo.results.answers import Answer, Answers
from bert_demo.tasks.attribution_request import Question
from bert_demo.tasks.entities import stretch, words_of
from bert_demo.tasks.probabilities import softmax

TASK = "question-answering"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one window: positions where an answer may begin and end, as columns, and their probabilities.

    The first column is the token that stands for no answer. starts, ends: (columns,) that sum to 1.
    """

    columns: tuple[int, ...]
    starts: np.ndarray
    ends: np.ndarray


def find(model: Model, question: str, passage: str, top_k: int, longest: int) -> Answers:
    """The likeliest stretches of up to `longest` tokens, each widened to its words. Raises MissingHeadError."""
    encoding = model.encode(question, passage)
    words = words_of(encoding.tokens)
    best: dict[tuple[int, int], Answer] = {}
    nothing = 1.0
    for window in range(len(encoding.windows)):
        bounds = _bounds(model, encoding, window)
        nothing = min(nothing, float(bounds.starts[0] * bounds.ends[0]))
        for first, last, score in _likeliest(bounds, _words(encoding, window, bounds, words), top_k, longest):
            start, end = encoding.tokens[words[first][0]].start, encoding.tokens[words[last][-1]].end
            span = stretch(passage, start, end)
            if span not in best or best[span].score < score:
                best[span] = Answer(passage[slice(*span)], *span, score, window)
    ranked = sorted(best.values(), key=lambda each: -each.score)[:top_k]
    info = model.info
    return Answers(info.name, info.revision, tuple(ranked), nothing, len(encoding.windows), encoding.tokens)


def _words(encoding: Encoding, window: int, bounds: Bounds, words: Sequence[tuple[int, ...]]) -> np.ndarray:
    """(columns - 1,) the number of the word that each column but the first belongs to."""
    number = {place: count for count, word in enumerate(words) for place in word}
    positions = encoding.windows[window]
    return np.asarray([number[positions[column]] for column in bounds.columns[1:]])


def may_answer(encoding: Encoding, window: int) -> tuple[int, ...]:
    """Columns of a window: its first token, which stands for no answer, and the passage's own."""
    tokens = [encoding.tokens[position] for position in encoding.windows[window]]
    inside = [column for column, token in enumerate(tokens) if token.segment == 1 and not token.special]
    return (0, *inside)


def _bounds(model: Model, encoding: Encoding, window: int) -> Bounds:
    columns = may_answer(encoding, window)
    logits = model.heads[TASK].logits(encoding, window)[list(columns)]
    return Bounds(columns, softmax(logits[:, 0]), softmax(logits[:, 1]))


def _likeliest(bounds: Bounds, words: np.ndarray, count: int, longest: int) -> list[tuple[int, int, float]]:
    """(first word, last word, probability) of the likeliest stretches; those of the same words are one, and summed."""
    table = np.outer(bounds.starts[1:], bounds.ends[1:])
    rows, columns = np.nonzero(np.tril(np.triu(np.ones_like(table)), longest - 1))
    size = int(words.max()) + 1
    keys, places = np.unique(words[rows] * size + words[columns], return_inverse=True)
    sums = np.bincount(places, table[rows, columns])
    order = np.argsort(-sums, kind="stable")[:count]
    return [(int(keys[each]) // size, int(keys[each]) % size, float(sums[each])) for each in order]


class Stretch:
    """An answer to be explained: log P(it begins there) + log P(it ends there). start, end: characters of the passage;
    words that they touch count whole."""

    activation = "softmax"
    mask: int | None = None

    def __init__(self, model: Model, passage: str, start: int, end: int) -> None:
        self.model = model
        self._start, self._end = start, end
        self._name = passage[start:end]
        self._columns: tuple[int, ...] = ()
        self._ends = (0, 0)

    def encode(self, text: str, pair: str | None) -> Encoding:
        """The window in which the answer stands, as a pair of its own. Raises ChoiceError."""
        encoding = self.model.encode(text, pair)
        tokens = encoding.tokens
        found = [
            place
            for word in words_of(tokens)
            if tokens[word[0]].segment == 1 and tokens[word[0]].start < self._end and self._start < tokens[word[-1]].end
            for place in word
        ]
        window = self._window(encoding, found) if found else None
        if window is None:
            raise ChoiceError("No window holds all words of the passage from start to end. Give those of an answer.")
        positions = encoding.windows[window]
        self._columns = may_answer(encoding, window)
        columns = [positions.index(place) for place in (found[0], found[-1])]
        self._ends = self._columns.index(columns[0]), self._columns.index(columns[1])
        return encoding.alone(window)

    def _window(self, encoding: Encoding, found: Sequence[int]) -> int | None:
        """That in which the answer is likeliest."""
        best: tuple[float, int] | None = None
        for window, positions in enumerate(encoding.windows):
            if set(found) <= set(positions):
                bounds = _bounds(self.model, encoding, window)
                first, last = (bounds.columns.index(positions.index(place)) for place in (found[0], found[-1]))
                best = max(best or (-1.0, 0), (float(bounds.starts[first] * bounds.ends[last]), -window))
        return None if best is None else -best[1]

    def embedded(self, encoding: Encoding, window: int, baseline: str) -> Embedded:
        """The log-probability, one output."""
        return embed_positions(self.model, TASK, encoding, baseline, self._level)

    def _level(self, logits: torch.Tensor) -> torch.Tensor:
        """(batch, tokens, 2) -> (batch, 1)."""
        levels = logits[:, list(self._columns)].log_softmax(1)
        return (levels[:, self._ends[0], 0] + levels[:, self._ends[1], 1])[:, None]

    def target(self, question: Question) -> str:
        """The answer."""
        return self._name
