"""`python -m bert_demo prune MODEL FILE`: the accuracy while heads are switched off in order of importance."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from bert_demo.api.serialise import serialise
from bert_demo.core.errors import BadDataError, MissingHeadError
from bert_demo.core.settings import Settings
from bert_demo.data.labelled import read_labelled_file
from bert_demo.service.bert_service import BertService
from bert_demo.training.commands.reading import reading_of


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
    several = service.judges_each_label(options.model)
    read = read_labelled_file(Path(options.file), labels, reading_of(options), options.rows, several)
    curve = service.prune(read.rows, options.model, options.points, options.orders, _print_progress, read.lines)
    return str(read.understood), serialise(curve)


def _print_progress(done: int, planned: int) -> None:
    if done:
        print(f"{done} of {planned} texts read", file=sys.stderr, flush=True)
