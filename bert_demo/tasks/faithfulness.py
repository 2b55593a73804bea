"""The test of an explanation: words masked, or tokens deleted, in its order; all orders and rationales at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch

from bert_demo.core.errors import TextError
from bert_demo.models.base import Embedded, Encoding, Model
from bert_demo.results.attributions import RANDOM_STEPS
from bert_demo.tasks.attribution_request import Score
from bert_demo.tasks.classification import label_logits

THRESHOLDS = np.arange(0.1, 1.1, 0.1)
"""Shares of the tokens for comprehensiveness and sufficiency; ferret's default."""
TOKENS_AT_ONCE = 2048
Measures = tuple[float | None, float | None]
"""(comprehensiveness, sufficiency); None where no token has a positive score."""


class Chance(NamedTuple):
    """(words + 1,) mean, 5th and 95th percentile of the probability in random orders."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Masking:
    """The probability of the target while words are masked one after the other; each set of words is read once.

    embedded: the one window of the text; on_read: called with so many passes after each batch.
    """

    def __init__(self, embedded: Embedded, encoding: Encoding, score: Score, on_read: Callable[[int], None]) -> None:
        self._embedded, self._score, self._on_read = embedded, score, on_read
        places: dict[int, list[int]] = {}
        for place, position in enumerate(encoding.windows[0]):
            word = encoding.tokens[position].word
            if word is not None:
                places.setdefault(word, []).append(place)
        self._words = list(places.values())

    def curves(
        self, random: Sequence[Sequence[int]], orders: Sequence[Sequence[int]]
    ) -> tuple[Chance, list[np.ndarray]]:
        """What random orders give, and of each of `orders` (words + 1,): none masked, the first, ..., all masked."""
        words = len(self._words)
        read = np.unique(np.linspace(0, words, min(words, RANDOM_STEPS) + 1).round().astype(int))
        chance = [[frozenset(order[:count]) for count in read] for order in random]
        sets = [[frozenset(order[:count]) for count in range(words + 1)] for order in orders]
        known = self._read(each for row in (*chance, *sets) for each in row)
        drawn = np.asarray([[known[each] for each in row] for row in chance])
        at_read = (drawn.mean(0), *np.quantile(drawn, (0.05, 0.95), axis=0))
        steps = np.arange(words + 1)
        band = Chance(*(np.interp(steps, read, each) for each in at_read))
        return band, [np.asarray([known[each] for each in row]) for row in sets]

    @torch.no_grad()
    def _read(self, sets: Iterable[frozenset[int]]) -> Mapping[frozenset[int], float]:
        new = list(dict.fromkeys(sets))
        inputs, found = self._embedded.inputs, list[float]()
        empty = self._embedded.baseline if self._embedded.masked is None else self._embedded.masked
        size = max(1, TOKENS_AT_ONCE // inputs.shape[1])
        for start in range(0, len(new), size):
            rows = inputs.repeat(len(new[start : start + size]), 1, 1)
            for row, words in zip(rows, new[start : start + size], strict=True):
                hidden = [place for word in words for place in self._words[word]]
                row[hidden] = empty[0, hidden]
            found += self._score(self._embedded.logits_from(rows)).tolist()
            self._on_read(len(rows))
        return dict(zip(new, found, strict=True))


class Erasing:
    """ERASER's measures as ferret computes them: tokens deleted, the rest written out and read again.

    on_read: called with so many passes after each batch; of rationales that are read again the answer is known.
    """

    def __init__(self, model: Model, encoding: Encoding, score: Score, on_read: Callable[[int], None]) -> None:
        self._model, self._encoding, self._score, self._on_read = model, encoding, score, on_read
        self._places = [place for place, token in enumerate(encoding.tokens) if not token.special]
        self._ids = [encoding.tokens[place].id for place in self._places]
        frame = tuple(token for token in encoding.tokens if token.special)
        self._nothing = Encoding(frame, (0,) * len(frame), (tuple(range(len(frame))),), ((0, 0),))

    def measures(self, scores: Sequence[np.ndarray]) -> list[Measures]:
        """Of the scores (n,) of each method, special tokens among them."""
        everything = range(len(self._ids))
        rationales = [_rationales(each[self._places]) for each in scores]
        alone = [[tuple(sorted(chosen)) for chosen in each] for each in rationales]
        without = [[tuple(i for i in everything if i not in chosen) for chosen in map(set, each)] for each in alone]
        texts = {kept: self._text(kept) for kept in {kept for each in (*alone, *without) for kept in each}}
        read = self._read([self._encoding, *texts.values()])
        whole, known = read[0], dict(zip(texts, read[1:], strict=True))
        self._on_read(sum(map(len, alone)) + sum(map(len, without)) - len(texts))  # of those that are read again

        def lost(sets: Sequence[tuple[int, ...]]) -> float:
            return float(np.mean(whole - np.asarray([known[kept] for kept in sets])))

        return [
            (lost(deleted), lost(kept)) if kept else (None, None) for kept, deleted in zip(alone, without, strict=True)
        ]

    def _text(self, kept: Sequence[int]) -> Encoding:
        try:
            return self._model.encode(self._model.tokenizer.decode([self._ids[place] for place in kept]))
        except TextError:  # nothing is left that can be read
            return self._nothing

    def _read(self, texts: Sequence[Encoding]) -> list[float]:
        """The probability of each, those of like length together and those of the same tokens once."""
        names = [tuple(token.id for token in text.tokens) for text in texts]
        short = {name: text for name, text in zip(names, texts, strict=True) if len(text.windows) == 1}
        found: dict[tuple[int, ...], float] = {}
        for places, logits in self._model.heads["text-classification"].batched_logits(list(short.values())):
            probabilities = self._score(torch.from_numpy(logits)).tolist()
            found.update(zip((list(short)[place] for place in places), probabilities, strict=True))
            self._on_read(len(places))
        for name, text in zip(names, texts, strict=True):
            if name not in found:
                found[name] = float(self._score(torch.from_numpy(label_logits(self._model, text))).mean())
                self._on_read(len(text.windows))
        self._on_read(len(texts) - len(found))  # of the same tokens
        return [found[name] for name in names]


def _rationales(scores: np.ndarray) -> list[list[int]]:
    """The tokens of the greatest positive scores, for each of THRESHOLDS that gives other ones than the last."""
    found: list[list[int]] = []
    for share in THRESHOLDS:
        count = int(share * len(scores))
        if not count:
            continue
        chosen = [int(place) for place in scores.argsort()[-count:][::-1] if scores[place] > 0]
        if chosen and not (found and set(found[-1]) == set(chosen)):
            found.append(chosen)
    return found
