"""What next-sentence prediction says of pairs that are known: those that belong together, and those that do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from bert_demo.backends.base import Backend
from bert_demo.lenses.classify import activate
from bert_demo.results.pairs import NextSentenceBaseline


def baseline(
    backend: Backend, pairs: Sequence[tuple[str, str]], watch: Callable[[int, int], None]
) -> NextSentenceBaseline:
    """Every first sentence with every second one, and each pair turned round, in batches. Raises MissingHeadError."""
    firsts, seconds = zip(*pairs, strict=True)
    asked = [*product(firsts, seconds), *zip(seconds, firsts, strict=True)]
    encodings = [backend.encode(first, second) for first, second in asked]
    found = np.zeros(len(asked))
    done = 0
    watch(done, len(asked))
    for places, logits in backend.many_next_sentence_logits(encodings):
        found[places] = activate(logits, "softmax")[:, 0]
        done += len(places)
        watch(done, len(asked))
    matrix, turned = np.split(found, [len(pairs) ** 2])
    matrix = matrix.reshape(len(pairs), len(pairs))
    return NextSentenceBaseline(backend.info.name, backend.info.revision, firsts, seconds, matrix, turned)
