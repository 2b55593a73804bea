"""The loop: steps of several flat batches, a rate in tokens, checkpoints, a report a minute, a clean stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bert_demo.core.errors import BadDataError
from bert_demo.training.loop import Report, Schedule, parameter_groups
from bert_demo.training.pretraining import checkpoints
from bert_demo.training.pretraining.encoder import FlatEncoder, check_encoder
from bert_demo.training.pretraining.flat import FlatBatch
from bert_demo.training.pretraining.prefetch import prefetched
from bert_demo.training.pretraining.schedule import TokenSchedule
from bert_demo.training.pretraining.stopping import Stop

StepOf = Callable[[int], Sequence[FlatBatch]]


@dataclass(frozen=True, slots=True)
class StepLoss:
    """Mean losses of a step over its masked places and over its pairs (None without), and the tokens it read."""

    words: float
    follows: float | None
    tokens: int


class Trainer:
    """A model, its optimiser and its schedule; knows how to do one step.

    identity: what a checkpoint must agree with to be taken up, such as the texts and the seed.
    """

    def __init__(
        self, model: Any, schedule: TokenSchedule, dtype: torch.dtype, identity: dict[str, str | int | float]
    ) -> None:
        check_encoder(model)
        self.model, self.schedule, self.identity = model, schedule, identity
        self.step, self.tokens = 0, 0
        self._encoder = FlatEncoder(model, dtype)
        rates = Schedule(
            1, schedule.learning_rate, weight_decay=schedule.weight_decay, head_factor=schedule.head_factor
        )
        groups = parameter_groups(model, rates)
        self._optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6, fused=True)

    def train_on(self, batches: Sequence[FlatBatch]) -> StepLoss:
        """Do the next step: the gradient of the mean over all batches, one update."""
        for group in self._optimizer.param_groups:
            group["lr"] = self.schedule.learning_rate * group["rate"] * self.schedule.factor(self.step)
        masked = max(1, sum(batch.masked for batch in batches))
        pairs = sum(batch.pairs for batch in batches)
        self._optimizer.zero_grad(set_to_none=True)
        words, follows, read = 0.0, 0.0, 0
        for batch in batches:
            word_loss, pair_loss = self._encoder.losses(batch)
            loss = word_loss / masked
            words += float(word_loss.detach()) / masked
            if pair_loss is not None:
                loss = loss + pair_loss / pairs
                follows += float(pair_loss.detach()) / pairs
            loss.backward()
            read += batch.tokens
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._optimizer.step()
        self.step += 1
        self.tokens += read
        return StepLoss(words, follows if pairs else None, read)

    def save(self, directory: Path) -> Path:
        """Write a checkpoint."""
        state = {"model": self.model.state_dict(), "optimizer": self._optimizer.state_dict()}
        return checkpoints.save(directory, self.step, {**state, "identity": self.identity, "tokens": self.tokens})

    def resume(self, directory: Path) -> bool:
        """Take up the newest checkpoint, if there is one. Raises BadDataError for one of another run."""
        state = checkpoints.newest(directory)
        if state is None:
            return False
        if state.get("identity") != self.identity:
            raise BadDataError(
                f"The checkpoints in {directory} belong to another run ({state.get('identity')}, not {self.identity}). "
                "Name another --output, or remove them to start anew."
            )
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.step, self.tokens = int(state["step"]), int(state["tokens"])
        return True


def run(
    trainer: Trainer,
    step_of: StepOf,
    directory: Path,
    stop: Stop,
    report: Report,
    save_every: float = 900.0,
    report_every: float = 60.0,
) -> bool:
    """Train until the target or until `stop`; save every `save_every` seconds and at the end. Returns whether it ended.

    step_of(step) must depend on the step alone: a resumed run is then an unbroken one.
    """
    trainer.model.train()
    total = trainer.schedule.steps
    told = _Reporter(trainer, report)
    saved = said = time.monotonic()
    with stop.on_signals(), prefetched(step_of, trainer.step, total) as steps:
        for batches in steps:
            if stop:
                break
            told.add(trainer.train_on(batches))
            now = time.monotonic()
            if now - said >= report_every:
                said = now
                told.say()
            if now - saved >= save_every:
                trainer.save(directory)
                saved = time.monotonic()
        path = trainer.save(directory)
        told.say()
    trainer.model.eval()
    ended = trainer.step >= total
    report(f"{'finished' if ended else f'stopped ({stop.reason})'} at step {trainer.step:,}, saved in {path}")
    return ended


class _Reporter:
    """Sums up steps for one line of the report: losses since the last line, speed, time left."""

    def __init__(self, trainer: Trainer, report: Report) -> None:
        self._trainer, self._report = trainer, report
        self._losses: list[StepLoss] = []
        self._began = time.monotonic()

    def add(self, loss: StepLoss) -> None:
        self._losses.append(loss)

    def say(self) -> None:
        """Report the steps since the last line and begin anew."""
        if not self._losses:
            return
        trainer, schedule = self._trainer, self._trainer.schedule
        speed = sum(each.tokens for each in self._losses) / max(1e-9, time.monotonic() - self._began)
        words = sum(each.words for each in self._losses) / len(self._losses)
        pairs = [each.follows for each in self._losses if each.follows is not None]
        follows = f", next sentence {sum(pairs) / len(pairs):.3f}" if pairs else ""
        left = max(0, schedule.tokens - trainer.tokens) / max(1e-9, speed) / 3600
        rate = schedule.learning_rate * schedule.factor(trainer.step)
        self._report(
            f"{time.strftime('%Y-%m-%d %H:%M')}  step {trainer.step:,} of {schedule.steps:,}  "
            f"{trainer.tokens / 1e6:.2f} of {schedule.tokens / 1e6:.0f} M tokens  loss {words:.3f}{follows}  "
            f"rate {rate:.2g}  {speed:,.0f} tokens/s  {left:.1f} h left"
        )
        self._losses = []
        self._began = time.monotonic()
