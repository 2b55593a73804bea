"""Texts as batches: of like length, padded to the longest of the batch, in an order that the seed and epoch decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

WINDOW = 50
"""Batches of texts that are drawn at random, and sorted by length among themselves."""
TOKENS_AT_ONCE = 4096
ROWS_AT_ONCE = 64
Row = dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Reader:
    """A tokenizer, and the tokens of a text that are read, special tokens included."""

    tokenizer: Any
    length: int

    def rows(self, texts: Sequence[str]) -> list[Row]:
        """Token ids, and segments where the model has some; of a long text the first `length`, its end token kept."""
        read = self.tokenizer(list(texts), truncation=True, max_length=self.length, verbose=False)
        names = [name for name in ("input_ids", "token_type_ids") if name in read]
        return [{name: read[name][place] for name in names} for place in range(len(texts))]

    def batch(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        """Inputs of rows, each (rows, longest), with attention_mask."""
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        return dict(self.tokenizer.pad(columns, padding_side="right", return_tensors="pt"))


def epoch_batches(lengths: Sequence[int], size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """The places of the rows of each batch of an epoch: a function of its arguments alone."""
    rng = np.random.default_rng((seed, epoch))
    order, long = rng.permutation(len(lengths)), np.asarray(lengths)
    batches: list[np.ndarray] = []
    for start in range(0, len(order), size * WINDOW):
        window = order[start : start + size * WINDOW]
        window = window[np.argsort(long[window], kind="stable")]
        batches += [window[first : first + size] for first in range(0, len(window), size)]
    return [batches[place] for place in rng.permutation(len(batches))]


def by_length(rows: Sequence[Row]) -> Iterator[list[int]]:
    """Places of rows of like length, the longest first, as many together as a batch may have tokens."""
    order = sorted(range(len(rows)), key=lambda place: -len(rows[place]["input_ids"]))
    start = 0
    while start < len(order):
        count = max(1, min(ROWS_AT_ONCE, TOKENS_AT_ONCE // len(rows[order[start]]["input_ids"])))
        yield order[start : start + count]
        start += count


@torch.inference_mode()
def logits_of(model: Any, reader: Reader, rows: Sequence[Row], watch: Callable[[], None]) -> np.ndarray:
    """(rows, outputs) of a model in eval; `watch` is called before each batch."""
    found: dict[int, np.ndarray] = {}
    for places in by_length(rows):
        watch()
        logits = model(**reader.batch([rows[place] for place in places])).logits
        found.update(zip(places, logits.float().numpy(), strict=True))
    return np.stack([found[place] for place in range(len(rows))])
