"""Models that visitors train on rows of their own: a job for each, known to whoever has its token."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bert_demo.core.errors import ChoiceError, ModelsBusyError
from bert_demo.core.progress import OnProgress
from bert_demo.core.training_place import is_token, note_asked, token_of, training_root
from bert_demo.core.validation import checked_choice
from bert_demo.results.training import ENDED, Recipe, TrainingJob, TrainingPlan
from bert_demo.service.context import Context
from bert_demo.service.training_files import PAUSE, STOP, JobFiles
from bert_demo.service.training_queue import TrainingQueue
from bert_demo.service.training_recipe import checked_recipe
from bert_demo.service.training_request import learnt_from, prepared

ACTIONS = ("stop", "pause", "resume", "forget")


class TrainingCalls:
    """The part of the service that trains."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._queue = TrainingQueue(training_root(context.settings), context.settings, context.pool.forget)

    def train(
        self,
        rows: Sequence[tuple[str, str]] = (),
        way: str = "lora",
        start: str = "base",
        kind: str = "single",
        epochs: int = 0,
        learning_rate: float = 0.0,
        batch_size: int = 32,
        length: int = 128,
        seed: int = 0,
        rank: int = 8,
        layer: int = -1,
        pooling: str = "mean",
        class_weights: bool = False,
        early_stopping: int = 0,
        layer_decay: float = 1.0,
        text: str = "",
        share: float = 1.0,
        on_progress: OnProgress | None = None,
    ) -> TrainingJob:
        """Check the rows and let a job wait that trains a model on them.

        rows: (text, label); of kind "several" a text's labels with ";" between, of kind "number" a number; epochs,
        learning_rate: 0 for those of the way; the others: as `Recipe` says. text: of the way "pretrain", read in
        the place of the rows' texts, a passage a line. `on_progress` is called while the texts are read. Raises
        BadDataError, ChoiceError, ModelError, and ModelsBusyError where many wait.
        """
        recipe = self._recipe(way, start, kind, _choices(locals()))
        if len(self._queue.waiting()) >= self._context.settings.train_queue:
            raise ModelsBusyError("Many trainings are waiting just now. Try again in some minutes.")
        request = prepared(self._context, learnt_from(recipe, rows, text), recipe, on_progress)
        job = JobFiles(self._queue.root, secrets.token_urlsafe(24))
        job.create(request)
        self._queue.wake()
        return self._described(job)

    def train_plan(
        self,
        rows: Sequence[tuple[str, str]] = (),
        way: str = "lora",
        start: str = "base",
        kind: str = "single",
        epochs: int = 0,
        learning_rate: float = 0.0,
        batch_size: int = 32,
        length: int = 128,
        seed: int = 0,
        rank: int = 8,
        layer: int = -1,
        pooling: str = "mean",
        class_weights: bool = False,
        early_stopping: int = 0,
        layer_decay: float = 1.0,
        text: str = "",
        share: float = 1.0,
        on_progress: OnProgress | None = None,
    ) -> TrainingPlan:
        """What is known before the start, with the arguments and errors of `train`. Nothing is started or kept."""
        recipe = self._recipe(way, start, kind, _choices(locals()))
        return prepared(self._context, learnt_from(recipe, rows, text), recipe, on_progress).plan

    def train_status(self, token: str) -> TrainingJob:
        """How a job stands; its state is "gone" where there is none of that token, or no longer. Raises ChoiceError."""
        job = self._job(token)
        note_asked(job.directory)
        return self._described(job)

    def train_stop(self, token: str, action: str = "stop") -> TrainingJob:
        """Let a job "stop" (the best model so far is kept), "pause", "resume", or "forget" (all of it is deleted now).

        A job that has ended stays as it is. Raises ChoiceError.
        """
        job = self._job(token)
        checked_choice(action, "action", ACTIONS)
        found = job.status()
        if action == "forget":
            self._queue.delete(job)
        elif found is not None and found.state not in ENDED:
            job.ask(STOP, action == "stop" or job.wants(STOP))
            job.ask(PAUSE, action == "pause")
            if found.state == "queued" and action == "pause":
                job.change(state="paused")
            elif found.state == "queued" and action == "stop" and not found.step:
                job.change(state="stopped", sentence="It was stopped before it began, so that there is no model.")
            elif found.state == "paused" and action in ("resume", "stop"):
                job.change(state="queued")
            self._queue.wake()
        return self._described(job)

    def train_archive(self, token: str) -> Path | None:
        """The zip to keep of a job that has made a model, None of others. Raises ChoiceError."""
        job = self._job(token)
        note_asked(job.directory)
        return job.archive if job.archive.is_file() else None

    def train_rows(self, token: str) -> tuple[tuple[str, str], ...]:
        """The rows of a job as they were given, () where it is gone. Raises ChoiceError."""
        job = self._job(token)
        try:
            return job.request().rows
        except OSError:
            return ()

    def trained_by(self, model: str) -> TrainingJob | None:
        """How the job stands that made the model of that name; None where there is none, or no longer."""
        token = token_of(model, self._queue.root)
        return JobFiles(self._queue.root, token).status() if token else None

    def compute_training(self) -> None:
        """Compute the jobs that wait, from now on, and take up what an earlier server left. A server calls it once."""
        if self._context.settings.train:
            self._queue.begin()

    def _job(self, token: Any) -> JobFiles:
        if not is_token(token):
            raise ChoiceError("token must be that of a training, as `train` gave it: 32 letters, digits, - and _.")
        return JobFiles(self._queue.root, token)

    def _described(self, job: JobFiles) -> TrainingJob:
        found = job.status()
        if found is None:
            return TrainingJob(
                job.token, "gone", "There is no such training, or no longer. Start one, or open a zip that was kept."
            )
        if found.state == "queued":
            waiting = [each.token for each in self._queue.waiting()]
            return replace(found, place=waiting.index(job.token) + 1 if job.token in waiting else 1)
        kept = None if found.state == "running" else self._queue.kept_seconds(job)
        return replace(found, kept_seconds=kept)

    def _recipe(self, way: Any, start: Any, kind: Any, choices: dict[str, Any]) -> Recipe:
        settings = self._context.settings
        if not settings.train:
            raise ChoiceError("Training is turned off on this server. Run python -m bert_demo train own on your own.")
        return checked_recipe(settings.train_threads, way, start, kind, **choices)


_CHOICES = (
    "epochs", "learning_rate", "batch_size", "length", "seed", "rank", "layer", "pooling", "class_weights",
    "early_stopping", "layer_decay", "share",
)  # fmt: skip


def _choices(arguments: dict[str, Any]) -> dict[str, Any]:
    """Those of a call that make its recipe."""
    return {name: arguments[name] for name in _CHOICES}
