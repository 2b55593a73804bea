"""`evaluate` of rows that carry no label of a text: a number each, a tag for each word, or answers of a question."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from bert_demo.api.serialise import figures_of, serialise
from bert_demo.core.errors import BadDataError
from bert_demo.core.settings import Settings
from bert_demo.data.numbers import NumberedTexts, checked_numbers, numbered_texts
from bert_demo.data.parquet import write_parquet
from bert_demo.data.questions import read_questions
from bert_demo.data.table import read_table
from bert_demo.data.tagged import read_tagged
from bert_demo.results.regression_evaluation import RegressionEvaluation
from bert_demo.service.bert_service import BertService
from bert_demo.tasks import answer_rows, entity_rows
from bert_demo.tasks.labelled_rows import MOST_ROWS
from bert_demo.training.commands.reading import reading_of
from bert_demo.training.commands.row_studies import write
from bert_demo.training.evaluation import entities as entity_evaluation
from bert_demo.training.publishing import tables
from bert_demo.training.publishing.card import Table
from bert_demo.views.export import regression as export
from bert_demo.views.export import tagged_rows

Shown = tuple[Any, list[Table | str]]


def regression(options: argparse.Namespace, path: Path) -> Shown:
    """A model that gives a number, on texts with the right one."""
    found, data = _measured(options, path)
    figures = (
        ("Pearson's correlation", found.pearson.number() if found.pearson else "no number varies"),
        ("Spearman's rank correlation", found.spearman.number() if found.spearman else "no number varies"),
        ("mean absolute error", found.mean_absolute_error.number()),
    )
    worst = 10 if options.worst is None else options.worst
    farthest = tuple(
        (f"{each.line}", f"{each.truth:g}", f"{each.answer:.3f}", each.text[:60]) for each in found.farthest[:worst]
    )
    out = f" {len(data.bad):,} rows were left out: {data.bad[0].reason}" if data.bad else ""
    return serialise(found), [
        f"{data.columns}{out}",
        Table(f"{found.output} of {found.rows:,} rows", "In brackets 95 % intervals.", ("figure", "value"), figures),
        Table("The farthest off", "", ("line", "right", "answer", "text"), farthest),
    ]


def save_regression(options: argparse.Namespace, path: Path) -> str:
    """Write the rows with their answers, or the figures, as the ending says. Raises BadDataError."""
    return write(Path(options.save), _FILES, lambda: _measured(options, path)[0])


_FILES: dict[str, Callable[[RegressionEvaluation, IO[bytes]], Any]] = {
    ".csv": export.write_csv,
    ".jsonl": export.write_json_lines,
    ".parquet": lambda found, stream: stream.write(write_parquet(export.columns_of(found))),
    ".json": lambda found, stream: stream.write(figures_of(found)),
}


def _measured(options: argparse.Namespace, path: Path) -> tuple[RegressionEvaluation, NumberedTexts]:
    reading = reading_of(options)
    data = checked_numbers(numbered_texts(read_table(path, reading), reading), sys.maxsize, reading.skip)
    rows, lines = data.rows[: options.rows], data.lines[: options.rows]
    if len(rows) > MOST_ROWS:
        raise BadDataError(f"{path} has {len(rows):,} rows; up to {MOST_ROWS:,} are read. Say how many with --rows.")
    service = BertService(Settings.from_environment())
    return service.evaluate_regression(rows, options.model, _progress, lines), data


def entities(options: argparse.Namespace, path: Path) -> Shown:
    """A model that tags words, on sentences whose words are tagged: F1 of whole entities by seqeval's rules."""
    sentences = read_tagged(path)[: options.rows]
    model = BertService(Settings.from_environment()).model(options.model)
    model.heads["token-classification"]  # raises MissingHeadError
    found = entity_evaluation.evaluate(model, sentences)
    worst = 10 if options.worst is None else options.worst
    return asdict(found), [
        tables.figures_table(tables.entity_rows(found, path.name), "Figures"),
        tables.entity_type_table(found, path.name),
        tables.outcome_table(found, path.name),
        tables.entity_mistake_table(found, path.name, worst),
        tables.INTERVALS,
    ]


def save_entities(options: argparse.Namespace, path: Path) -> str:
    """Write the sentences with the model's tags, or the figures, as the ending says. Raises BadDataError."""

    def measured() -> Any:
        sentences = read_tagged(path)[: options.rows]
        model = BertService(Settings.from_environment()).model(options.model)
        model.heads["token-classification"]  # raises MissingHeadError
        entity_rows.refuse_other_types(model, sentences)
        return entity_rows.evaluate(model, sentences, range(1, len(sentences) + 1), _progress)

    return write(Path(options.save), _TAGGED_FILES, measured)


def save_answers(options: argparse.Namespace, path: Path) -> str:
    """Write the questions with what was found, or the figures, as the ending says. Raises BadDataError."""

    def measured() -> Any:
        asked = read_questions(path, options.rows)
        model = BertService(Settings.from_environment()).model(options.model)
        model.heads["question-answering"]  # raises MissingHeadError
        return answer_rows.evaluate(model, asked, range(1, len(asked) + 1), _progress)

    return write(Path(options.save), _TAGGED_FILES, measured)


_TAGGED_FILES: dict[str, Callable[[Any, IO[bytes]], Any]] = {
    ".csv": tagged_rows.write_csv,
    ".jsonl": tagged_rows.write_json_lines,
    ".parquet": lambda found, stream: stream.write(write_parquet(tagged_rows.columns_of(found))),
    ".json": lambda found, stream: stream.write(figures_of(found)),
}
KINDS = {"regression": regression, "entities": entities}


def _progress(done: int, planned: int) -> None:
    if done:
        print(f"{done} of {planned} rows", file=sys.stderr, flush=True)
