"""`python -m bert_demo features --output`: the numbers in a file, of any size."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bert_demo.core.errors import ChoiceError
from bert_demo.views.export.features import write_csv, write_npz

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService


def add_output(command: argparse.ArgumentParser) -> None:
    """Add the option."""
    command.add_argument("--output", metavar="FILE", help="write a file: NAME.npz or NAME.csv")


def write(service: BertService, output: str, asked: Mapping[str, Any]) -> str:
    """Write what `features` gives into a .npz or .csv file, of any size. Returns a sentence. Raises ChoiceError."""
    path = Path(output)
    if path.suffix not in (".npz", ".csv"):
        raise ChoiceError("--output must be a file that ends in .npz or .csv.")
    result = service.features(**asked)
    try:
        with path.open("wb") as stream:
            if path.suffix == ".csv":
                write_csv(result, stream)
            else:
                write_npz(result, asked["text"], asked["pair"], stream)
    except OSError as error:
        raise ChoiceError(f"{path} cannot be written: {error.strerror}.") from error
    rows, size = result.values.shape
    return f"{path}: {rows} x {size} numbers, layer {result.layer} of 0 to {result.layers}"
