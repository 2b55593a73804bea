"""Rows of token ids in batches of like length, padded as the tokenizer itself pads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

BATCH = 32


def padded(tokenizer: Any, rows: Sequence[Sequence[int]]) -> dict[str, torch.Tensor]:
    """input_ids and attention_mask of rows of different length, each (rows, longest)."""
    return dict(tokenizer.pad({"input_ids": list(rows)}, padding_side="right", return_tensors="pt"))


class EpochOrder:
    """Batches of texts of like length in random order; a function of the seed and the step alone.

    rows: each an array of its pieces; longer ones than `length` are read at a random stretch.
    """

    def __init__(self, rows: list[np.ndarray], length: int, seed: int) -> None:
        self._rows, self._length, self._seed = rows, length, seed
        self._epoch = -1
        self._batches: list[np.ndarray] = []

    def batch(self, step: int) -> tuple[np.ndarray, list[np.ndarray]]:
        """The numbers of a step's rows, and their pieces."""
        per_epoch = -(-len(self._rows) // BATCH)
        epoch, index = divmod(step, per_epoch)
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._shuffle(epoch)
        chosen = self._batches[index]
        rng = np.random.default_rng((self._seed, epoch, index))
        return chosen, [self._stretch(self._rows[row], rng) for row in chosen]

    def _shuffle(self, epoch: int) -> list[np.ndarray]:
        rng = np.random.default_rng((self._seed, epoch))
        order = rng.permutation(len(self._rows))
        lengths = np.asarray([min(len(self._rows[row]), self._length) for row in order])
        batches: list[np.ndarray] = []
        for start in range(0, len(order), BATCH * 64):
            window = order[start : start + BATCH * 64]
            window = window[np.argsort(lengths[start : start + BATCH * 64], kind="stable")]
            batches += [window[first : first + BATCH] for first in range(0, len(window), BATCH)]
        return [batches[index] for index in rng.permutation(len(batches))]

    def _stretch(self, row: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        spare = len(row) - self._length
        first = int(rng.integers(spare + 1)) if spare > 0 else 0
        return row[first : first + self._length]
