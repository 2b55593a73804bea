"""How a model is to be trained: each choice checked, and its own default of the way filled in."""

from __future__ import annotations

from typing import Any

from bert_demo.core.errors import ChoiceError
from bert_demo.core.validation import checked_choice, checked_flag, checked_whole
from bert_demo.registry.training_ways import BY_NAME, KINDS, POOLINGS, TEXT, WAYS
from bert_demo.results.training import Recipe

MOST_EPOCHS, MOST_BATCH, MOST_LENGTH, MOST_RANK, MOST_SEED = 50, 128, 512, 64, 2**31 - 1
LEAST_STEPS = 150
"""Fewer hardly move a model."""
MOST_USUAL = 30
_UNUSED: dict[str, dict[str, Any]] = {
    "frozen": {"epochs": 0, "learning_rate": 0.0, "batch_size": 32, "rank": 8, "early_stopping": 0, "layer_decay": 1.0},
    "lora": {"layer": -1, "pooling": "mean"},
    "full": {"layer": -1, "pooling": "mean", "rank": 8},
    "head": {"layer": -1, "pooling": "mean", "rank": 8, "layer_decay": 1.0},
    "pretrain": {"layer": -1, "pooling": "mean", "rank": 8, "class_weights": False},
}
"""The choices that a way has no use for, and their defaults."""


def checked_recipe(threads: int, way: Any, start: Any, kind: Any, **choices: Any) -> Recipe:
    """The recipe, its epochs 0 where the rows decide. Raises ChoiceError for a choice outside its range, or one that
    the way has no use for."""
    row = BY_NAME[checked_choice(way, "way", [each.name for each in WAYS])]
    if not isinstance(start, str):
        raise ChoiceError("start must be the name of a model.")
    for name, default in _UNUSED[row.name].items():
        if choices[name] != default:
            raise ChoiceError(f"{row.title} has no use for {name}. Leave it out, or choose another way.")
    checked_choice(kind, "kind", tuple(KINDS))
    if row.text and kind != "single":
        raise ChoiceError(f"{row.title} reads no labels. Leave kind out, or choose another way.")
    if kind == "number" and choices["class_weights"]:
        raise ChoiceError("Numbers have no classes to weigh. Leave class_weights out.")
    rate = _number(choices["learning_rate"], "learning_rate", 0.0, 0.1)
    return Recipe(
        way=row.name,
        kind=TEXT if row.text else kind,
        start=start,
        epochs=checked_whole(choices["epochs"], "epochs", 0, MOST_EPOCHS),
        learning_rate=rate or row.learning_rate,
        batch_size=checked_whole(choices["batch_size"], "batch_size", 1, MOST_BATCH),
        length=checked_whole(choices["length"], "length", 8, MOST_LENGTH),
        seed=checked_whole(choices["seed"], "seed", 0, MOST_SEED),
        rank=checked_whole(choices["rank"], "rank", 1, MOST_RANK),
        layer=checked_whole(choices["layer"], "layer", -1, 199),
        pooling=checked_choice(choices["pooling"], "pooling", tuple(POOLINGS)),
        class_weights=checked_flag(choices["class_weights"], "class_weights"),
        early_stopping=checked_whole(choices["early_stopping"], "early_stopping", 0, MOST_EPOCHS),
        layer_decay=_number(choices["layer_decay"], "layer_decay", 0.1, 1.0),
        threads=threads,
        share=_number(choices.get("share", 1.0), "share", 0.01, 1.0),
    )


def usual_epochs(way: str, rows: int, batch_size: int) -> int:
    """Epochs where nobody asks for a number: those of the way, and of few rows as many as make LEAST_STEPS steps."""
    row = BY_NAME[way]
    if not row.steps:
        return row.epochs
    return max(row.epochs, min(MOST_USUAL, -(-LEAST_STEPS // -(-rows // batch_size))))


def _number(value: Any, name: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise ChoiceError(f"{name} must be a number from {least:g} to {most:g}.")
    return float(value)
