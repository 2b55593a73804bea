"""Which head finds which grammatical relation best, chosen on some sentences and measured on others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bert_demo.results import FROM_HEAD, TO_HEAD
from bert_demo.training.evaluation.dependencies import ALL, OFFSETS, Evidence
from bert_demo.training.evaluation.interval import RESAMPLES

LEAST = 50
"""A relation is reported when it occurs so often."""


@dataclass(frozen=True, slots=True)
class BestHead:
    """The best head of a relation and the best offset, chosen on other sentences than those of the figures.

    low, high: 95 % bootstrap interval of the accuracy over sentences; gain_low, gain_high: of accuracy - baseline.
    """

    relation: str
    layer: int
    head: int
    direction: str
    accuracy: float
    low: float
    high: float
    offset: int
    baseline: float
    gain_low: float
    gain_high: float
    occurrences: int


def best_heads(chosen_on: Evidence, reported_on: Evidence, least: int = LEAST) -> list[BestHead]:
    """For each relation that occurs `least` times in what is reported on, all together first, then by frequency.

    Head, direction and offset are the best in `chosen_on`, so that the figures do not gain by the choice among them.
    """
    names, counts = np.unique(reported_on.relations, return_counts=True)
    ranked = sorted(zip(counts.tolist(), names.tolist(), strict=True), key=lambda each: (-each[0], each[1]))
    relations = [ALL, *(name for count, name in ranked if count >= least and chosen_on.of(name).any())]
    return [_best_head(relation, chosen_on, reported_on) for relation in relations]


def _best_head(relation: str, chosen_on: Evidence, reported_on: Evidence) -> BestHead:
    rows = chosen_on.of(relation)
    shares = chosen_on.heads[rows].mean(0)
    way, layer, head = (int(place) for place in np.unravel_index(int(shares.argmax()), shares.shape))
    offset = int(chosen_on.offsets[rows].mean(0).argmax())
    rows = reported_on.of(relation)
    by_head = reported_on.heads[rows, way, layer, head].astype(float)
    by_offset = reported_on.offsets[rows, offset].astype(float)
    drawn = _resampled(reported_on.sentence[rows], np.stack([by_head, by_head - by_offset], 1))
    (low, gain_low), (high, gain_high) = np.percentile(drawn, [2.5, 97.5], axis=0).round(4).tolist()
    return BestHead(
        relation,
        layer,
        head,
        (TO_HEAD, FROM_HEAD)[way],
        round(float(by_head.mean()), 4),
        low,
        high,
        OFFSETS[offset],
        round(float(by_offset.mean()), 4),
        gain_low,
        gain_high,
        len(by_head),
    )


def _resampled(sentence: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(RESAMPLES, k) means of (arcs, k) values when the sentences that hold them are drawn anew."""
    _, place = np.unique(sentence, return_inverse=True)
    sums = np.stack([np.bincount(place, column) for column in values.T], 1)
    sizes = np.bincount(place)
    drawn = np.random.default_rng(0).multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), RESAMPLES)
    means: np.ndarray = drawn @ sums / (drawn @ sizes)[:, None]
    return means
