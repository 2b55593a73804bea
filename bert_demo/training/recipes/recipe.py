"""What a recipe is: how a bundled model is made, and what its card says beside the figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bert_demo.training.batches import BATCH
from bert_demo.training.loop import Schedule

ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
SECRETS = ("start", "output", "data")
RANK = 32
SENTIMENT_RANK = 64
PLACE = "assets/models/{}"
"""Where the adapters say that their model is: `peft` looks there from the directory that holds the project."""


@dataclass(frozen=True, slots=True)
class Places:
    """Directories: the encoder to start from, the collections, and where everything is made; e5: the file that
    `bilingual` starts from, which is needed to make that model only."""

    encoder: Path
    data: Path
    output: Path
    e5: Path = Path()

    def model(self, name: str) -> Path:
        """Where a finished model goes."""
        return self.output / "models" / name


@dataclass(frozen=True, slots=True)
class History:
    """How published weights were made, where that is not what the recipe of today does. sha256: of those weights."""

    sha256: str
    account: str


@dataclass(frozen=True, slots=True)
class Origin:
    """The published encoder that a bundled one was continued from.

    model: its id on the hub; licence: as in the front matter of a card; languages: that the bundled model reads; file:
    the weights that were read; seen: what is known of its own training.
    """

    model: str
    licence: str
    languages: tuple[str, ...]
    file: Callable[[Places], Path]
    carried: str
    seen: str


MINILM = Origin(
    ENCODER,
    "apache-2.0",
    ("en",),
    lambda places: places.encoder / "model.safetensors",
    "Apache-2.0, `model.safetensors`",
    "What that encoder had read before (its card names a billion sentence pairs, Wikipedia among them) is not known "
    "here text by text: `left out` below means left out of the training in this project.",
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A step. task, schedule: what is trained and how; base: the model whose encoder an adapter shares; origin: what
    that was continued from; the rest is for the card.

    history: says of the weights that ship that this recipe did not make them; whatever the recipe makes has other
    weights, and a card that does not mention it.
    """

    name: str
    task: Callable[[Places], Any]
    schedule: Schedule
    about: str
    limits: str
    data: str
    code: str
    note: str = ""
    history: History | None = None
    base: str = "base"
    origin: Origin = MINILM

    def made(self, task: Any, digest: str) -> tuple[tuple[str, str], ...]:
        """(name, sentence) of the card's facts on how weights of that sha256 were made."""
        steps = f"`python -m bert_demo train all`, step `{self.name}`: {settings(task, self.schedule)}. {self.note}"
        if self.history is None or self.history.sha256 != digest:
            return (("Made by", steps.strip()),)
        return (
            ("Made by", f"{self.history.account} No command repeats this."),
            ("Recipe of today", f"{steps.strip()} It makes a like model, not these weights."),
        )


def settings(task: Any, schedule: Schedule) -> str:
    """A task's settings in words, files by their names, without this machine's directories."""

    def shown(value: Any) -> str:
        if isinstance(value, tuple):
            return " + ".join(map(shown, value))
        is_path = isinstance(value, Path) or (isinstance(value, str) and Path(value).exists())
        return Path(value).name if is_path else str(value)

    parts = [
        f"{each.name.replace('_', ' ')} {shown(value)}"
        for each in fields(task)
        if each.name not in SECRETS and (value := getattr(task, each.name))
    ]
    parts += [
        f"AdamW, learning rate {schedule.learning_rate:g} (head times {schedule.head_factor:g})",
        f"{schedule.steps:,} steps" if schedule.steps else f"batches of {BATCH}",
        f"seed {schedule.seed}",
    ]
    return ", ".join(parts)
