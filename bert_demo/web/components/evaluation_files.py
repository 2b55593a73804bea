"""Files of an evaluation: its rows with predictions and probabilities, and its figures."""

from __future__ import annotations

import json
from typing import IO

from bert_demo.api.serialise import serialise
from bert_demo.results.evaluation import Evaluation
from bert_demo.views.export.evaluation import write_csv, write_json_lines
from bert_demo.web.components.downloads import FileRequest, NamedFile, no_such_file

ROWS = {"csv": write_csv, "jsonl": write_json_lines}


def evaluation_file(result: Evaluation, request: FileRequest) -> NamedFile:
    """What a button asked for. Raises ChoiceError for what none does."""
    if request.what == "rows" and request.kind in ROWS:
        write = ROWS[request.kind]
        return NamedFile(f"evaluated-rows.{request.kind}", lambda stream: write(result, stream))
    if (request.what, request.kind) == ("figures", "json"):
        return NamedFile("evaluation.json", lambda stream: write_figures(result, stream))
    raise no_such_file()


def write_figures(result: Evaluation, stream: IO[bytes]) -> None:
    """Everything that the endpoint /evaluate says, but for the probabilities, which stand in the rows."""
    figures = {name: value for name, value in serialise(result).items() if name != "probabilities"}
    stream.write(json.dumps(figures, ensure_ascii=False, indent=1).encode("utf-8", "replace"))
