"""What stands in the input bar beside its fields: the examples, and what an example did to the model."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from bert_demo.views.templates import render

MOST_NAMED = 50
"""Characters of a text that a sentence quotes."""


def examples_row(examples: Sequence[tuple[str, str, str, Mapping[str, Any]]]) -> str:
    """A button for each example. examples: its name, the title of the lens that it is for, what it shows there, and
    what the page's script needs to ask it."""
    return render("input_bar.examples", examples)


def model_changed(example: str, before: str, after: str) -> str:
    """That an example changed the model, and a button that changes it back."""
    return render("input_bar.model_changed", example, before, after)


def example_changed() -> str:
    """The same, in which the page's own script says what changed, and shows it."""
    return render("input_bar.example_changed")


def model_for_chinese(before: str, after: str) -> str:
    """That the page chose a model that reads Chinese, and a button that changes it back."""
    return render("input_bar.model_for_chinese", before, after)


def model_returned(model: str) -> str:
    """That the model is again the one before a Chinese text."""
    return render("input_bar.model_returned", model)


def answer_notes(lens: str) -> str:
    """The lines above all lenses that the page's script fills. lens: the title of the one that switches heads off."""
    return render("input_bar.notes", lens)


def answered(text: str, pair: str, model: str) -> str:
    """An unseen mark of the question that an answer belongs to, which the page's script compares with the bar; there
    each end of a line is one sign, whatever a link had."""
    question = f"{text}\0{pair}\0{model}".replace("\r\n", "\n").replace("\r", "\n")
    mark = zlib.crc32(question.encode("utf-8", "replace"))
    return render("input_bar.answered", str(mark), _quoted(text), _quoted(pair), model)


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_NAMED else f"{line[:MOST_NAMED].rstrip()} \N{HORIZONTAL ELLIPSIS}"
