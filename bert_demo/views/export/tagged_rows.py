"""The rows of an evaluation of entities or of answers as files, in the order of the visitor's own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import IO

from bert_demo.results.answer_evaluation import AnswerEvaluation
from bert_demo.results.entity_evaluation import EntityEvaluation
from bert_demo.views.export.evaluation import write_columns

Measured = EntityEvaluation | AnswerEvaluation


def columns_of(result: Measured) -> dict[str, list[object]]:
    """Of entities row, text, truth, answer (tags parted by blanks), right; of answers row, question, passage, truth (as
    a JSON list), answer, p(answer), exact_match, f1. row: from 1."""
    if isinstance(result, EntityEvaluation):
        return {
            "row": list(range(1, result.rows + 1)),
            "text": [each.text for each in result.tagged],
            "truth": [each.truth for each in result.tagged],
            "answer": [each.answer for each in result.tagged],
            "right": [each.right for each in result.tagged],
        }
    return {
        "row": [each.row + 1 for each in result.answered],
        "question": [each.question for each in result.answered],
        "passage": [each.passage for each in result.answered],
        "truth": [json.dumps(each.answers, ensure_ascii=False) for each in result.answered],
        "answer": [each.found for each in result.answered],
        "p(answer)": [each.score for each in result.answered],
        "exact_match": [each.exact for each in result.answered],
        "f1": [each.f1 for each in result.answered],
    }


def write_csv(result: Measured, stream: IO[bytes]) -> None:
    """The columns; a cell that a spreadsheet would run as a formula has an apostrophe in front."""
    write_columns(columns_of(result), stream)


def write_json_lines(result: Measured, stream: IO[bytes]) -> None:
    """The columns, an object a line, texts as they are."""
    columns: Mapping[str, Sequence[object]] = columns_of(result)
    for row in zip(*columns.values(), strict=True):
        record = dict(zip(columns, row, strict=True))
        stream.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
