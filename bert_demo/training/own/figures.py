"""Figures of a training: held-out rows after each epoch, test rows once at the end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from bert_demo.data.parts import score
from bert_demo.results.evaluation import answers_of
from bert_demo.results.intervals import Interval
from bert_demo.results.training import EpochPoint, FinalFigures, TrainingMistake, WatchedText
from bert_demo.tasks import intervals
from bert_demo.tasks.calibration import calibration
from bert_demo.tasks.evaluation import label_figures, means
from bert_demo.tasks.probabilities import activate
from bert_demo.training.own.loop import loss_of
from bert_demo.training.publishing.tables import shortened

WATCHED, MISTAKES, SHOWN = 5, 10, 300
"""Held-out texts that are watched, mistakes that are shown, characters of each."""
_ACTIVATIONS = {"single": "softmax", "several": "sigmoid", "number": "none"}


def probabilities_of(logits: np.ndarray, kind: str) -> np.ndarray:
    """(rows, labels) probabilities, or (rows, 1) numbers."""
    return activate(logits, _ACTIVATIONS[kind])


def answers(probabilities: np.ndarray, kind: str) -> np.ndarray:
    """(rows, labels) of 0 and 1, or the numbers."""
    return probabilities if kind == "number" else answers_of(probabilities, kind == "several").astype(float)


def held_out_point(
    logits: np.ndarray, truth: np.ndarray, kind: str, epoch: int, step: int, tried: str = ""
) -> tuple[EpochPoint, np.ndarray | None]:
    """The point of an epoch, and the confusion of single labels: truth in rows, answers in columns."""
    found = answers(probabilities_of(logits, kind), kind)
    loss = float(loss_of(torch.from_numpy(logits).double(), torch.from_numpy(truth).double(), kind, None))
    point = EpochPoint(epoch, step, loss, score(found, truth, kind), tried)
    return point, (truth.T @ found).astype(int) if kind == "single" else None


def first_watched(
    texts: Sequence[str], truth: np.ndarray, labels: Sequence[str], held_out: Sequence[int]
) -> tuple[WatchedText, ...]:
    """Some of the held-out texts, spread over them, without probabilities yet."""
    places = watched_places(len(held_out))
    rows = [held_out[place] for place in places]
    return tuple(WatchedText(shortened(texts[row], SHOWN), names(truth[row], labels), ()) for row in rows)


def watched_places(count: int) -> list[int]:
    """Which of the held-out rows are watched."""
    return sorted({int(place) for place in np.linspace(0, count - 1, min(WATCHED, count))})


def names(row: np.ndarray, labels: Sequence[str]) -> tuple[str, ...]:
    """The labels of a row, or its number."""
    if not labels:
        return (f"{float(row[0]):.6g}",)
    return tuple(label for label, there in zip(labels, row, strict=True) if there)


def final_figures(logits: np.ndarray, truth: np.ndarray, labels: Sequence[str], kind: str) -> FinalFigures:
    """Of the test rows, each figure with its interval."""
    found = probabilities_of(logits, kind)
    given = answers(found, kind)
    if kind == "number":
        error = float(np.sqrt(((found - truth) ** 2).mean()))
        return FinalFigures(len(truth), _r2(found[:, 0], truth[:, 0]), None, error, (), None, None)
    true, said = truth.astype(bool), given.astype(bool)
    right = (true == said).all(1)
    confusion = (truth.T @ given).astype(int) if kind == "single" else None
    macro, _ = means(true, said, confusion)
    certain, held = (found, true) if kind == "several" else (found.max(1), right)
    return FinalFigures(
        rows=len(truth),
        score=intervals.share(float(right.sum()), len(right)),
        macro_f1=macro[2],
        error=None,
        labels=tuple(label_figures(label, true[:, at], said[:, at]) for at, label in enumerate(labels)),
        confusion=confusion,
        calibration=calibration(certain.ravel(), held.ravel()),
    )


def _r2(found: np.ndarray, truth: np.ndarray) -> Interval:
    rows = np.stack([(truth - found) ** 2, truth, truth**2, np.ones(len(truth))], axis=1).astype(float)

    def of_sums(sums: np.ndarray) -> np.ndarray:
        rest, total, squares, count = sums.T
        whole = squares - total**2 / count
        return np.asarray(np.where(whole > 1e-12, 1 - rest / np.maximum(whole, 1e-12), 0.0))[:, None]

    return intervals.of_rows(rows, of_sums)[0]


def mistakes(
    texts: Sequence[str], logits: np.ndarray, truth: np.ndarray, labels: Sequence[str], kind: str
) -> tuple[TrainingMistake, ...]:
    """The most confident wrong answers; of numbers those that are farthest off."""
    found = probabilities_of(logits, kind)
    given = answers(found, kind)
    if kind == "number":
        sure = np.abs(found - truth)[:, 0]
        wrong = np.arange(len(truth))
    else:
        sure = np.where(given != truth, np.where(given > 0, found, 1 - found), 0.0).max(1)
        if kind == "single":
            sure = found.max(1)
        wrong = np.flatnonzero((given != truth).any(1))
    order = sorted(wrong.tolist(), key=lambda row: -float(sure[row]))[:MISTAKES]
    return tuple(
        TrainingMistake(
            shortened(texts[row], SHOWN), names(truth[row], labels), names(given[row], labels), float(sure[row])
        )
        for row in order
    )
