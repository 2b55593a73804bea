"""Small jobs for the tests of what visitors train: rows in the tiny models' words, computed in this process."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from bert_demo import Settings
from bert_demo.core.training_place import training_root
from bert_demo.results.training import TrainingJob
from bert_demo.service.context import Context
from bert_demo.service.training_files import JobFiles, Request
from bert_demo.service.training_recipe import checked_recipe
from bert_demo.service.training_request import prepared
from bert_demo.training.own.job import run

DEFAULTS: dict[str, Any] = {
    "epochs": 0, "learning_rate": 0.0, "batch_size": 32, "length": 32, "seed": 0, "rank": 8, "layer": -1,
    "pooling": "mean", "class_weights": False, "early_stopping": 0, "layer_decay": 1.0,
}  # fmt: skip
TOKEN = "t" * 32


def sentences(kind: str = "single", count: int = 120) -> list[tuple[str, Any]]:
    """Texts whose label is whether a cat or a dog is in them (several: and whether it is good; number: its words)."""
    rng = random.Random(3)
    rows: list[tuple[str, Any]] = []
    for _ in range(count):
        animal, mood = rng.choice(("cat", "dog")), rng.choice(("good", "bad", "happy"))
        filling = rng.choices(
            ["the", "a", "sat", "on", "in", "mat", "house", "very", "film", "was", "is", "play", "water", "ice"],
            k=rng.randint(2, 12),
        )
        text = " ".join([*filling[:2], mood, *filling[2:], animal, rng.choice((".", "!", ","))])
        label = {
            "single": animal,
            "several": ";".join(each for each in (animal, mood) if each != "dog"),
            "number": 10.0 + len(text.split()),
        }[kind]
        rows.append((text, label))
    return rows


def request_of(
    settings: Settings, start: str, way: str, kind: str = "single", rows: Any = None, **choices: Any
) -> Request:
    """What a job is asked for."""
    recipe = checked_recipe(settings.train_threads, way, start, kind, **(DEFAULTS | choices))
    return prepared(Context(settings), sentences(kind) if rows is None else rows, recipe)


def settings_of(root: Path) -> Settings:
    """Jobs are computed in the process of the tests here, whose own memory is no part of them."""
    return Settings(cache_dir=str(root), train_mb=10**6)


def trained(
    root: Path, start: str, way: str, kind: str = "single", token: str = TOKEN, rows: Any = None, **choices: Any
) -> tuple[TrainingJob, JobFiles]:
    """A job, computed to its end."""
    settings = settings_of(root)
    files = JobFiles(training_root(settings), token)
    files.create(request_of(settings, start, way, kind, rows, **choices))
    return run(files), files
