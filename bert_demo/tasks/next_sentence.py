"""What next-sentence prediction says of pairs that are known: those that belong together, and those that do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from bert_demo.models.base import Model
from bert_demo.results.next_sentence import NextSentenceBaseline
from bert_demo.tasks.probabilities import softmax


def baseline(model: Model, pairs: Sequence[tuple[str, str]], watch: Callable[[int, int], None]) -> NextSentenceBaseline:
    """Every first sentence with every second one, and each pair turned round, in batches. Raises MissingHeadError."""
    firsts, seconds = zip(*pairs, strict=True)
    asked = [*product(firsts, seconds), *zip(seconds, firsts, strict=True)]
    encodings = [model.encode(first, second) for first, second in asked]
    found = np.zeros(len(asked))
    done = 0
    watch(done, len(asked))
    for places, logits in model.heads["next-sentence"].batched_logits(encodings):
        found[places] = softmax(logits)[:, 0]
        done += len(places)
        watch(done, len(asked))
    matrix, turned = np.split(found, [len(pairs) ** 2])
    matrix = matrix.reshape(len(pairs), len(pairs))
    return NextSentenceBaseline(model.info.name, model.info.revision, firsts, seconds, matrix, turned)
