"""What the model decides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bert_demo.backends.base import Backend
from bert_demo.errors import TextError
from bert_demo.results import Classification, LabelScore, NextSentence, Window


def classify(backend: Backend, text: str, pair: str | None) -> Classification:
    """Probabilities of the labels, the mean over the windows of a long text."""
    encoding = backend.encode(text, pair)
    scores = activate(backend.label_logits(encoding), backend.activation)
    windows = tuple(
        Window(positions, span, _ranked(backend.labels, row))
        for positions, span, row in zip(encoding.windows, encoding.spans, scores, strict=True)
    )
    labels = _ranked(backend.labels, scores.mean(0))
    info = backend.info
    return Classification(info.name, info.revision, labels, encoding.tokens, windows, backend.activation)


def next_sentence(backend: Backend, first: str, second: str) -> NextSentence:
    """Probability that the second text follows the first; both must fit into one window."""
    encoding = backend.encode(first, second)
    if len(encoding.windows) > 1:
        raise TextError(
            f"Both texts have {len(encoding.tokens)} tokens together and this model reads {backend.limit}. Shorten one."
        )
    follows, does_not = activate(backend.next_sentence_logits(encoding)[None], "softmax")[0]
    return NextSentence(backend.info.name, backend.info.revision, float(follows), float(does_not))


def activate(logits: np.ndarray, activation: str) -> np.ndarray:
    """(rows, labels) probabilities, in double precision so that they sum to 1."""
    logits = logits.astype(np.float64)
    if activation == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-logits)))
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def _ranked(labels: Sequence[str], scores: np.ndarray) -> tuple[LabelScore, ...]:
    order = np.argsort(-scores, kind="stable")
    return tuple(LabelScore(labels[index], float(scores[index])) for index in order)
