"""Rows that cannot be learnt from: a sentence each before anything starts, over HTTP and in the lens."""

from __future__ import annotations

import csv
import io
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from bert_demo import BertService, Settings
from bert_demo.core.errors import DemoError
from bert_demo.core.training_place import training_root
from bert_demo.web.components.training_choices import DEFAULTS
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask
from bert_demo.web.tabs.train import TrainTab

GOOD = [[f"{word} {number}", label] for label, word in (("cat", "a cat"), ("dog", "a dog")) for number in range(10)]
BAD: dict[str, tuple[list[list[str]], str]] = {
    "no rows": ([], "There are no rows"),
    "one class": ([[text, "cat"] for text, _ in GOOD], "needs rows of at least two labels"),
    "a class of one row": ([*GOOD, ["a bird", "bird"]], "The label 'bird' has 1 text. Each label needs at least 3"),
    "all texts equal": ([["a cat", label] for _, label in GOOD], "All 20 texts are equal"),
    "20,000 rows": (
        [[f"{text} {number}", label] for number in range(1000) for text, label in GOOD],
        "20,000 rows; at most 5,000 are learnt from here",
    ),
    "a text of 20,001 characters": ([*GOOD, ["x" * 20_001, "cat"]], "Row 21: The text has 20,001 characters"),
    "a label for each text": ([[text, f"label {text}"] for text, _ in GOOD], "different labels in 20 rows"),
    "a row without a label": ([*GOOD, ["a bird", ""]], "Row 21 has no label"),
}
IN_THE_LENS = {
    "no rows": "There are no rows",
    "20,000 rows": "20,000 rows",
    "a label for each text": "different labels",
    "a row without a label": "Line 22: there is no label",
}
"""Where the reader of files says it before training does, and what else it says."""


def asked(server: str, arguments: dict[str, Any]) -> tuple[str, str]:
    """How a call ends, and what is said."""
    body, kind = json.dumps(arguments).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{server}/gradio_api/call/v2/train", body, kind)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            number = json.load(answer)["event_id"]
    except urllib.error.HTTPError as error:
        with error:
            return "refused", json.load(error)["detail"]
    with urllib.request.urlopen(f"{server}/gradio_api/call/train/{number}", timeout=60) as answer:
        event, _, data = answer.read().decode().strip().rpartition("event: ")[2].partition("\ndata: ")
    return event, data


@pytest.mark.parametrize("name", BAD)
def test_bad_rows_are_a_sentence_over_http(server: str, name: str) -> None:
    rows, sentence = BAD[name]
    event, said = asked(server, {"rows": rows, "way": "frozen"})
    assert event in ("error", "refused") and sentence in said


def held(rows: list[list[str]]) -> list[Any]:
    stream = io.StringIO()
    csv.writer(stream).writerows([["text", "label"], *rows])
    return [stream.getvalue() if rows else "", None, None, "frozen", "base", *DEFAULTS.values(), ""]


@pytest.mark.parametrize("name", BAD)
def test_bad_rows_are_a_sentence_in_the_lens(tmp_path: Path, name: str) -> None:
    rows, sentence = BAD[name]
    settings = Settings(cache_dir=str(tmp_path))
    with pytest.raises(DemoError) as error:
        TrainTab().answer(BertService(settings), Ask("x", "", "base"), (), held(rows), JobProgress())
    assert IN_THE_LENS.get(name, sentence) in str(error.value)
    assert not training_root(settings).exists()


def test_labels_that_no_file_explains_and_a_long_text_are_notes(tmp_path: Path) -> None:
    service = BertService(Settings(cache_dir=str(tmp_path)))
    rows = [(text, str(int(label == "cat"))) for text, label in GOOD]
    notes = " ".join(service.train_plan([*rows, ("a cat " * 3333, "1")], "frozen").notes)
    assert "The labels are numbers (0, 1) and nothing says what they mean" in notes
    assert "1 text is longer than 128 tokens, of which the first 128 are read" in notes
