"""What a model costs and is worth, the original and the smaller one measured in turns in one run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from bert_demo.models.base import Encoding, Model
from bert_demo.results.evaluation import Evaluation
from bert_demo.tasks import evaluation, labelled_rows
from bert_demo.tasks.labelled_rows import OnProgress
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


def evaluated(model: Model, rows: Rows, watch: OnProgress) -> tuple[Evaluation, tuple[Encoding, ...]]:
    """The figures of a model on rows, and the rows as it reads them. Raises BadDataError."""
    labelled = labelled_rows.read(model, rows.rows, rows.lines, rows.characters, watch)
    found = np.zeros(labelled.truth.shape)
    for _ in evaluation.score_rows(model, labelled.encodings, found, watch):
        pass
    return evaluation.figures(model, rows.rows, labelled, found, rows.lines), labelled.encodings


def middle(encodings: Sequence[Encoding]) -> int:
    """The place of the text of middle length."""
    return sorted(range(len(encodings)), key=lambda place: len(encodings[place].windows[0]))[len(encodings) // 2]


def milliseconds(asked: Sequence[tuple[Model, Encoding]]) -> list[tuple[float, float]]:
    """For each model the time of a text alone, and of a text of a batch of 32 copies of it, in its first window."""
    found: list[list[float]] = []
    for count in (1, BATCH):
        calls = [(model.encoder.plain(), _inputs(model, encoding, count)) for model, encoding in asked]
        for call in calls:  # what is made at the first call is not counted
            _seconds(*call)
        rounds = [[_seconds(*call) for call in calls] for _ in range(ROUNDS)]
        found.append([1000 * median(times) / count for times in zip(*rounds, strict=True)])
    return list(zip(*found, strict=True))


def _inputs(model: Model, encoding: Encoding, count: int) -> dict[str, torch.Tensor]:
    return {name: each.repeat(count, 1) for name, each in model.encoder.inputs(encoding).items()}


@torch.inference_mode()
def _seconds(module: Any, inputs: dict[str, torch.Tensor]) -> float:
    begun = time.perf_counter()
    module(**inputs)
    return time.perf_counter() - begun
