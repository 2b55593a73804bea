"""The rows of an evaluation as files, in the order of the visitor's own: what is true, what was answered, how sure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from bert_demo.results.evaluation import AnsweredRow, Evaluation
from bert_demo.views.tables import harmless

SEPARATOR = ";"
"""Between several labels of a row, as the reader of rows takes them."""


def columns_of(result: Evaluation) -> dict[str, list[object]]:
    """line, text, second_text (where there are any), truth, answer, right, and p(label) of each label."""
    rows = list(_in_order(result))
    found: dict[str, list[object]] = {
        "line": [row.line for row, _ in rows],
        "text": [row.text for row, _ in rows],
    }
    if any(row.pair is not None for row, _ in rows):
        found["second_text"] = [row.pair or "" for row, _ in rows]
    found["truth"] = [SEPARATOR.join(row.truth) for row, _ in rows]
    found["answer"] = [SEPARATOR.join(row.answer) for row, _ in rows]
    found["right"] = [row.right for row, _ in rows]
    for at, name in enumerate(_names(result)):
        found[name] = [probabilities[at] for _, probabilities in rows]
    return found


def write_csv(result: Evaluation, stream: IO[bytes]) -> None:
    """The columns; a cell that a spreadsheet would run as a formula has an apostrophe in front."""
    write_columns(columns_of(result), stream)


def write_columns(columns: Mapping[str, Sequence[object]], stream: IO[bytes]) -> None:
    """Any columns of rows, as CSV."""
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(map(harmless, columns))
    for row in zip(*columns.values(), strict=True):
        writer.writerow([repr(cell) if isinstance(cell, float) else harmless(cell) for cell in row])
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


def _names(result: Evaluation) -> list[str]:
    """p(label) of each label; of labels that have one name with the place of each."""
    labels = [each.label for each in result.labels]
    return [f"p({name})" if labels.count(name) == 1 else f"p({name}) {at}" for at, name in enumerate(labels)]


def _in_order(result: Evaluation) -> Iterator[tuple[AnsweredRow, list[float]]]:
    for row in sorted(result.answered, key=lambda each: each.row):
        yield row, result.probabilities[row.row].tolist()
