"""A plan and jobs of training: what is known before the start, curves while one runs, figures and files at its end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bert_demo.registry.training_ways import BY_NAME, TEXT, WAYS
from bert_demo.results.intervals import Interval
from bert_demo.results.training import FinalFigures, MaskedFigures, Movement, TrainingJob, TrainingPlan
from bert_demo.views.panels.training_curves import curves_of
from bert_demo.views.tables import Table
from bert_demo.views.templates import render

WORDS = {
    "queued": "waits for its turn",
    "running": "learns",
    "paused": "is paused",
    "stopped": "was stopped",
    "done": "is done",
    "failed": "failed",
    "gone": "is gone",
}
"""Of each state, behind the name of the job."""
_LONGEST_TITLE = 48


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page's script needs to know, and hands back to say what it shows already.

    gone: tokens of jobs that are no longer there; compared: a mark of the states of the others; models: the names of
    those that are made; busy: whether anything learns.
    """

    gone: tuple[str, ...]
    compared: str
    models: str
    busy: bool


def ways_panel() -> str:
    """The ways to train, each in a sentence, with its cost."""
    return render("training.ways", WAYS)


def plan_panel(plan: TrainingPlan) -> str:
    """Rows, classes, balance, duplicates, the constant answer, how long it will take."""
    columns = ("label", "rows", "train", "held_out", "test")
    rows, seconds = [(e.label, e.rows, e.train, e.held_out, e.test) for e in plan.labels], plan.seconds
    return render(
        "training.plan",
        plan,
        {"constant": f"{plan.answer}: {_score(plan, plan.constant)}"},
        "not measured" if seconds is None else f"about {duration(seconds)}",
        Table(columns, rows, "training-rows"),
    )


def started_panel(*jobs: TrainingJob, more: bool = False) -> str:
    """The tokens of jobs, for the page's script. more: beside the one that is shown, which stays."""
    return render("training.started", " ".join(job.token for job in jobs), more)


def buttons_panel() -> str:
    """Pause, go on, stop, delete."""
    return render("training.buttons")


def live_panel(job: TrainingJob, seeds: Sequence[TrainingJob] = (), shares: Sequence[TrainingJob] = ()) -> str:
    """How far a job is: steps, curves, confusions of the last epoch, texts. seeds, shares: as in training_curves."""
    plan = job.plan
    names = [each.label for each in plan.labels] if plan else []
    last = job.epochs[-1] if job.epochs else None
    spoken = f"{title_of(job)} {WORDS[job.state]}"
    if plan and last:
        spoken += f", epoch {last.epoch}: {plan.measure} {_score(plan, last.score)}"
    share = 1.0 if job.state == "done" else min(1.0, job.step / job.steps) if job.steps else 0.0
    return render(
        "training.live",
        job,
        mark_of(job, (*seeds, *shares)),
        f"{title_of(job)} {WORDS[job.state]}",
        _summary(job),
        share,
        spoken,
        curves_of(job, seeds) if plan else [],
        names,
        None if job.confusion is None else _shares(names, job.confusion),
        _watched(job, names),
        "epoch" if plan is None or BY_NAME[plan.recipe.way].steps else "strength",
    )


def ended_panels(job: TrainingJob, shares: Sequence[TrainingJob] = ()) -> str:
    """What to do with the model, figures of the test rows, confident mistakes; "" without a model. shares: as above."""
    plan = job.plan
    if not job.ended or plan is None or not job.model:
        return ""
    made = {
        "job": job,
        "title": title_of(job),
        "megabytes": size(job.bytes),
        "learnt": size(job.added_bytes),
        "zip": size(job.archive_bytes) if job.archive_bytes else "",
        "minutes": duration(job.kept_seconds) if job.kept_seconds else "",
    }
    tested = None if job.test is None else _tested(job, plan, job.test, shares)
    layers = None if job.movement is None else _moved(job.movement)
    return render("training.ended", made, tested, layers, None if job.masked is None else _masked(job.masked))


def compared_panel(jobs: Sequence[TrainingJob], opened: str, gone: Sequence[str] = ()) -> str:
    """The jobs of a visitor side by side: score, time, bytes. opened: the token of the one that is shown; gone:
    those of jobs that are no longer there."""
    rows = [
        {
            "token": job.token,
            "open": job.token == opened,
            "title": title_of(job),
            "start": job.plan.recipe.start if job.plan else "",
            "state": WORDS[job.state],
            "score": "" if job.test is None or job.plan is None else _interval(job.plan, job.test.score),
            "constant": "" if job.test is None or job.plan is None else _score(job.plan, job.plan.constant_test),
            "time": duration(job.seconds),
            "learnt": size(job.added_bytes) if job.added_bytes else "",
        }
        for job in jobs
    ]
    columns = ("way", "start", "seed", "state", "measure", "score", "low", "high", "seconds", "bytes", "learnt_bytes")
    numbers = Table(columns, [_numbers(job) for job in jobs], "trained")
    shown = Shown(
        tuple(gone),
        compared_mark(jobs, opened),
        models_of(jobs),
        any(job.state in ("queued", "running") for job in jobs),
    )
    return render("training.compared", rows, shown, numbers)


def mark_of(job: TrainingJob, seeds: Sequence[TrainingJob] = ()) -> str:
    """What changes when a job is to be drawn anew."""
    left = -1 if job.seconds_left is None else round(job.seconds_left)
    own = f"{job.token}.{job.state}.{job.step}.{job.epoch}.{job.place}.{left}.{len(job.losses)}.{job.archive_bytes}"
    return ".".join([own, *(f"{len(each.epochs)}" for each in seeds)])


def compared_mark(jobs: Sequence[TrainingJob], opened: str) -> str:
    """The same of the comparison."""
    return " ".join([opened, *(f"{job.token}.{job.state}.{job.model != ''}.{job.archive_bytes > 0}" for job in jobs)])


def models_of(jobs: Sequence[TrainingJob]) -> str:
    """The names of the models that are made, with blanks between."""
    return " ".join(job.model for job in jobs if job.model)


def title_of(job: TrainingJob) -> str:
    """A job's name: its way, the seed where that is not 0, its labels."""
    plan = job.plan
    if plan is None:
        return "The model"
    names = ", ".join(each.label for each in plan.labels) or ("text" if plan.recipe.kind == TEXT else "numbers")
    if len(names) > _LONGEST_TITLE:
        names = f"{len(plan.labels)} labels"
    seed = f", seed {plan.recipe.seed}" if plan.recipe.seed else ""
    seed += f", {plan.recipe.share:.0%} of the rows" if plan.recipe.share < 1 else ""
    return f"{BY_NAME[plan.recipe.way].title}{seed} ({names})"


def duration(seconds: float) -> str:
    """Seconds in words: "12 s", "3 min 20 s"."""
    whole = math.ceil(seconds)
    return f"{whole} s" if whole < 90 else f"{whole // 60} min" + (f" {whole % 60} s" if whole < 600 else "")


def size(count: int) -> str:
    """Bytes in words."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB"


def _summary(job: TrainingJob) -> str:
    if job.state == "queued":
        return f"In the queue: {job.place - 1} before it." if job.place > 1 else "It is the next to begin."
    said = []
    if job.plan and job.epoch and BY_NAME[job.plan.recipe.way].steps:
        said.append(f"{job.epoch} of {job.plan.recipe.epochs} epochs are done.")
    if job.seconds:
        said.append(f"{duration(job.seconds)} so far.")
    if job.seconds_left is not None and job.state == "running":
        said.append(f"About {duration(job.seconds_left)} left.")
    if job.best and job.plan and job.plan.recipe.kind == TEXT:
        said.append(f"Perplexity on the held-out passages: {math.exp(job.epochs[job.best - 1].loss):.1f}.")
    if job.best and job.plan and BY_NAME[job.plan.recipe.way].steps:
        said.append(f"The best on the held-out rows so far is epoch {job.best}: that one is kept.")
    if job.best and job.plan and not BY_NAME[job.plan.recipe.way].steps:
        said.append(f"Kept: {job.epochs[job.best - 1].tried}.")
    return " ".join(said)


def _shares(names: Sequence[str], confusion: Any) -> list[tuple[str, list[tuple[int, float]]]]:
    """(label, [(count, share of its row)]) of each row of a matrix."""
    rows = [[int(count) for count in row] for row in confusion]
    return [(name, [(count, count / max(1, sum(row))) for count in row]) for name, row in zip(names, rows, strict=True)]


def _watched(
    job: TrainingJob, names: Sequence[str]
) -> list[tuple[str, str, list[tuple[str, float, float | None, bool]]]]:
    """(text, truth, [(label, now, before, right)]) of each text; none for numbers."""
    if not names:
        return []
    found = []
    for each in job.watched:
        if not each.probabilities:
            continue
        now = each.probabilities[-1]
        before = each.probabilities[-2] if len(each.probabilities) > 1 else None
        rows = [
            (name, now[at], None if before is None else before[at], name in each.truth) for at, name in enumerate(names)
        ]
        found.append((each.text, ", ".join(each.truth) or "(none)", rows))
    return found


def _tested(job: TrainingJob, plan: TrainingPlan, test: FinalFigures, shares: Sequence[TrainingJob]) -> dict[str, Any]:
    """What the macros of the test rows take."""
    learnt = [(each.plan.train, each.epochs[each.best - 1].score) for each in (*shares, job) if each.plan and each.best]
    curve = [(each.rows, each.score) for each in job.learning_curve] or (learnt if len(learnt) > 1 else [])
    names = [each.label for each in plan.labels]
    better = test.score.low > plan.constant_test
    words = {
        "score": _interval(plan, test.score),
        "constant": _score(plan, plan.constant_test),
        "better": better,
        "verdict": "the whole interval lies above it." if better else "the interval does not lie above it.",
        "fewer": [(rows, _score(plan, score)) for rows, score in curve],
    }
    columns = ("label", "support", "predicted", "precision", "recall", "f1")
    rows = [(e.label, e.support, e.predicted, e.precision.value, e.recall.value, e.f1.value) for e in test.labels]
    return {
        "job": job,
        "test": test,
        "words": words,
        "names": names,
        "confusion": None if test.confusion is None else _shares(names, test.confusion),
        "numbers": Table(columns, rows, "test-labels"),
        "number": plan.recipe.kind == "number",
    }


def _moved(found: Movement) -> dict[str, Any]:
    """What the macro of the layers takes."""
    rows = [(each.layer, each.cosine, each.cka) for each in found.layers]
    names = ["embeddings" if each.layer < 0 else f"after layer {each.layer}" for each in found.layers]
    numbers = Table(("layer", "cosine", "cka"), rows, "moved-layers")
    return {"result": found, "rows": list(zip(names, found.layers, strict=True)), "numbers": numbers}


def _masked(found: MaskedFigures) -> dict[str, Any]:
    """What the macro of masked words takes."""
    rows = [
        (each.text, each.truth, side, guess.token_str, guess.probability)
        for each in found.blanks
        for side, guesses in (("before", each.before), ("after", each.after))
        for guess in guesses
    ]
    certain = found.ratio.high < 1
    return {
        "result": found,
        "certain": certain,
        "verdict": "the whole interval lies below 1." if certain else "the interval does not lie below 1.",
        "numbers": Table(("text", "hidden", "model", "guess", "probability"), rows, "masked-words"),
    }


def _numbers(job: TrainingJob) -> list[object]:
    plan, score = job.plan, job.test.score if job.test else None
    recipe = plan.recipe if plan else None
    return [
        recipe.way if recipe else "",
        recipe.start if recipe else "",
        recipe.seed if recipe else None,
        job.state,
        plan.measure if plan else "",
        *((score.value, score.low, score.high) if score else (None, None, None)),
        job.seconds,
        job.bytes,
        job.added_bytes,
    ]


def _score(plan: TrainingPlan, value: float) -> str:
    return f"{value:.3f}" if plan.measure == "R2" else f"{100 * value:.1f} %"


def _interval(plan: TrainingPlan, score: Interval) -> str:
    return score.number() if plan.measure == "R2" else score.percent()
