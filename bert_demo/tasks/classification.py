"""What the model decides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bert_demo.core.errors import TextError
from bert_demo.models.base import Encoding, Model
from bert_demo.results import Classification, LabelScore, NextSentence, Window
from bert_demo.tasks.probabilities import activate, softmax


def classify(model: Model, text: str, pair: str | None, activation: str | None = None) -> Classification:
    """Probabilities of the labels, or the numbers of a regression, the mean over the windows of a long text.

    activation: "softmax", "sigmoid" or "none"; None for the model's own.
    """
    encoding = model.encode(text, pair)
    activation = activation or model.activation
    scores = activate(label_logits(model, encoding), activation)
    windows = tuple(
        Window(positions, span, _ranked(model.labels, row))
        for positions, span, row in zip(encoding.windows, encoding.spans, scores, strict=True)
    )
    labels = _ranked(model.labels, scores.mean(0))
    info = model.info
    return Classification(info.name, info.revision, labels, encoding.tokens, windows, activation)


def next_sentence(model: Model, first: str, second: str) -> NextSentence:
    """Probability that the second text follows the first; both must fit into one window."""
    encoding = model.encode(first, second)
    if len(encoding.windows) > 1:
        raise TextError(
            f"Both texts have {len(encoding.tokens)} tokens together and this model reads {model.info.limit}. "
            "Shorten one."
        )
    follows, does_not = softmax(model.heads["next-sentence"].logits(encoding))
    return NextSentence(model.info.name, model.info.revision, float(follows), float(does_not))


def likeliest(model: Model, text: str, pair: str | None) -> int:
    """The place of the label with the highest mean probability over the windows."""
    return int(activate(label_logits(model, model.encode(text, pair)), model.activation).mean(0).argmax())


def label_logits(model: Model, encoding: Encoding) -> np.ndarray:
    """(windows, labels) logits of the classifier. Raises MissingHeadError."""
    head = model.heads["text-classification"]
    return np.stack([head.logits(encoding, window) for window in range(len(encoding.windows))])


def _ranked(labels: Sequence[str], scores: np.ndarray) -> tuple[LabelScore, ...]:
    order = np.argsort(-scores, kind="stable")
    return tuple(LabelScore(labels[index], float(scores[index])) for index in order)
