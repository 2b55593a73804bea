"""What learns in steps: a classifier on labelled rows, or a model of masked words on passages."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bert_demo.training.own import loop, masked
from bert_demo.training.own.adapters import with_lora
from bert_demo.training.own.reading import logits_of
from bert_demo.training.own.starting import classifier_of, head_modules
from bert_demo.training.own.task import Made, Task, as_targets


@dataclass(frozen=True, slots=True)
class Subject:
    """made: the model, its wrapping, its numbers; head: names of modules behind the encoder; evaluate: reads the
    held-out rows with the model in eval, adds the point of an epoch, and says whether it is the best so far."""

    made: Made
    head: Sequence[str]
    lesson: loop.Lesson | masked.MaskedLesson
    evaluate: Callable[[], bool]
    weights: Any = None


def subject_of(task: Task) -> Subject:
    """What the recipe of a task says. Raises ModelKindError."""
    return _of_text(task) if task.text else _of_labels(task)


def _of_labels(task: Task) -> Subject:
    recipe, truth = task.recipe, task.truth(task.parts.train)
    model = classifier_of(task.read, task.rows.labels, recipe.kind, recipe.seed)
    task.read = task.read._replace(model=None)  # its weights are copied
    head = head_modules(model)
    model = with_lora(model, recipe.rank, recipe.seed) if recipe.way == "lora" else model
    number = recipe.kind == "number"
    mean = float(truth.mean()) if number else 0.0
    spread = (float(truth.std()) or 1.0) if number else 1.0
    made = Made(model, recipe.way == "lora", mean, spread)
    targets = as_targets((truth - mean) / spread)
    held = task.reader.rows(task.texts(task.parts.held_out))
    lesson = loop.Lesson(task.reader, task.reader.rows(task.texts(task.parts.train)), targets, recipe)

    def evaluate() -> bool:
        logits = logits_of(model, task.reader, held, lambda: None)
        return task.add_epoch(made.numbers(logits), task.status.step)

    weights = loop.class_weights(targets, recipe.kind) if recipe.class_weights else None
    return Subject(made, head, lesson, evaluate, weights)


def _of_text(task: Task) -> Subject:
    """The start stays beside it, to be compared with at the end."""
    model, rule = copy.deepcopy(task.read.model), masked.rule_of(task.reader)
    held = task.reader.rows(task.texts(task.parts.held_out))
    lesson = masked.MaskedLesson(task.reader, task.reader.rows(task.texts(task.parts.train)), rule, task.recipe)

    def evaluate() -> bool:
        sums = masked.sums_of(model, task.reader, held, rule)
        return task.add_point(masked.held_out_point(sums, task.status.epoch + 1, task.status.step))

    return Subject(Made(model), (), lesson, evaluate)
