"""One training from its request to its model: the status is written while it runs, and it goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch

from bert_demo.core.errors import DemoError, NoSuchModelError
from bert_demo.core.training_place import model_name
from bert_demo.data.to_learn import rows_to_learn
from bert_demo.models.loading.load import find_model, longest_text, read_model
from bert_demo.registry.models import directory_card
from bert_demo.results.training import FinalFigures, Movement, TrainingJob
from bert_demo.service.training_files import JobFiles, Request
from bert_demo.training.own import figures, masked
from bert_demo.training.own.fitting import fit_frozen
from bert_demo.training.own.movement import movement
from bert_demo.training.own.publish import publish
from bert_demo.training.own.reading import Reader, logits_of
from bert_demo.training.own.stepping import learn_in_steps
from bert_demo.training.own.task import Made, Task
from bert_demo.training.own.watch import InterruptedTrainingError, Watch

STOPPED = "It was stopped; the best model so far was kept."
OUT_OF_TIME = "It was ended after {:.0f} minutes, which is the limit here; the best model so far was kept."
NOTHING = "It was stopped before there was a model to keep."
MEMORY = (
    "It was ended because it took more than the {:,} MB of memory that a training has here. Start it again with a "
    "smaller length or batch, or with frozen features."
)
Say = Callable[[TrainingJob], None]


def run(files: JobFiles, say: Say = lambda job: None, parent: int | None = None) -> TrainingJob:
    """Compute a job to its end, or until it is interrupted; `say` gets each status that is written.

    parent: the process whose end interrupts it, None for that which started this one. Never raises for what can happen
    to a training: it is in the status.
    """
    request = files.request()
    status = files.status() or TrainingJob(files.token, "queued", plan=request.plan)
    watch = Watch(files, request.minutes, request.megabytes, status.seconds)
    watch.parent = watch.parent if parent is None else parent
    status = replace(status, state="running", place=0, sentence="", plan=request.plan)
    try:
        task = _task(files, request, status, watch, say)
    except DemoError as error:
        return files.change(state="failed", sentence=str(error)) or status
    try:
        task.write(force=True)
        made, sentence = _train(task)
        task.status = replace(task.status, sentence=sentence)
        _finish(task, made, "stopped" if sentence else "done")
    except InterruptedTrainingError as stop:
        _interrupted(task, stop.reason, request.megabytes)
    except DemoError as error:
        task.change(state="failed", sentence=str(error), seconds_left=None)
    except MemoryError:
        task.change(state="failed", sentence=MEMORY.format(request.megabytes), seconds_left=None)
    return task.status


def _task(files: JobFiles, request: Request, status: TrainingJob, watch: Watch, say: Say) -> Task:
    recipe = request.plan.recipe
    torch.set_num_threads(recipe.threads)
    rows = rows_to_learn(request.rows, recipe.kind, len(request.rows), 10**9)
    if not Path(request.source).is_dir():
        raise NoSuchModelError("The model that this training begins with is gone. Start again with another.")
    found = find_model(directory_card(request.source))
    read = read_model(found)
    reader = Reader(read.tokenizer, min(recipe.length, longest_text(read.config, read.tokenizer)))
    return Task(files, recipe, rows, request.parts, read, reader, found.tokenizer, status, watch, say)


def _train(task: Task) -> tuple[Made, str]:
    """The best model, and a sentence where it was ended before its end. Raises InterruptedTrainingError."""
    made, ended = (fit_frozen if task.recipe.way == "frozen" else learn_in_steps)(task)
    if ended == "stop":
        return made, STOPPED
    return made, OUT_OF_TIME.format(task.watch.minutes) if ended else ""


def _finish(task: Task, made: Made, state: str) -> None:
    """Read the test rows once, write the model, say so."""
    (_measure_text if task.text else _measure_labels)(task, made)
    with suppress(DemoError):  # the start was deleted or changed while its copy learnt
        task.status = replace(task.status, movement=_movement(task, made))
    sizes = publish(task, made)
    task.change(
        state=state,
        model=model_name(task.files.token),
        bytes=sizes.weights,
        added_bytes=sizes.added,
        archive_bytes=sizes.archive,
        seconds_left=None,
    )


def _measure_labels(task: Task, made: Made) -> None:
    labels, kind, texts = task.rows.labels, task.recipe.kind, task.texts(task.parts.test)
    logits = made.numbers(logits_of(made.model, task.reader, task.reader.rows(texts), lambda: None))
    truth = task.truth(task.parts.test)
    task.status = replace(
        task.status,
        test=figures.final_figures(logits, truth, labels, kind),
        mistakes=figures.mistakes(texts, logits, truth, labels, kind),
    )


def _measure_text(task: Task, made: Made) -> None:
    found = masked.figures(task.read.model, made.model, task.reader, task.texts(task.parts.test))
    test = FinalFigures(found.texts, found.accuracy, None, None, (), None, None)
    task.status = replace(task.status, masked=found, test=test)


def _movement(task: Task, made: Made) -> Movement | None:
    """None of frozen features, and where the start was deleted meanwhile."""
    source = task.files.request().source
    if task.recipe.way == "frozen" or not (task.text or Path(source).is_dir()):
        return None
    read = task.read if task.text else read_model(find_model(directory_card(source)))
    start = read.model.base_model.float().eval()
    model = made.model.get_base_model() if made.adapted else made.model
    return movement(start, model.base_model, task.reader, task.texts(task.parts.held_out))


def _interrupted(task: Task, reason: str, megabytes: int) -> None:
    if reason == "pause":
        task.change(state="paused", seconds_left=None)
    elif reason == "memory":
        task.change(state="failed", sentence=MEMORY.format(megabytes), seconds_left=None)
    elif reason in ("stop", "minutes"):
        task.change(state="stopped", sentence=NOTHING, seconds_left=None)
    else:  # its server ended: the next one goes on
        task.write(force=True)
