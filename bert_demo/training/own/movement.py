"""How far training moved the states behind each layer: the same tokens, before and after.

Linear CKA is of Kornblith et al., "Similarity of Neural Network Representations Revisited" (2019), equation 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from bert_demo.results.training import LayerMove, Movement
from bert_demo.training.own.reading import Reader, Row, by_length

MOST_TOKENS = 2000
"""That are compared: the states of all layers of both models are held at once."""


def movement(start: Any, made: Any, reader: Reader, texts: Sequence[str]) -> Movement:
    """Of two encoders in eval with the same layers, on as many of the texts, from the first, as have MOST_TOKENS."""
    rows = _first(reader.rows(texts))
    before, after = _states(start, reader, rows), _states(made, reader, rows)
    layers = tuple(
        LayerMove(place - 1, mean_cosine(one, other), linear_cka(one, other))
        for place, (one, other) in enumerate(zip(before, after, strict=True))
    )
    return Movement(len(rows), len(before[0]), layers)


def mean_cosine(before: np.ndarray, after: np.ndarray) -> float:
    """The mean over the rows of (n, d) and (n, d) of the cosine between a row and the same row of the other."""
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    return float(((before * after).sum(1) / np.maximum(lengths, np.finfo(float).tiny)).mean())


def linear_cka(before: np.ndarray, after: np.ndarray) -> float:
    """Of (n, d) and (n, e): 1 where one is the other, turned, moved or stretched alike; 0 where all rows are equal."""
    one, other = before - before.mean(0), after - after.mean(0)
    whole = float(np.linalg.norm(one.T @ one) * np.linalg.norm(other.T @ other))
    return float(np.linalg.norm(one.T @ other) ** 2 / whole) if whole else 0.0


def _first(rows: Sequence[Row]) -> list[Row]:
    ends = np.cumsum([len(row["input_ids"]) for row in rows])
    return list(rows[: max(1, int((ends <= MOST_TOKENS).sum()))])


@torch.inference_mode()
def _states(encoder: Any, reader: Reader, rows: Sequence[Row]) -> list[np.ndarray]:
    """(tokens, d) before the first layer and behind each one; a batch has the same tokens in both models."""
    found: list[list[np.ndarray]] = []
    for places in by_length(rows):
        inputs = reader.batch([rows[place] for place in places])
        there = inputs["attention_mask"].bool()
        states = encoder(**inputs, output_hidden_states=True).hidden_states
        found.append([state[there].double().numpy() for state in states])
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]
