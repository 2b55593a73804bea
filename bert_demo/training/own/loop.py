"""Learning in steps: AdamW, a warm-up and a linear fall, the loss of each kind. A function of the seed and the rows.

An interrupted run that goes on from its checkpoint gives the same weights, bit for bit, with the same threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from bert_demo.results.training import Recipe
from bert_demo.training.loop import Schedule, parameter_groups
from bert_demo.training.own.reading import Reader, Row, epoch_batches

WARM_UP = 0.1
"""Share of the steps in which the rate rises."""
WEIGHT_DECAY = 0.01
LONGEST_STEP = 1.0
"""The largest norm of all gradients together."""


class Steps(Protocol):
    """What is learnt step by step."""

    @property
    def recipe(self) -> Recipe:
        """How."""

    @property
    def steps(self) -> int:
        """Of all epochs."""

    def loss(self, model: Any, step: int, weights: torch.Tensor | None = None) -> torch.Tensor:
        """Of a step, from 0."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """Rows to learn from. targets: (rows, labels) of 0 and 1, of numbers (rows, 1) around 0."""

    reader: Reader
    rows: Sequence[Row]
    targets: torch.Tensor
    recipe: Recipe

    @property
    def steps_of_epoch(self) -> int:
        """Batches of all rows."""
        return -(-len(self.rows) // self.recipe.batch_size)

    @property
    def steps(self) -> int:
        """Of all epochs."""
        return self.recipe.epochs * self.steps_of_epoch

    def batch(self, step: int) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """The inputs and targets of a step, from 0."""
        places = places_at(step, self.rows, self.recipe)
        return self.reader.batch([self.rows[each] for each in places]), self.targets[places]

    def loss(self, model: Any, step: int, weights: torch.Tensor | None = None) -> torch.Tensor:
        """Of the rows of a step."""
        inputs, targets = self.batch(step)
        return loss_of(model(**inputs).logits, targets, self.recipe.kind, weights)


def places_at(step: int, rows: Sequence[Row], recipe: Recipe) -> np.ndarray:
    """The rows of a step, from 0."""
    epoch, place = divmod(step, -(-len(rows) // recipe.batch_size))
    return epoch_batches([len(row["input_ids"]) for row in rows], recipe.batch_size, recipe.seed, epoch)[place]


def rate_at(step: int, steps: int) -> float:
    """The share of the rate at a step, from 0: that of transformers' linear schedule with warm-up."""
    rise = round(WARM_UP * steps)
    return step / rise if step < rise else max(0.0, (steps - step) / max(1, steps - rise))


def choose_learnt(model: Any, way: str, head: Sequence[str]) -> None:
    """Let only what the way changes have gradients. head: names of modules. LoRA has chosen by itself."""
    if way == "head":
        model.requires_grad_(False)
        for name in head:
            model.get_submodule(name).requires_grad_(True)
    elif way in ("full", "pretrain"):
        model.requires_grad_(True)


def set_training(model: Any, way: str, head: Sequence[str]) -> None:
    """Dropout in what learns; an encoder that stays as it is reads without."""
    model.train(way != "head")
    if way == "head":
        for name in head:
            model.get_submodule(name).train()


def optimizer_of(model: Any, recipe: Recipe, steps: int) -> torch.optim.AdamW:
    """AdamW with transformers' numbers, no decay on biases and norms, lower layers slower where that is asked for."""
    schedule = Schedule(steps, recipe.learning_rate, weight_decay=WEIGHT_DECAY, layer_decay=recipe.layer_decay)
    return torch.optim.AdamW(parameter_groups(model, schedule), betas=(0.9, 0.999), eps=1e-8, fused=True)


def class_weights(targets: torch.Tensor, kind: str) -> torch.Tensor:
    """(labels,) what a label counts for: rows / (labels x its rows), as scikit-learn's "balanced"; of several labels,
    rows without it for each with it."""
    counts = targets.sum(0).clamp(min=1)
    return (len(targets) - counts) / counts if kind == "several" else len(targets) / (targets.shape[1] * counts)


def loss_of(logits: torch.Tensor, targets: torch.Tensor, kind: str, weights: torch.Tensor | None) -> torch.Tensor:
    """Cross entropy; of several labels that of each by itself; of numbers the mean squared error."""
    if kind == "number":
        return functional.mse_loss(logits, targets)
    if kind == "several":
        return functional.binary_cross_entropy_with_logits(logits, targets, pos_weight=weights)
    return functional.cross_entropy(logits, targets.argmax(1), weight=weights)


def learn(
    model: Any,
    lesson: Steps,
    optimizer: torch.optim.Optimizer,
    first: int,
    weights: torch.Tensor | None,
    before: Callable[[int], None],
    after: Callable[[int, float], None],
) -> None:
    """The steps from `first` to the end. before, after: called around each step, with its number from 0 and its loss;
    `before` may raise to end it, between two steps."""
    for step in range(first, lesson.steps):
        before(step)
        torch.manual_seed(lesson.recipe.seed * 1_000_003 + step)
        for group in optimizer.param_groups:
            group["lr"] = lesson.recipe.learning_rate * group["rate"] * rate_at(step, lesson.steps)
        loss = lesson.loss(model, step, weights)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_([each for each in model.parameters() if each.requires_grad], LONGEST_STEP)
        optimizer.step()
        after(step, float(np.float32(loss.item())))
