"""What the parts of a training share: its rows, its start, how it stands, and how that is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bert_demo.data.parts import Parts
from bert_demo.data.to_learn import RowsToLearn
from bert_demo.models.loading.load import Read
from bert_demo.registry.training_ways import TEXT
from bert_demo.results.training import EpochPoint, LossPoint, Recipe, TrainingJob, WatchedText
from bert_demo.service.training_files import JobFiles
from bert_demo.training.own import figures
from bert_demo.training.own.reading import Reader
from bert_demo.training.own.watch import Watch, megabytes_taken

TOLD_EVERY = 0.4
"""Seconds between two times that the status is written."""


@dataclass(frozen=True, slots=True)
class Made:
    """A model in eval. adapted: in peft's wrapping, of LoRA alone; mean, spread: of numbers, which it gives around 0
    until they are written into its head."""

    model: Any
    adapted: bool = False
    mean: float = 0.0
    spread: float = 1.0

    def numbers(self, logits: np.ndarray) -> np.ndarray:
        """Its outputs in the rows' own numbers."""
        return logits * self.spread + self.mean


@dataclass(slots=True)
class Task:
    """One training. status: as it stands; say: gets each status that is written."""

    files: JobFiles
    recipe: Recipe
    rows: RowsToLearn
    parts: Parts
    read: Read
    reader: Reader
    source: Path
    status: TrainingJob
    watch: Watch
    say: Callable[[TrainingJob], None]
    written: float = field(default=0.0)

    @property
    def text(self) -> bool:
        """Whether it learns from passages, not from labels."""
        return self.recipe.kind == TEXT

    def texts(self, part: Sequence[int]) -> list[str]:
        """The texts of a part."""
        return [self.rows.texts[row] for row in part]

    def truth(self, part: Sequence[int]) -> np.ndarray:
        """(rows, labels) of a part."""
        return self.rows.truth[list(part)].astype(float)

    def change(self, **fields: Any) -> None:
        """Change the status and write it."""
        self.status = replace(self.status, **fields)
        self.write(force=True)

    def write(self, force: bool = False) -> None:
        """Write the status, if that was not done a moment ago."""
        if force or time.monotonic() - self.written > TOLD_EVERY:
            self.written = time.monotonic()
            self.status = replace(self.status, seconds=self.watch.seconds, megabytes=megabytes_taken())
            self.files.write(self.status)
            self.say(self.status)

    def begin(self, steps: int) -> None:
        """The curves are empty, and the held-out texts that are watched are chosen."""
        rows = self.rows
        watched = () if self.text else figures.first_watched(rows.texts, rows.truth, rows.labels, self.parts.held_out)
        empty: dict[str, Any] = {"losses": (), "epochs": (), "best": 0, "confusion": None, "step": 0, "epoch": 0}
        self.status = replace(self.status, steps=steps, watched=watched, **empty)

    def add_loss(self, step: int, loss: float) -> None:
        """A point of the training curve."""
        self.status = replace(self.status, losses=(*self.status.losses, LossPoint(step, loss)))

    def add_epoch(self, logits: np.ndarray, step: int, tried: str = "") -> bool:
        """The held-out rows' numbers after an epoch. Returns whether they are the best so far: a better score, or the
        same with a smaller loss."""
        truth, epoch = self.truth(self.parts.held_out), len(self.status.epochs) + 1
        point, confusion = figures.held_out_point(logits, truth, self.recipe.kind, epoch, step, tried)
        watched = self._watched(figures.probabilities_of(logits, self.recipe.kind))
        self.status = replace(self.status, confusion=confusion, watched=watched)
        return self.add_point(point)

    def add_point(self, point: EpochPoint) -> bool:
        """The held-out rows after an epoch; whether they are the best so far. Of masked words the loss alone counts."""
        before = self.status.epochs[self.status.best - 1] if self.status.best else None
        rank = _rank_by_loss if self.text else _rank
        better = before is None or rank(point) > rank(before)
        self.status = replace(
            self.status,
            epoch=point.epoch,
            epochs=(*self.status.epochs, point),
            best=point.epoch if better else self.status.best,
        )
        return better

    def _watched(self, probabilities: np.ndarray) -> tuple[WatchedText, ...]:
        places = figures.watched_places(len(self.parts.held_out))
        return tuple(
            replace(each, probabilities=(*each.probabilities, tuple(probabilities[place].tolist())))
            for each, place in zip(self.status.watched, places, strict=True)
        )


def _rank(point: EpochPoint) -> tuple[float, float]:
    return point.score, -point.loss


def _rank_by_loss(point: EpochPoint) -> tuple[float, float]:
    return -point.loss, point.score


def as_targets(truth: np.ndarray) -> torch.Tensor:
    """(rows, labels) in single precision."""
    return torch.from_numpy(np.ascontiguousarray(truth, np.float32))
