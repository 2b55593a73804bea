"""Logits as probabilities, or as the numbers that they are: the one place, for arrays."""

from __future__ import annotations

import numpy as np


def activate(logits: np.ndarray, activation: str) -> np.ndarray:
    """(..., outputs) probabilities by "softmax" or "sigmoid", in double precision so that they sum to 1; by "none" the
    numbers as they are."""
    if activation == "none":
        return logits.astype(np.float64)
    return sigmoid(logits) if activation == "sigmoid" else softmax(logits)


def softmax(logits: np.ndarray) -> np.ndarray:
    """(..., outputs) that sum to 1, in double precision."""
    logits = logits.astype(np.float64)
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """(..., outputs), each from 0 to 1 by itself, in double precision."""
    return np.asarray(1 / (1 + np.exp(-logits.astype(np.float64))))
