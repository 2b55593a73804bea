"""The ways that learn in steps. Checkpoints, held-out rows after each epoch."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bert_demo.core.errors import BadDataError
from bert_demo.results.from_json import from_json, to_json
from bert_demo.results.training import TrainingJob
from bert_demo.training.own import checkpoint, loop
from bert_demo.training.own.subject import subject_of
from bert_demo.training.own.task import Made, Task
from bert_demo.training.own.watch import InterruptedTrainingError

SAVED_EVERY = 20.0
"""Seconds between two checkpoints."""
POINTS = 200
"""Of a training curve."""


def learn_in_steps(task: Task) -> tuple[Made, str]:
    """The model of the best epoch, and why it was ended early ("stop", "minutes"). Raises InterruptedTrainingError."""
    return _Stepping(task).run()


class _EnoughError(Exception):
    """Early stopping."""


@dataclass(slots=True)
class _Losses:
    total: float = 0.0
    count: int = 0


class _Stepping:
    def __init__(self, task: Task) -> None:
        self.task, self.subject = task, subject_of(task)
        self.model, self.lesson = self.subject.made.model, self.subject.lesson
        loop.choose_learnt(self.model, task.recipe.way, self.subject.head)
        self.optimizer = loop.optimizer_of(self.model, task.recipe, self.lesson.steps)
        self.saved = time.monotonic()
        self.losses = _Losses()
        self.first, self.begun = 0, time.monotonic()

    def run(self) -> tuple[Made, str]:
        """See learn_in_steps."""
        self._resume()
        ended, subject = "", self.subject
        try:
            loop.set_training(self.model, self.task.recipe.way, subject.head)
            loop.learn(self.model, self.lesson, self.optimizer, self.first, subject.weights, self._before, self._after)
        except _EnoughError:
            pass
        except InterruptedTrainingError as stop:
            self.model.eval()
            if stop.reason not in ("stop", "minutes"):
                self._save()
                raise
            ended = stop.reason
            if not self.task.status.best:
                if not self.task.status.step:
                    raise
                self._evaluate()
        self.model.eval()
        checkpoint.load(self._path(checkpoint.BEST), self.model)
        return subject.made, ended

    def _before(self, step: int) -> None:
        task = self.task
        task.watch()
        patience = task.recipe.early_stopping
        if patience and task.status.epoch - task.status.best >= patience:
            raise _EnoughError
        if time.monotonic() - self.saved > SAVED_EVERY:
            self._save()

    def _after(self, step: int, loss: float) -> None:
        task, done = self.task, step + 1
        if not np.isfinite(loss):
            raise BadDataError(
                "The loss is no number any more: the steps were too large. Start again with a smaller learning_rate."
            )
        self.losses.total, self.losses.count = self.losses.total + loss, self.losses.count + 1
        of_epoch = done % self.lesson.steps_of_epoch == 0
        if of_epoch or self.losses.count >= max(1, self.lesson.steps // POINTS):
            task.add_loss(done, self.losses.total / self.losses.count)
            self.losses = _Losses()
        pace = (time.monotonic() - self.begun) / (done - self.first)
        task.status = replace(task.status, step=done, seconds_left=pace * (self.lesson.steps - done))
        if of_epoch:
            self.model.eval()
            self._evaluate()
            loop.set_training(self.model, task.recipe.way, self.subject.head)
        task.write(force=of_epoch)

    def _evaluate(self) -> None:
        """The held-out rows; what is best so far is kept. Nothing of it changes what the next step does."""
        if self.subject.evaluate():
            checkpoint.save(self._path(checkpoint.BEST), self.model, None, {})

    def _save(self) -> None:
        state = {"job": to_json(self.task.status), "losses": [self.losses.total, self.losses.count]}
        checkpoint.save(self._path(checkpoint.CHECKPOINT), self.model, self.optimizer, state)
        self.saved = time.monotonic()

    def _resume(self) -> None:
        task = self.task
        state = checkpoint.load(self._path(checkpoint.CHECKPOINT), self.model, self.optimizer)
        task.begin(self.lesson.steps)
        if state is None:
            return
        kept = from_json(TrainingJob, state["job"])
        self.first, self.losses = kept.step, _Losses(*state["losses"])
        same = ("step", "losses", "epochs", "epoch", "best", "confusion", "watched")
        task.status = replace(task.status, **{name: getattr(kept, name) for name in same})

    def _path(self, name: str) -> Any:
        return self.task.files.directory / name
