"""What the methods share that switch whole words off: captum's feature mask, and its answer as scores of tokens."""

from __future__ import annotations

import torch

from bert_demo.attribution.base import Problem

ROWS_AT_ONCE = 2048
"""Tokens in one batch of switched texts; no gradients are kept, so that more fit than on the path."""


def feature_mask(problem: Problem) -> torch.Tensor:
    """(1, n, 1): the number of the word of each position; positions in no word share the last number."""
    mask = torch.full((1, problem.inputs.shape[1], 1), len(problem.words), dtype=torch.long)
    for number, word in enumerate(problem.words):
        mask[0, list(word), 0] = number
    return mask


def rows_at_once(problem: Problem) -> int:
    """How many switched texts make up a batch."""
    return max(1, ROWS_AT_ONCE // problem.inputs.shape[1])


def by_token(problem: Problem, explained: torch.Tensor) -> torch.Tensor:
    """Scores (n,) from captum's (1, n, d), which repeats a word's score at each number of it.

    The pieces of a word share its score alike; positions in no word get nothing.
    """
    scores = torch.zeros(problem.inputs.shape[1], dtype=torch.float64)
    for word in problem.words:
        scores[list(word)] = float(explained[0, word[0], 0]) / len(word)
    return scores
