"""Pruning: heads switched off in order of importance (Michel et al. 2019), and what becomes of labelled texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bert_demo import validation
from bert_demo.backends.base import Backend, Encoding
from bert_demo.errors import BadDataError
from bert_demo.labelled_rows import parted_label
from bert_demo.results import Head, PruneCurve

OnProgress = Callable[[int, int], None]
MOST_ROWS = 2000
LEAST_CHARACTERS = 20
"""A shorter text is reckoned as so long: the special tokens and the pass itself cost something too."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts of one window each, and what is right: (texts, labels) of True and False."""

    encodings: tuple[Encoding, ...]
    truth: np.ndarray


def passes(points: int, orders: int) -> int:
    """How often each text is read at most: the importance, no head off, all off, and what lies between."""
    return 3 + (orders + 1) * (points - 1)


def refuse_flood(rows: Sequence[tuple[str, str]], points: int, orders: int, most: int) -> None:
    """Raise BadDataError when the passes over all texts together would read more than `most` characters."""
    characters = sum(max(LEAST_CHARACTERS, len(text)) for text, _ in rows if isinstance(text, str))
    times = passes(points, orders)
    if characters * times > most:
        raise BadDataError(
            f"The texts have {characters:,} characters (one counts as {LEAST_CHARACTERS} at least) and would be read "
            f"{times:,} times: {characters * times:,}, where a request may ask for {most:,}. Send fewer or shorter "
            "texts, ask for fewer points or orders, or run python -m bert_demo prune on a machine of your own."
        )


def check_shape(rows: Sequence[tuple[str, str]]) -> None:
    """Raise BadDataError unless these are pairs, from 2 to MOST_ROWS of them."""
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, (list, tuple)) and len(row) == 2 for row in rows):
        raise BadDataError("rows must be pairs of a text and its label.")
    if not 2 <= len(rows) <= MOST_ROWS:
        raise BadDataError(f"There are {len(rows)} labelled texts; from 2 to {MOST_ROWS} can be measured.")


def read(
    backend: Backend, rows: Sequence[tuple[str, str]], lines: Sequence[int] | None, most: int, watch: OnProgress
) -> Labelled:
    """Check the rows and tokenise them; `watch` is called after each with nothing done yet, so that it can stop this.

    lines: where each row stands in the visitor's file; most: characters of a text. Raises BadDataError, which names the
    line, or without lines the number of the row.
    """
    encodings = []
    truth = np.zeros((len(rows), len(backend.labels)), bool)
    for place, (text, label) in enumerate(rows):
        where = f"Labelled text {place + 1}" if lines is None else f"Line {lines[place]}"
        try:
            validation.checked_text(text, most)
            validation.refuse_control_tokens(text, backend.control_tokens)
            encodings.append(backend.encode(text))
        except ValueError as error:
            raise BadDataError(f"{where}: {error}") from None
        if len(encodings[-1].windows) > 1:
            raise BadDataError(
                f"{where}: the text has more tokens than the {backend.limit} that are read at once. Shorten it."
            )
        truth[place, _places(backend, label, where)] = True
        watch(0, len(rows))
    return Labelled(tuple(encodings), truth)


def _places(backend: Backend, label: str, where: str) -> list[int]:
    """The places of a row's labels; only where each label is judged by itself there may be several, or none."""
    several = backend.activation == "sigmoid" and isinstance(label, str)
    names = parted_label(label, backend.labels) if several else [label]
    for name in names:
        if name not in backend.labels:
            raise BadDataError(
                f"{where}: {str(name)[:40]!r} is none of this model's labels: {', '.join(backend.labels)}."
            )
    return [backend.labels.index(name) for name in names]


def prune(backend: Backend, labelled: Labelled, points: int, orders: int, watch: OnProgress) -> PruneCurve:
    """Switch heads off, the least important first, and measure the accuracy; beside it, in random orders.

    Importance is Michel et al. 2019's, on the same texts: mean |d loss / d gate|, each layer scaled to length 1.
    `watch` is called after each batch.
    """
    every = [(layer, head) for layer in range(backend.layers) for head in range(backend.heads)]
    counts = sorted({round(len(every) * step / points) for step in range(points + 1)})
    texts = len(labelled.encodings)
    done = _Progress(watch, texts * (3 + (orders + 1) * (len(counts) - 2)))
    importance = _importance(backend, labelled, done)
    order = sorted(every, key=lambda head: importance[head])
    ways = [order, *_shuffled(every, orders)]
    ends = {count: _accuracy(backend, labelled, every[:count], done) for count in (0, len(every))}
    curves = [
        [ends[count] if count in ends else _accuracy(backend, labelled, way[:count], done) for count in counts]
        for way in ways
    ]
    return PruneCurve(
        model=backend.info.name,
        revision=backend.info.revision,
        order=tuple(order),
        importance=importance,
        counts=tuple(counts),
        accuracy=np.asarray(curves[0]),
        random=np.mean(curves[1:], axis=0),
        orders=orders,
        rows=texts,
        measure="accuracy" if backend.activation == "softmax" else "subset accuracy",
    )


class _Progress:
    """Texts read so far."""

    def __init__(self, watch: OnProgress, planned: int) -> None:
        self._watch, self._planned, self._done = watch, planned, 0

    def add(self, texts: int) -> None:
        """Say that so many more were read. Raises what the watcher raises."""
        self._done += texts
        self._watch(self._done, self._planned)


def _importance(backend: Backend, labelled: Labelled, done: _Progress) -> np.ndarray:
    found = np.zeros((backend.layers, backend.heads))
    for texts, part in backend.gate_gradients(labelled.encodings, labelled.truth):
        found += part
        done.add(texts)
    found /= len(labelled.encodings)
    lengths: np.ndarray = np.sqrt((found**2).sum(1, keepdims=True))
    return np.asarray(found / np.maximum(lengths, 1e-30))


def _shuffled(every: Sequence[Head], orders: int) -> Iterator[list[Head]]:
    draw = np.random.default_rng(0)
    for _ in range(orders):
        yield [every[place] for place in draw.permutation(len(every))]


def _accuracy(backend: Backend, labelled: Labelled, off: Sequence[Head], done: _Progress) -> float:
    """The share of the texts whose answer is right; where labels are judged one by one, whose answers all are."""
    right = 0
    for places, logits in (backend.without(off) if off else backend).many_logits(labelled.encodings):
        truth = labelled.truth[places]
        if backend.activation == "softmax":
            right += int((logits.argmax(-1) == truth.argmax(-1)).sum())
        else:
            right += int(((logits > 0) == truth).all(-1).sum())
        done.add(len(places))
    return right / len(labelled.encodings)
