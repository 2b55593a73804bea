"""The rows of an evaluation as files, in the order of the visitor's own: what is true, what was answered, how sure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import IO

from bert_demo.results.evaluation import AnsweredRow, Evaluation
from bert_demo.views.tables import harmless

SEPARATOR = ";"
"""Between several labels of a row, as the reader of rows takes them."""


def write_csv(result: Evaluation, stream: IO[bytes]) -> None:
    """line, text, second text (where there are any), truth, answer, right, and p(label) of each label.

    A cell that a spreadsheet would run as a formula has an apostrophe in front.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="", write_through=True)
    writer = csv.writer(text)
    labels = [each.label for each in result.labels]
    paired = any(row.pair is not None for row in result.answered)
    head = ["line", "text", *(["second_text"] if paired else []), "truth", "answer", "right"]
    writer.writerow([*head, *(f"p({label})" for label in labels)])
    for row, probabilities in _in_order(result):
        texts = [row.text, *([row.pair or ""] if paired else [])]
        both = [SEPARATOR.join(names) for names in (row.truth, row.answer)]
        writer.writerow([row.line, *map(harmless, [*texts, *both]), row.right, *map(repr, probabilities)])
    text.detach()


def write_json_lines(result: Evaluation, stream: IO[bytes]) -> None:
    """The same, an object a line: texts as they are, labels as lists, probabilities by label."""
    labels = [each.label for each in result.labels]
    for row, probabilities in _in_order(result):
        record = {
            "line": row.line,
            "text": row.text,
            **({} if row.pair is None else {"second_text": row.pair}),
            "truth": row.truth,
            "answer": row.answer,
            "right": row.right,
            "probabilities": dict(zip(labels, probabilities, strict=True)),
        }
        stream.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


def _in_order(result: Evaluation) -> Iterator[tuple[AnsweredRow, list[float]]]:
    for row in sorted(result.answered, key=lambda each: each.row):
        yield row, result.probabilities[row.row].tolist()
