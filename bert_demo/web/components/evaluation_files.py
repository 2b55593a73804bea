"""Files of an evaluation: its rows with predictions and probabilities, their attributions, its figures, its report."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

from bert_demo.api.serialise import figures_of
from bert_demo.data.parquet import write_parquet
from bert_demo.results.evaluation import Evaluation
from bert_demo.results.regression_evaluation import RegressionEvaluation
from bert_demo.results.word_effects import WordEffects
from bert_demo.views.export import evaluation, regression, row_attributions
from bert_demo.views.export.evaluation_report import write_report
from bert_demo.web.components.downloads import FileRequest, NamedFile, no_such_file

ROWS: dict[str, Callable[[Evaluation, IO[bytes]], object]] = {
    "csv": evaluation.write_csv,
    "jsonl": evaluation.write_json_lines,
    "parquet": lambda result, stream: stream.write(write_parquet(evaluation.columns_of(result))),
}
NUMBERS: dict[str, Callable[[RegressionEvaluation, IO[bytes]], object]] = {
    "csv": regression.write_csv,
    "jsonl": regression.write_json_lines,
    "parquet": lambda result, stream: stream.write(write_parquet(regression.columns_of(result))),
}
ATTRIBUTIONS: dict[str, Callable[[WordEffects, IO[bytes]], object]] = {
    "csv": row_attributions.write_csv,
    "jsonl": row_attributions.write_json_lines,
    "parquet": lambda result, stream: stream.write(write_parquet(row_attributions.columns_of(result))),
}


def evaluation_file(result: Evaluation | RegressionEvaluation, request: FileRequest) -> NamedFile:
    """What a button asked for. Raises ChoiceError for what none does."""
    if (request.what, request.kind) == ("figures", "json"):
        return NamedFile("evaluation.json", lambda stream: stream.write(figures_of(result)))
    if isinstance(result, RegressionEvaluation):
        return _numbers_file(result, request)
    if request.what == "rows" and request.kind in ROWS:
        write = ROWS[request.kind]
        return NamedFile(f"evaluated-rows.{request.kind}", lambda stream: write(result, stream))
    if (request.what, request.kind) == ("report", "html"):
        return NamedFile("evaluation.html", lambda stream: write_report(result, stream))
    raise no_such_file()


def _numbers_file(result: RegressionEvaluation, request: FileRequest) -> NamedFile:
    if request.what != "rows" or request.kind not in NUMBERS:
        raise no_such_file()
    write = NUMBERS[request.kind]
    return NamedFile(f"evaluated-rows.{request.kind}", lambda stream: write(result, stream))


def attributions_file(result: WordEffects, request: FileRequest) -> NamedFile:
    """The same of the attributions of rows."""
    if request.kind not in ATTRIBUTIONS:
        raise no_such_file()
    write = ATTRIBUTIONS[request.kind]
    return NamedFile(f"row-attributions.{request.kind}", lambda stream: write(result, stream))
