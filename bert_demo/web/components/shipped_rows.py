"""The sets of rows that ship with the project, on offer: to train on, and what is held out of them to measure on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bert_demo.core.errors import ChoiceError
from bert_demo.registry.training_rows import SETS, TrainingRows, training_rows
from bert_demo.web.components.labelled_source import RowSets


def _named(name: Any) -> TrainingRows:
    rows = training_rows(name) if isinstance(name, str) else None
    if rows is None:
        raise ChoiceError("There is no such set. Take one of those on offer.")
    return rows


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


_OFFERS = tuple((rows.name, rows.title) for rows in SETS)
TO_TRAIN = RowSets("Or take a set:", _OFFERS, lambda name: _read(_named(name).path))
HELD_OUT = RowSets(
    "For a model of your own (lens Train), rows kept back from:", _OFFERS, lambda name: _read(_named(name).held_out)
)
