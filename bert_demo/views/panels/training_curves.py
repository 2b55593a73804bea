"""The curves of a training job as places in a box: loss, and score beside the constant answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bert_demo.registry.training_ways import BY_NAME
from bert_demo.results.training import TrainingJob

LEFT, RIGHT, TOP, BOTTOM = 44.0, 394.0, 12.0, 146.0
"""Edges of the box in which lines are drawn, in the template's units."""
MOST_POINTS = 200
"""Of a line; of a longer one each n-th is drawn, and the last."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A height in the box, and the words of its value."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Polyline:
    """kind: "train", "held-out" or "seed" (held out, of another seed), the class of the line; dots: of its points,
    where each is one to look at."""

    kind: str
    points: str
    dots: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Curve:
    """title, and what is said of it without a picture; marks: of its scale; even: the constant answer, if it is there;
    last: the word at the end of the axis."""

    title: str
    said: str
    marks: tuple[Mark, ...]
    lines: tuple[Polyline, ...]
    last: str
    even: Mark | None = None


def curves_of(job: TrainingJob, seeds: Sequence[TrainingJob] = ()) -> list[Curve]:
    """Loss of training rows and of held-out rows, and the score of held-out rows; nothing before the first point.

    seeds: jobs that differ in their seed alone, thin lines beside the score.
    """
    plan = job.plan
    if plan is None or not (job.losses or job.epochs):
        return []
    steps = BY_NAME[plan.recipe.way].steps
    most = max([job.steps if steps else len(job.epochs), 1])
    last = f"{most} steps" if steps else f"{most} tried"
    places = [each.step if steps else each.epoch for each in job.epochs]
    held_out = [each.loss for each in job.epochs]
    learnt = [(each.step, each.loss) for each in job.losses] if steps else []
    found = []
    losses = [*(loss for _, loss in learnt), *held_out]
    if losses:
        low, high = 0.0, _above(max(filter(math.isfinite, losses), default=1.0))
        lines = [_line("train", learnt, most, low, high, False)] if learnt else []
        lines += [_line("held-out", list(zip(places, held_out, strict=True)), most, low, high, True)] if places else []
        title = "Loss: thin, the rows it learns from; dots, held-out rows" if learnt else "Loss on held-out rows"
        said = f"Loss, at last {held_out[-1] if held_out else losses[-1]:.3f}"
        found.append(Curve(title, said, _marks(low, high, ".2f"), tuple(lines), last))
    if places:
        scores = [each.score for each in job.epochs]
        share = plan.measure != "R2"
        beside = [[(each.step if steps else each.epoch, each.score) for each in other.epochs] for other in seeds]
        beside = [points for points in beside if points]
        every = [*scores, *(score for points in beside for _, score in points)]
        low = 0.0 if share else min(0.0, *every)
        high = 1.0 if share else max(1.0, *every)
        form = ".0%" if share else ".2f"
        even = Mark(_height(plan.constant, low, high), f"dashed: the constant answer, {plan.constant:{form}}")
        lines = [_line("seed", points, most, low, high, False) for points in beside]
        lines.append(_line("held-out", list(zip(places, scores, strict=True)), most, low, high, True))
        measure = "R\N{SUPERSCRIPT TWO}" if plan.measure == "R2" else plan.measure.capitalize()
        said = f"{measure} on held-out rows, at last {scores[-1]:{form}}; the constant answer {plan.constant:{form}}"
        if beside:
            said += f"; other seeds, at last {', '.join(f'{points[-1][1]:{form}}' for points in beside)}"
        title = f"{measure} on held-out rows{'; thin, other seeds' if beside else ''}"
        found.append(Curve(title, said, _marks(low, high, form), tuple(lines), last, even))
    return found


def same_but_seed(job: TrainingJob, jobs: Sequence[TrainingJob]) -> list[TrainingJob]:
    """The other jobs on rows of the same counts that differ from it in their seed alone."""
    own = _but(job, seed=0)
    return [each for each in jobs if each.token != job.token and _but(each, seed=0) == own is not None]


def smaller_shares(job: TrainingJob, jobs: Sequence[TrainingJob]) -> list[TrainingJob]:
    """The jobs that learnt from a smaller share of the same rows, and are else the same, the smallest first."""
    own = _but(job, share=0.0)
    found = [each for each in jobs if _but(each, share=0.0) == own is not None]
    return sorted((each for each in found if _share(each) < _share(job)), key=_share)


def _share(job: TrainingJob) -> float:
    return job.plan.recipe.share if job.plan else 1.0


def _but(job: TrainingJob, **fields: Any) -> tuple[object, ...] | None:
    plan = job.plan
    if plan is None:
        return None
    counts = tuple((each.label, each.rows) for each in plan.labels)
    if "share" in fields:
        counts = tuple((each.label, each.held_out) for each in plan.labels)
    return replace(plan.recipe, **fields), plan.rows, counts


def _line(kind: str, points: Sequence[tuple[int, float]], most: int, low: float, high: float, dots: bool) -> Polyline:
    step = math.ceil(len(points) / MOST_POINTS)
    kept = [*points[::step], *([points[-1]] if (len(points) - 1) % step else [])]
    places = [
        (round(LEFT + (RIGHT - LEFT) * at / most, 1), _height(value, low, high))
        for at, value in kept
        if math.isfinite(value)
    ]
    return Polyline(kind, " ".join(f"{x},{y}" for x, y in places), tuple(places) if dots else ())


def _height(value: float, low: float, high: float) -> float:
    share = (value - low) / (high - low)
    return round(BOTTOM - (BOTTOM - TOP) * share, 1)


def _marks(low: float, high: float, form: str) -> tuple[Mark, ...]:
    values = (low, (low + high) / 2, high)
    return tuple(Mark(_height(value, low, high), format(value, form)) for value in values)


def _above(value: float) -> float:
    """The next of 0.1, 0.2, 0.5, 1, 2, 5 and so on that is no smaller; infinite or no number counts as 1."""
    if not math.isfinite(value) or value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * each for each in (1.0, 2.0, 5.0, 10.0) if power * each >= value)
