"""`python -m bert_demo prune MODEL FILE`: the accuracy while heads are switched off in order of importance."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from bert_demo.errors import BadDataError, MissingHeadError
from bert_demo.labelled_rows import BETWEEN
from bert_demo.records_heads import prune_record
from bert_demo.service import BertService
from bert_demo.settings import Settings
from bert_demo.training.labelled import Layout, read_labelled, read_several


def measure(options: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """How the file was read, in a sentence, and the curve as JSON; progress goes to standard error.

    Raises BadDataError, ModelError, ChoiceError.
    """
    if options.rows is not None and options.rows < 1:
        raise BadDataError("--rows must be at least 1.")
    service = BertService(Settings.from_environment())
    labels = service.labels(options.model)
    if not labels:
        raise MissingHeadError(f"The model {options.model} has no labels. Choose a classifier such as sentiment.")
    layout = Layout(tuple(options.text_column), options.label_column, options.rows)
    path = Path(options.file)
    if service.judges_each_label(options.model):
        read, said = read_several(path, labels, layout)
        rows = [(text, BETWEEN.join(labels[place] for place in places)) for _, text, places in read]
        lines = tuple(number for number, _, _ in read)
    else:
        found = read_labelled(path, labels, layout)
        said, lines = found.layout, found.rows
        rows = [(text, labels[label]) for text, label in zip(found.texts, found.labels, strict=True)]
    curve = service.prune(rows, options.model, options.points, options.orders, _told, lines)
    return said, prune_record(curve)


def _told(done: int, planned: int) -> None:
    if done:
        print(f"{done} of {planned} texts read", file=sys.stderr, flush=True)
