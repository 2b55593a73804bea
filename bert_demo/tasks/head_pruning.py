"""Pruning: heads switched off in order of importance (Michel et al. 2019), and what becomes of labelled texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bert_demo.core.errors import BadDataError
from bert_demo.models.base import Model
from bert_demo.models.surgery.without_heads import gate_gradients, without_heads
from bert_demo.results import Head, PruneCurve
from bert_demo.tasks.labelled_rows import Labelled, OnProgress

LEAST_CHARACTERS = 20
"""A shorter text is reckoned as so long: the special tokens and the pass itself cost something too."""


def passes(points: int, orders: int) -> int:
    """How often each text is read at most: the importance, no head off, all off, and what lies between."""
    return 3 + (orders + 1) * (points - 1)


def refuse_flood(rows: Sequence[tuple[str, ...]], points: int, orders: int, most: int) -> None:
    """Raise BadDataError when the passes over all texts together would read more than `most` characters."""
    texts = (text for *texts, _ in rows for text in texts)
    characters = sum(max(LEAST_CHARACTERS, len(text)) for text in texts if isinstance(text, str))
    times = passes(points, orders)
    if characters * times > most:
        raise BadDataError(
            f"The texts have {characters:,} characters (one counts as {LEAST_CHARACTERS} at least) and would be read "
            f"{times:,} times: {characters * times:,}, where a request may ask for {most:,}. Send fewer or shorter "
            "texts, ask for fewer points or orders, or run python -m bert_demo prune on a machine of your own."
        )


def prune(model: Model, labelled: Labelled, points: int, orders: int, watch: OnProgress) -> PruneCurve:
    """Switch heads off, the least important first, and measure the accuracy; beside it, in random orders.

    Importance is Michel et al. 2019's, on the same texts: mean |d loss / d gate|, each layer scaled to length 1.
    `watch` is called after each batch.
    """
    every = [(layer, head) for layer in range(model.info.layers) for head in range(model.info.heads)]
    counts = sorted({round(len(every) * step / points) for step in range(points + 1)})
    texts = len(labelled.encodings)
    done = _Progress(watch, texts * (3 + (orders + 1) * (len(counts) - 2)))
    importance = _importance(model, labelled, done)
    order = sorted(every, key=lambda head: importance[head])
    ways = [order, *_shuffled(every, orders)]
    ends = {count: _accuracy(model, labelled, every[:count], done) for count in (0, len(every))}
    curves = [
        [ends[count] if count in ends else _accuracy(model, labelled, way[:count], done) for count in counts]
        for way in ways
    ]
    return PruneCurve(
        model=model.info.name,
        revision=model.info.revision,
        order=tuple(order),
        importance=importance,
        counts=tuple(counts),
        accuracy=np.asarray(curves[0]),
        random=np.mean(curves[1:], axis=0),
        orders=orders,
        rows=texts,
        measure="accuracy" if model.activation == "softmax" else "subset accuracy",
    )


class _Progress:
    """Texts read so far."""

    def __init__(self, watch: OnProgress, planned: int) -> None:
        self._watch, self._planned, self._done = watch, planned, 0

    def add(self, texts: int) -> None:
        """Say that so many more were read. Raises what the watcher raises."""
        self._done += texts
        self._watch(self._done, self._planned)


def importance_of_heads(model: Model, labelled: Labelled, watch: OnProgress) -> np.ndarray:
    """(layers, heads), Michel et al. 2019's: mean |d loss / d gate|, each layer scaled to length 1."""
    return _importance(model, labelled, _Progress(watch, len(labelled.encodings)))


def _importance(model: Model, labelled: Labelled, done: _Progress) -> np.ndarray:
    found = np.zeros((model.info.layers, model.info.heads))
    for texts, part in gate_gradients(model, labelled.encodings, labelled.truth):
        found += part
        done.add(texts)
    found /= len(labelled.encodings)
    lengths: np.ndarray = np.sqrt((found**2).sum(1, keepdims=True))
    return np.asarray(found / np.maximum(lengths, 1e-30))


def _shuffled(every: Sequence[Head], orders: int) -> Iterator[list[Head]]:
    draw = np.random.default_rng(0)
    for _ in range(orders):
        yield [every[place] for place in draw.permutation(len(every))]


def _accuracy(model: Model, labelled: Labelled, off: Sequence[Head], done: _Progress) -> float:
    """The share of the texts whose answer is right; where labels are judged one by one, whose answers all are."""
    right = 0
    head = (without_heads(model, off) if off else model).heads["text-classification"]
    for places, logits in head.batched_logits(labelled.encodings):
        truth = labelled.truth[places]
        if model.activation == "softmax":
            right += int((logits.argmax(-1) == truth.argmax(-1)).sum())
        else:
            right += int(((logits > 0) == truth).all(-1).sum())
        done.add(len(places))
    return right / len(labelled.encodings)
