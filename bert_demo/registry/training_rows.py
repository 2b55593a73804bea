"""The sets of labelled sentences that ship with the project, to train on: each in two files, one of them held out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bert_demo.core.settings import ASSETS

FOLDER = ASSETS / "training_rows"


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """A set as a visitor sees it.

    labels: in their order; several: whether a sentence may have several labels, or none; teaches: what it is good for
    in class.
    """

    name: str
    title: str
    labels: tuple[str, ...]
    several: bool
    teaches: str

    @property
    def path(self) -> Path:
        """The rows to train on, as CSV."""
        return FOLDER / f"{self.name}.csv"

    @property
    def held_out(self) -> Path:
        """Rows that training never sees, to measure on."""
        return FOLDER / f"{self.name}_held_out.csv"


SETS = (
    TrainingRows(
        "fact_or_opinion",
        "Fact or opinion",
        ("fact", "opinion"),
        False,
        "Two classes of everyday sentences on the same subjects, so that the subject does not help: what tells a claim "
        "that can be checked from a judgement? Look up afterwards which words the model goes by, and argue about the "
        "rows that it gets wrong.",
    ),
    TrainingRows(
        "town_hall",
        "Letters to the town hall",
        ("noise", "parks", "streets", "waste", "water"),
        False,
        "Five classes of short letters, each to be sent to its office: what companies use such models for. Each class "
        "has a subject of its own, so that few rows go far; the confusions show which offices share words.",
    ),
    TrainingRows(
        "restaurant",
        "What a guest writes about",
        ("food", "service", "price", "place"),
        True,
        "Sentences of restaurant reviews with several labels, one or none: what is it about, whether praise or blame? "
        "Each label is judged by itself, and a row is right only when all four are.",
    ),
)


def training_rows(name: str) -> TrainingRows | None:
    """The set of that name, if there is one."""
    return next((each for each in SETS if each.name == name), None)
