"""The way of frozen features: read each text once, fit, let the held-out rows choose, write the head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bert_demo.data.parts import score
from bert_demo.results.training import CurvePoint
from bert_demo.training.own import figures, frozen
from bert_demo.training.own.reading import logits_of
from bert_demo.training.own.task import Made, Task

SHARES = (0.25, 0.5, 1.0)
"""Of the rows to learn from, for the learning curve."""
CHECKED_ROWS = 16
"""Rows on which the written model is held against the linear classifier."""


def fit_frozen(task: Task) -> tuple[Made, str]:
    """The model, and "": nothing is kept before its end. Raises InterruptedTrainingError and ModelKindError."""
    parts = [list(task.parts.train), list(task.parts.held_out)]
    rows = task.reader.rows(task.texts([*parts[0], *parts[1]]))
    steps = len(rows) + len(frozen.STRENGTHS)
    task.begin(steps)
    model = frozen.encoder_for(task.read, task.rows.labels, task.recipe)

    def read(count: int) -> None:
        task.watch()
        left = (task.watch.seconds - task.watch.before) / count * (len(rows) - count)
        task.status = replace(task.status, step=count, seconds_left=left)
        task.write()

    features = frozen.features_of(model, task.reader, rows, task.recipe.pooling, read)
    own, held = features[: len(parts[0])], features[len(parts[0]) :]
    best: frozen.Linear | None = None
    for place in range(len(frozen.STRENGTHS)):
        task.watch()
        linear = frozen.fit(own, task.truth(parts[0]), task.recipe, place)
        step = len(rows) + place + 1
        if task.add_epoch(linear.logits(held), step, linear.tried):
            best = linear
        task.status = replace(task.status, step=step)
        task.write(force=True)
    assert best is not None
    task.status = replace(task.status, learning_curve=_curve(task, own, held))
    checked = list(range(min(CHECKED_ROWS, len(own))))
    some = [rows[place] for place in checked]
    frozen.write(model, best, own, lambda: logits_of(model, task.reader, some, lambda: None), checked)
    return Made(model), ""


def _curve(task: Task, own: np.ndarray, held: np.ndarray) -> tuple[CurvePoint, ...]:
    """What fewer rows reach with the strength that was chosen; each share holds the smaller ones."""
    kind, truth = task.recipe.kind, task.truth(task.parts.train)
    order = np.random.default_rng(task.recipe.seed).permutation(len(own))
    points = []
    for share in SHARES:
        some = order[: max(1, round(share * len(own)))]
        linear = frozen.fit(own[some], truth[some], task.recipe, task.status.best - 1)
        answers = figures.answers(figures.probabilities_of(linear.logits(held), kind), kind)
        points.append(CurvePoint(len(some), score(answers, task.truth(task.parts.held_out), kind)))
    return tuple(points)
