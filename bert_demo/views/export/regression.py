"""The rows of a regressor's evaluation as files, in the order of the visitor's own: right numbers and answers."""

from __future__ import annotations

import json
from typing import IO

from bert_demo.results.regression_evaluation import RegressionEvaluation
from bert_demo.views.export.evaluation import write_columns


def columns_of(result: RegressionEvaluation) -> dict[str, list[object]]:
    """line, text, second_text (where there are any), truth, answer, error (answer - truth)."""
    rows = result.in_order
    found: dict[str, list[object]] = {"line": [row.line for row in rows], "text": [row.text for row in rows]}
    if any(row.pair is not None for row in rows):
        found["second_text"] = [row.pair or "" for row in rows]
    found["truth"] = [row.truth for row in rows]
    found["answer"] = [row.answer for row in rows]
    found["error"] = [row.answer - row.truth for row in rows]
    return found


def write_csv(result: RegressionEvaluation, stream: IO[bytes]) -> None:
    """The columns; a text that a spreadsheet would run as a formula has an apostrophe in front."""
    write_columns(columns_of(result), stream)


def write_json_lines(result: RegressionEvaluation, stream: IO[bytes]) -> None:
    """The same, an object a line, texts as they are."""
    for row in result.in_order:
        record = {
            "line": row.line,
            "text": row.text,
            **({} if row.pair is None else {"second_text": row.pair}),
            "truth": row.truth,
            "answer": row.answer,
            "error": row.answer - row.truth,
        }
        stream.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
