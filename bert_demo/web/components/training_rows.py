"""Rows to train on: the sets that ship, what was understood of a visitor's own, and what is handed to training."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bert_demo.core.errors import BadDataError
from bert_demo.data.labelled import MOST_BYTES, checked
from bert_demo.data.own_labels import OwnRows, understand_own
from bert_demo.data.reading import Reading
from bert_demo.data.table import parse_table, table_of
from bert_demo.registry.training_rows import SETS
from bert_demo.views.panels.understood import Choice, understood_panel
from bert_demo.web.components.labelled_source import content_of, name_of
from bert_demo.web.components.understood_rows import asked_rows, reading_of, understood_rows

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService
    from bert_demo.web.tab import Ask

WORDS = {"single": "one label", "several": "several labels, or none", "number": "a number"}
"""What a text has, by the kind of training."""


def shown_training_rows(service: BertService, ask: Ask, rows: Any, file: Any, choices: Any) -> str:
    """What was understood, as HTML; or what has to be said first."""
    reading, most = reading_of(choices), service.settings.train_rows
    try:
        own = _understood(rows, file, choices, most)
    except BadDataError as error:
        return understood_panel(asked_rows(error, (), reading, most))
    shown = understood_rows(own.found, name_of(file), reading, most)
    said = f"Each text has {WORDS[own.kind]}{' (found)' if own.guessed else ''}."
    kinds = Choice("kind", "Each text has", (("", "found"), *WORDS.items()), _kind(choices))
    return understood_panel(
        replace(
            shown,
            said=(*shown.said, said, *_teaches(rows, file)),
            choices=(*(each for each in shown.choices if each.name != "pair"), kinds),
            meanings=(),
            counts=() if own.kind == "number" else shown.counts,
            changed=shown.changed or bool(_kind(choices)),
        )
    )


def training_rows_of(rows: Any, file: Any, choices: Any, most: int) -> tuple[list[tuple[str, str]], str]:
    """(text, label) of each row, several labels with ";" between, and the kind of the labels. Raises BadDataError."""
    own = _understood(rows, file, choices, most)
    found = checked(own.found, reading_of(choices).skip)
    return [(text, label) for text, label in found.rows], own.kind


def _understood(rows: Any, file: Any, choices: Any, most: int) -> OwnRows:
    reading = _of_one_text(reading_of(choices))
    if name_of(file):
        table = table_of(content_of(file), name_of(file), reading, MOST_BYTES)
    else:
        if not isinstance(rows, str):
            raise BadDataError("The rows must be text: one text and its label on each line.")
        if len(rows.encode("utf-8", "replace")) > MOST_BYTES:
            raise BadDataError(f"The rows are more than {MOST_BYTES:,} bytes. Paste fewer of them.")
        table = parse_table(rows, "", reading)
    return understand_own(table, reading, _kind(choices), most)


def _of_one_text(reading: Reading) -> Reading:
    return replace(reading, pair="", mapping=())


def _kind(choices: Any) -> str:
    kind = choices.get("kind") if isinstance(choices, dict) else None
    return kind if isinstance(kind, str) and kind in WORDS else ""


def _teaches(rows: Any, file: Any) -> tuple[str, ...]:
    """What one of the sets is good for, where these are its rows."""
    if name_of(file) or not isinstance(rows, str):
        return ()
    return tuple(each.teaches for each in SETS if rows.strip() == each.path.read_text(encoding="utf-8").strip())
