"""Which pieces of the texts are read at a step: a function of the seed and the step alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bert_demo.training.pretraining.corpus import Corpus
from bert_demo.training.pretraining.packing import Mixture, lengths, pack


@dataclass(frozen=True, slots=True)
class Groups:
    """An epoch: pieces (pieces, 5), groups of them that are equally long, and the first group of each step.

    steps: (steps + 1,), the last entry is where the last step ends.
    """

    pieces: np.ndarray
    groups: list[np.ndarray]
    steps: np.ndarray


def equal_groups(sizes: np.ndarray, most_tokens: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Part the numbers of pieces into shuffled groups of one length each, of at most `most_tokens` tokens.

    sizes: (pieces,) tokens of each. Every piece is in one group; a piece longer than `most_tokens` is a group alone.
    """
    shuffled = rng.permutation(len(sizes))
    by_size = shuffled[np.argsort(sizes[shuffled], kind="stable")]
    found: list[np.ndarray] = []
    for same in np.split(by_size, np.flatnonzero(np.diff(sizes[by_size])) + 1):
        count = max(1, most_tokens // int(sizes[same[0]])) if len(same) else 1
        found += [same[start : start + count] for start in range(0, len(same), count)]
    return [found[number] for number in rng.permutation(len(found))]


class PieceOrder:
    """The pieces of each step, in groups of one length, so that nothing is padding.

    Every epoch cuts the texts anew. A step has `batch_tokens` tokens on average, a group at most `group_tokens`; what
    fills no step at the end of an epoch is left out of it.
    """

    def __init__(
        self, text: Corpus, mixture: Mixture, batch_tokens: int, seed: int = 0, group_tokens: int = 1024
    ) -> None:
        self._text, self._mixture, self._seed = text, mixture, seed
        self._batch_tokens, self._group_tokens = batch_tokens, group_tokens
        self._epoch, self._first = -1, 0
        self._now = Groups(np.empty((0, 5), dtype=np.int64), [], np.zeros(1, dtype=np.int64))

    def at(self, step: int) -> list[np.ndarray]:
        """The groups of pieces of `step`, each (rows, 5) as in `pieces`."""
        if step < self._first:
            self._epoch, self._first = -1, 0
            self._now = Groups(self._now.pieces, [], np.zeros(1, dtype=np.int64))
        while step - self._first >= len(self._now.steps) - 1:
            self._first += len(self._now.steps) - 1
            self._epoch += 1
            self._now = self._cut(self._epoch)
        here = step - self._first
        numbers = self._now.groups[self._now.steps[here] : self._now.steps[here + 1]]
        return [self._now.pieces[group] for group in numbers]

    def _cut(self, epoch: int) -> Groups:
        rng = np.random.default_rng((self._seed, epoch))
        pieces = pack(self._text, self._mixture, rng)
        sizes = lengths(pieces)
        groups = equal_groups(sizes, self._group_tokens, rng)
        read = np.cumsum([int(sizes[group].sum()) for group in groups])
        steps = max(1, int(read[-1]) // self._batch_tokens)
        ends = np.searchsorted(read, np.arange(1, steps + 1) * self._batch_tokens, side="right")
        return Groups(pieces, groups, np.concatenate([[0], ends]))
