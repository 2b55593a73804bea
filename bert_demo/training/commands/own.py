"""`python -m bert_demo train own FILE --output DIR`: what the page does with labelled rows, without a page."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path

from bert_demo.api.endpoints.training import Train
from bert_demo.api.serialise import serialise
from bert_demo.core.errors import BadDataError
from bert_demo.core.settings import Settings
from bert_demo.core.training_place import MODEL
from bert_demo.data.labelled import checked
from bert_demo.data.own_labels import understand_own
from bert_demo.data.passages import passages
from bert_demo.data.table import read_table
from bert_demo.data.text_files import read_lines
from bert_demo.registry.training_ways import BY_NAME, TEXT
from bert_demo.results.from_json import to_json
from bert_demo.results.training import TrainingJob, TrainingPlan
from bert_demo.service.context import Context
from bert_demo.service.training_files import ARCHIVE, JobFiles
from bert_demo.service.training_recipe import checked_recipe
from bert_demo.service.training_request import prepared
from bert_demo.training.commands.reading import reading_of
from bert_demo.training.own.job import run as run_job

MOST = {"train_rows": 1_000_000, "train_tokens": 10**12, "train_minutes": 10**6, "train_mb": 10**6}
"""A command of one's own machine has no limits."""
GIVEN = ("rows", "kind", "text")
"""What the endpoint is sent and a command finds in its file."""
TABLES = {".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".xlsx", ".parquet"}
"""Files of rows; others are text, where no labels are wanted."""


def run(options: argparse.Namespace) -> None:
    """Train, and put model/ and model.zip into --output; the same command goes on where it was interrupted.

    Raises BadDataError, ChoiceError, ModelError.
    """
    output, path = Path(options.output), Path(options.file)
    for name in (MODEL, ARCHIVE):
        if (output / name).exists():
            raise BadDataError(f"There is a {name} in {output} already. Name another directory with --output.")
    rows, kind, understood = _read(path, options)
    settings = Settings.from_environment()
    settings = settings.model_copy(update=MOST)
    choices = {name: getattr(options, name) for name in Train.model_fields if name not in GIVEN}
    recipe = checked_recipe(settings.train_threads, kind=kind, **choices)
    request = prepared(Context(settings), rows, recipe)
    _say(f"{understood}\n{described(request.plan)}")
    asked = json.dumps([to_json(request.rows), to_json(recipe), request.source])
    files = JobFiles(output / "job", hashlib.sha256(asked.encode()).hexdigest()[:32])
    if files.status() is None:
        files.create(request)
    last = [0]

    def say(job: TrainingJob) -> None:
        if job.epoch != last[0]:
            last[0] = job.epoch
            point = job.epochs[-1]
            what = point.tried or f"epoch {point.epoch}"
            left = f", {job.seconds_left:.0f} s left" if job.seconds_left else ""
            _say(f"{what}: {request.plan.measure} {point.score:.3f}, loss {point.loss:.3f} (held out){left}")

    job = run_job(files, say)
    if not job.model:
        raise BadDataError(job.sentence)
    files.model.rename(output / MODEL)
    files.archive.rename(output / ARCHIVE)
    shutil.rmtree(output / "job")
    print(json.dumps(serialise(job), ensure_ascii=False) if options.json else report(job, output))


def _read(path: Path, options: argparse.Namespace) -> tuple[list[tuple[str, str]], str, str]:
    """Rows, their kind, and what was understood. Raises BadDataError."""
    reading, unlabelled = reading_of(options), options.way in BY_NAME and BY_NAME[options.way].text
    if unlabelled and not TABLES & {each.lower() for each in path.suffixes}:
        found = passages("".join(read_lines(path)))
        return [(each, "") for each in found], options.kind or "single", f"Understood: {len(found):,} passages of text."
    own = understand_own(read_table(path, reading), reading, options.kind, MOST["train_rows"])
    rows = [(text, label) for text, label in checked(own.found, reading.skip).rows]
    return rows, (options.kind or "single") if unlabelled else own.kind, str(own.found.understood)


def described(plan: TrainingPlan) -> str:
    """What is known before the start, in lines."""
    unlabelled = "text" if plan.recipe.kind == TEXT else "numbers"
    labels = ", ".join(f"{each.label} {each.rows:,}" for each in plan.labels) or unlabelled
    said = [
        f"{plan.rows:,} rows ({labels}): {plan.train:,} to learn from, {plan.held_out:,} held out, {plan.test:,} to "
        "test on",
        f"a constant answer ({plan.answer}) reaches {plan.measure} {plan.constant:.3f} on the held-out rows",
        *plan.notes,
        f"about {plan.seconds:.0f} seconds" if plan.seconds else "",
    ]
    return "\n".join(filter(None, said))


def report(job: TrainingJob, output: Path) -> str:
    """The figures of a finished job, in lines."""
    assert job.test is not None and job.plan is not None
    said = [
        job.sentence,
        f"{job.plan.measure} {job.test.score.number()} on {job.test.rows} test rows; "
        f"a constant answer {job.plan.constant_test:.3f}",
        _perplexities(job),
        f"macro F1 {job.test.macro_f1.number()}" if job.test.macro_f1 else "",
        f"root of the mean squared error {job.test.error:.4g}" if job.test.error is not None else "",
        f"{job.seconds:.0f} seconds, {job.bytes:,} bytes, {job.added_bytes:,} of them learnt",
        f"written to {output / MODEL} and {output / ARCHIVE}",
    ]
    return "\n".join(filter(None, said))


def _perplexities(job: TrainingJob) -> str:
    if (found := job.masked) is None:
        return ""
    return (
        f"perplexity {found.perplexity.number(1)} of {found.tokens:,} hidden tokens, "
        f"{found.perplexity_before.number(1)} before: {found.ratio.number()} of it"
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
