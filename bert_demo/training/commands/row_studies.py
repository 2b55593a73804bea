"""What `evaluate` says of labelled rows beside their figures, by the calls of page and HTTP: words that push a label,
labels that may be wrong, a second model, files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from bert_demo.api.serialise import figures_of, serialise
from bert_demo.core.errors import BadDataError
from bert_demo.core.settings import Settings
from bert_demo.data.labelled import LabelledTexts, read_labelled_file
from bert_demo.data.parquet import write_parquet
from bert_demo.results.evaluation import Evaluation
from bert_demo.service.bert_service import BertService
from bert_demo.tasks.labelled_rows import MOST_ROWS
from bert_demo.training.commands.reading import reading_of
from bert_demo.training.publishing.card import Table
from bert_demo.views.export import evaluation, evaluation_report

MOST_SHOWN = 20
"""Rows of a table; --json has all."""
Shown = tuple[Any, list[Table | str]]


def words(options: argparse.Namespace, path: Path) -> Shown:
    """Which words push a label."""
    service, data = _read(options, path)
    found = service.attribute_rows(
        data.rows,
        options.model,
        options.target or None,
        sample=options.sample or 100,
        on_progress=_progress,
        lines=data.lines,
    )
    rows = tuple(
        (each.word, each.effect.number(), f"{each.rows:,}", f"{each.carrying / each.rows:.0%}")
        for each in found.words[:MOST_SHOWN]
    )
    said = (
        f"{found.explained:,} of {found.rows:,} rows, drawn at random, were explained ({found.method}, "
        f"{found.output}); of words in {found.least} rows or more the surest. In brackets the 95 % "
        "interval of the mean."
    )
    table = Table(f"Words that push {found.target}", said, ("word", "effect", "rows", f"carry {found.target}"), rows)
    return serialise(found), [str(data.understood), table]


def several(options: argparse.Namespace, path: Path) -> Shown:
    """A model that judges each label by itself, on rows with several labels or none."""
    service, data = _read(options, path)
    found = service.evaluate(data.rows, options.model, on_progress=_progress, lines=data.lines)
    means = [("macro F1", found.macro_f1), ("micro F1", found.micro_f1)]
    figures = [(found.measure, found.accuracy.percent()), *((name, each.number()) for name, each in means if each)]
    labels = tuple(
        (each.label, each.precision.number(), each.recall.number(), each.f1.number(), f"{each.support:,}")
        for each in found.labels
    )
    worst = 10 if options.worst is None else options.worst
    wrong = tuple(
        (f"{each.line}", _names(each.truth), _names(each.answer), f"{each.score:.3f}", each.text[:60])
        for each in found.mistakes[:worst]
    )
    said = "Each label is judged by itself, at 0.5; in brackets 95 % intervals."
    return serialise(found), [
        str(data.understood),
        Table(f"Figures of {found.rows:,} rows", said, ("figure", "value"), tuple(figures)),
        Table("Labels", "", ("label", "precision", "recall", "F1", "rows"), labels),
        Table("Wrong answers, the most confident first", "", ("line", "truth", "answer", "p", "text"), wrong),
    ]


def label_issues(options: argparse.Namespace, path: Path) -> Shown:
    """Labels that may be wrong, texts that occur twice."""
    service, data = _read(options, path)
    others = None
    if options.second_file:
        labels, several = service.judged_labels(options.model)
        second = read_labelled_file(Path(options.second_file), labels, several=several)
        pairs = second.pairs or ("",) * len(second.texts)
        others = ["\n".join(filter(None, both)) for both in zip(second.texts, pairs, strict=True)]
    found = service.label_issues(data.rows, options.model, options.states, others, _progress, data.lines)
    doubtful = tuple(
        (f"{each.line}", _names(each.given), _names(each.suggested), f"{each.confidence:.3f}", each.text[:60])
        for each in found.issues[:MOST_SHOWN]
    )
    twice = tuple(
        (", ".join(str(row.line) for row in each.rows), "yes" if each.conflict else "no", each.rows[0].text[:60])
        for each in found.duplicates[:MOST_SHOWN]
    )
    guess = (
        "A guess: a classifier on the frozen states judges each row after learning from the others only. Read each row "
        "before you change it."
    )
    shown: list[Table | str] = [
        str(data.understood),
        Table(
            f"{len(found.issues):,} labels that may be wrong",
            guess,
            ("line", "given", "perhaps", "p", "text"),
            doubtful,
        ),
        Table(f"{len(found.duplicates):,} texts that occur twice", "", ("lines", "labels differ", "text"), twice),
    ]
    if others is not None:
        shared = tuple((f"{each.line}", f"{each.similarity:.0%}", each.text[:60]) for each in found.shared[:MOST_SHOWN])
        title = f"{len(found.shared):,} texts in both files"
        shown.append(Table(title, "", ("line", "alike", "text"), shared))
    return serialise(found), shown


def against(options: argparse.Namespace, path: Path) -> Shown:
    """Two models on the same rows."""
    service, data = _read(options, path)
    found = service.compare_models(data.rows, options.against, options.model, _progress, data.lines)
    first, second = found.models
    rows = (
        (found.measure, first.accuracy.percent(), second.accuracy.percent(), found.difference.number()),
        ("macro F1", first.macro_f1.number(), second.macro_f1.number(), found.macro_f1_difference.number()),
        ("it alone is right", f"{found.table[0, 1]:,}", f"{found.table[1, 0]:,}", f"by chance {found.chance:.2g}"),
    )
    differing = tuple(
        (f"{each.line}", _names(each.truth), *map(_names, each.answers), each.text[:60])
        for each in found.differing[:MOST_SHOWN]
    )
    header = ("", first.model, second.model, "difference")
    return serialise(found), [
        str(data.understood),
        Table("Figures", "In brackets 95 % intervals; chance by McNemar's exact test.", header, rows),
        Table("Rows that are answered otherwise", "", ("line", "truth", first.model, second.model, "text"), differing),
    ]


KINDS: dict[str, Callable[[argparse.Namespace, Path], Shown]] = {
    "words": words,
    "label_issues": label_issues,
    "against": against,
}


def save(options: argparse.Namespace, path: Path) -> str:
    """Write the rows with their answers, the figures or the report, as the ending says; returns a sentence.

    Raises BadDataError.
    """

    def measured() -> Evaluation:
        service, data = _read(options, path)
        return service.evaluate(data.rows, options.model, on_progress=_progress, lines=data.lines)

    return write(Path(options.save), _FILES, measured)


def write(target: Path, files: Mapping[str, Callable[[Any, IO[bytes]], Any]], measured: Callable[[], Any]) -> str:
    """Write what was measured as the ending says; returns a sentence. Raises BadDataError, before it is measured where
    nothing writes such an ending."""
    if target.suffix not in files:
        raise BadDataError(f"--save writes files that end in {', '.join(files)}.")
    found = measured()
    try:
        with target.open("wb") as stream:
            files[target.suffix](found, stream)
    except OSError as error:
        raise BadDataError(f"{target} cannot be written: {error.strerror}.") from error
    return f"{found.rows:,} rows were written to {target}."


_FILES: dict[str, Callable[[Evaluation, IO[bytes]], Any]] = {
    ".csv": evaluation.write_csv,
    ".jsonl": evaluation.write_json_lines,
    ".parquet": lambda found, stream: stream.write(write_parquet(evaluation.columns_of(found))),
    ".json": lambda found, stream: stream.write(figures_of(found)),
    ".html": evaluation_report.write_report,
}


def _read(options: argparse.Namespace, path: Path) -> tuple[BertService, LabelledTexts]:
    service = BertService(Settings.from_environment())
    labels, several = service.judged_labels(options.model)
    data = read_labelled_file(path, labels, reading_of(options), options.rows, several)
    if len(data.texts) > MOST_ROWS:
        raise BadDataError(
            f"{path} has {len(data.texts):,} rows; up to {MOST_ROWS:,} are read here. Say how many with --rows."
        )
    return service, data


def _names(labels: tuple[str, ...]) -> str:
    return "; ".join(labels) or "(none)"


def _progress(done: int, planned: int) -> None:
    if done:
        print(f"{done} of {planned} rows", file=sys.stderr, flush=True)
