"""What a model costs and is worth, the original and the smaller one measured in turns in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import torch

from bert_demo.models.base import Encoding, Model
from bert_demo.results.evaluation import Evaluation
from bert_demo.tasks import evaluation, labelled_rows
from bert_demo.tasks.labelled_rows import OnProgress
from bert_demo.tasks.probabilities import activate
from bert_demo.training.smaller.int8 import Session
from bert_demo.training.smaller.ways import Rows

BATCH = 32
ROUNDS = 9
"""How often each is timed; the figure is the median."""


def bytes_of(directory: Path) -> int:
    """Of all its files together."""
    return sum(each.stat().st_size for each in directory.rglob("*") if each.is_file())


def parameters_of(model: Model) -> int:
    """Numbers that were learnt, each counted once."""
    return sum(each.numel() for each in model.encoder.module.parameters())


def evaluated(
    model: Model, rows: Rows, watch: OnProgress, session: Session | None = None
) -> tuple[Evaluation, tuple[Encoding, ...]]:
    """The figures of a model on rows, and the rows as it reads them. session: what answers in its place, each text
    alone, since the texts of a batch change one another's answers in int8. Raises BadDataError."""
    labelled = labelled_rows.read(model, rows.rows, rows.lines, rows.characters, watch)
    found = np.zeros(labelled.truth.shape)
    if session is not None:
        for row, encoding in enumerate(labelled.encodings):
            pieces = evaluation.one_window_each(encoding)
            logits = [session.logits(session.inputs(model, piece)) for piece in pieces]
            found[row] = activate(np.concatenate(logits), model.activation).mean(0)
            if (row + 1) % evaluation.CHUNK == 0:
                watch(row + 1, len(found))
    else:
        for _ in evaluation.score_rows(model, labelled.encodings, found, watch):
            pass
    return evaluation.figures(model, rows.rows, labelled, found, rows.lines), labelled.encodings


def middle(encodings: Sequence[Encoding]) -> int:
    """The place of the text of middle length."""
    return sorted(range(len(encodings)), key=lambda place: len(encodings[place].windows[0]))[len(encodings) // 2]


def milliseconds(asked: Sequence[tuple[Model, Encoding, Session | None]]) -> list[tuple[float, float]]:
    """For each model the time of a text alone, and of a text of a batch of 32 copies of it, in its first window."""
    found: list[list[float]] = []
    for count in (1, BATCH):
        calls = [_call(*each, count) for each in asked]
        for call in calls:  # what is made at the first call is not counted
            _seconds(call)
        rounds = [[_seconds(call) for call in calls] for _ in range(ROUNDS)]
        found.append([1000 * median(times) / count for times in zip(*rounds, strict=True)])
    return list(zip(*found, strict=True))


def _call(model: Model, encoding: Encoding, session: Session | None, count: int) -> Callable[[], object]:
    if session is not None:
        return partial(session.logits, session.inputs(model, encoding, count))
    inputs = {name: each.repeat(count, 1) for name, each in model.encoder.inputs(encoding).items()}
    return partial(model.encoder.plain(), **inputs)


@torch.inference_mode()
def _seconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun
