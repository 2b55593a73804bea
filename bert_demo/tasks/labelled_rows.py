"""Labelled rows for a model: checked, tokenised, and what is right of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bert_demo.core import validation
from bert_demo.core.errors import BadDataError, DataChoiceError, MissingHeadError
from bert_demo.data.labels import LabelMapping, find_mapping, split_labels
from bert_demo.models.base import Encoding, Model

OnProgress = Callable[[int, int], None]
MOST_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts, and what is right: (texts, labels) of True and False."""

    encodings: tuple[Encoding, ...]
    truth: np.ndarray


def check_shape(rows: Sequence[Sequence[object]]) -> None:
    """Raise BadDataError unless these are texts, some with a second one, and their labels, from 2 to MOST_ROWS."""
    if not isinstance(rows, (list, tuple)) or not all(
        isinstance(row, (list, tuple)) and len(row) in (2, 3) for row in rows
    ):
        raise BadDataError("rows must be pairs of a text and its label, or a text, a second text and their label.")
    if not 2 <= len(rows) <= MOST_ROWS:
        raise BadDataError(f"There are {len(rows)} labelled texts; from 2 to {MOST_ROWS} can be measured.")


def refuse_numbers(model: Model) -> None:
    """Raise MissingHeadError for a model that gives a number, which is not right or wrong."""
    if model.activation == "none":
        raise MissingHeadError(
            f"The model {model.info.name} gives numbers, not labels, so that no answer is right or wrong. Choose a "
            'classifier, such as "sentiment".'
        )


def read(
    model: Model,
    rows: Sequence[tuple[str, ...]],
    lines: Sequence[int] | None,
    most: int,
    watch: OnProgress,
    whole: bool = False,
) -> Labelled:
    """Check the rows and tokenise them; `watch` is called after each with nothing done yet, so that it can stop this.

    lines: where each row stands in the visitor's file; most: characters of a text; whole: texts of several windows are
    refused. Raises BadDataError, which names the line, or without lines the number of the row.
    """
    refuse_numbers(model)
    encodings = []
    truth = np.zeros((len(rows), len(model.labels)), bool)
    mapping = _mapping(model, [row[-1] for row in rows])
    for place, (text, *second, label) in enumerate(rows):
        where = f"Labelled text {place + 1}" if lines is None else f"Line {lines[place]}"
        encodings.append(encoded(model, text, second[0] if second else None, where, most))
        if whole and len(encodings[-1].windows) > 1:
            raise BadDataError(
                f"{where}: the text has more tokens than the {model.info.limit} that are read at once. Shorten it."
            )
        truth[place, _places(model, mapping, label, where)] = True
        watch(0, len(rows))
    return Labelled(tuple(encodings), truth)


def encoded(model: Model, text: Any, second: Any, where: str, most: int) -> Encoding:
    """The tokens of a row's texts. where: the row, in words; most: characters. Raises BadDataError, which names it."""
    try:
        text, pair = validation.checked_pair(text, second, most)
        for each in (text, pair or ""):
            validation.refuse_control_tokens(each, model.control_tokens)
        return model.encode(text, pair)
    except ValueError as error:
        raise BadDataError(f"{where}: {error}") from None


def _names(model: Model, label: object) -> list[str]:
    """The labels of a row as texts; only where each label is judged by itself there may be several, or none."""
    written = ("true" if label else "false") if isinstance(label, bool) else str(label)
    return split_labels(written, model.labels) if model.activation == "sigmoid" else [written]


def _mapping(model: Model, labels: Sequence[object]) -> LabelMapping:
    """What the labels mean, by the rules for files; names alone where they mean nothing by any of them."""
    try:
        return find_mapping([name for label in labels for name in _names(model, label)], model.labels)
    except DataChoiceError:
        return LabelMapping(tuple(model.labels))


def _places(model: Model, mapping: LabelMapping, label: object, where: str) -> list[int]:
    """The places of a row's labels."""
    names = _names(model, label)
    places = [mapping.place(name) for name in names]
    for name, place in zip(names, places, strict=True):
        if place is None:
            raise BadDataError(f"{where}: {name[:40]!r} is none of this model's labels: {', '.join(model.labels)}.")
    return [place for place in places if place is not None]
