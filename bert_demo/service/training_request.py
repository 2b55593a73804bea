"""From rows and a recipe to what a job is given: rows parted, the plan made, the model's files found."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from bert_demo.core.errors import ChoiceError
from bert_demo.core.progress import OnProgress, watched
from bert_demo.core.training_place import training_root
from bert_demo.data.parts import Parts, part
from bert_demo.data.passages import passages
from bert_demo.data.to_learn import rows_to_learn
from bert_demo.models.loading.load import find_model
from bert_demo.registry.names import card_of
from bert_demo.registry.training_ways import BY_NAME, TEXT
from bert_demo.results.training import Recipe
from bert_demo.service.context import Context
from bert_demo.service.training_files import Request
from bert_demo.service.training_recipe import usual_epochs
from bert_demo.tasks import training_plan


def learnt_from(recipe: Recipe, rows: Any, text: Any) -> Any:
    """The rows of a call: those that it has, or the passages of its text. Raises ChoiceError, BadDataError."""
    if not isinstance(text, str):
        raise ChoiceError("text must be a string.")
    if not text.strip():
        return rows
    if recipe.kind != TEXT:
        raise ChoiceError(f"{BY_NAME[recipe.way].title} reads labelled rows. Leave text out, or set way to pretrain.")
    if rows:
        raise ChoiceError("Send rows, whose texts are read, or a text: not both.")
    return [(passage, "") for passage in passages(text)]


def _with_share(parts: Parts, recipe: Recipe) -> Parts:
    """The parts with so many of the rows to learn from; a larger share holds the smaller ones."""
    order = np.random.default_rng(recipe.seed).permutation(len(parts.train))
    kept = order[: max(1, round(recipe.share * len(order)))]
    return replace(parts, train=tuple(parts.train[place] for place in sorted(kept.tolist())))


def prepared(context: Context, rows: Any, recipe: Recipe, on_progress: OnProgress | None = None) -> Request:
    """The request of a job. `on_progress` is called while the texts are read. Raises BadDataError, ModelError."""
    settings = context.settings
    read = rows_to_learn(rows, recipe.kind, settings.train_rows, settings.max_characters)
    parts = _with_share(part(read, recipe.seed), recipe)
    epochs = recipe.epochs or usual_epochs(recipe.way, len(parts.train), recipe.batch_size)
    recipe = replace(recipe, epochs=epochs)
    model = context.pool.lend(recipe.start)
    plan = training_plan.plan(model, read, parts, recipe, settings, watched(on_progress))
    card = card_of(recipe.start, settings.models, training_root(settings))
    return Request(
        rows=tuple((text, str(label)) for text, (_, label) in zip(read.texts, rows, strict=True)),
        plan=plan,
        parts=parts,
        source=str(find_model(card, settings.max_model_mb * 10**6).place.directory),
        minutes=settings.train_minutes,
        megabytes=settings.train_mb,
        created=time.time(),
    )
