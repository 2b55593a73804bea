"""A plan and jobs of training as the engine gives them, made by hand."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from bert_demo.results.evaluation import Calibration, LabelFigures, ReliabilityBin
from bert_demo.results.intervals import Interval
from bert_demo.results.training import (
    EpochPoint,
    FinalFigures,
    LabelRows,
    LayerMove,
    LossPoint,
    MaskedFigures,
    MaskedGuess,
    MaskedText,
    Movement,
    Recipe,
    TrainingJob,
    TrainingMistake,
    TrainingPlan,
    WatchedText,
)

RECIPE = Recipe(
    way="lora", kind="single", start="base", epochs=3, learning_rate=5e-4, batch_size=32, length=128, seed=0, rank=8,
    layer=-1, pooling="mean", class_weights=False, early_stopping=0, layer_decay=1.0, threads=1,
)  # fmt: skip


def plan(**changes: Any) -> TrainingPlan:
    """Of 160 rows with two labels."""
    made = TrainingPlan(
        recipe=RECIPE, rows=160, train=96, held_out=32, test=32,
        labels=(LabelRows("fact", 80, 48, 16, 16), LabelRows("opinion", 80, 48, 16, 16)),
        duplicates=1, conflicts=2, cut=3, longest=27, tokens=1800, steps=9, measure="accuracy", constant=0.5,
        constant_test=0.5, answer="fact", seconds=61.0, notes=("Two texts stand with different labels.",),
    )  # fmt: skip
    return dataclasses.replace(made, **changes)


def read_on(**changes: Any) -> TrainingJob:
    """Continued pre-training at its end."""
    recipe = dataclasses.replace(RECIPE, way="pretrain", kind="text")
    guesses = tuple(
        tuple(MaskedGuess(word, share) for word in words)
        for words, share in ((("sea", "lake"), 0.25), (("fen", "bog"), 0.375))
    )
    found = MaskedFigures(
        32, 480, Interval(105.2, 76.2, 148.1), Interval(78.4, 55.7, 110.6), Interval(0.746, 0.629, 0.882),
        Interval(0.291, 0.261, 0.324), Interval(0.32, 0.287, 0.352),
        (MaskedText("We walked into the [MASK].", "fen", *guesses, 0.0625, 0.375),),
    )  # fmt: skip
    words = plan(recipe=recipe, labels=(), measure="masked-token accuracy", answer="the", constant=0.125)
    made = done(
        plan=words, confusion=None, watched=(), mistakes=(), masked=found,
        test=FinalFigures(32, found.accuracy, None, None, (), None, None),
    )  # fmt: skip
    return dataclasses.replace(made, **changes)


def _label(name: str) -> LabelFigures:
    share = Interval(0.875, 0.64, 0.965)
    return LabelFigures(name, share, share, share, 16, 16, ((14, 2), (2, 14)))


def running(**changes: Any) -> TrainingJob:
    """After two of three epochs."""
    made = TrainingJob(
        token="a1" * 16, state="running", plan=plan(), step=6, steps=9, epoch=2, seconds=40.0, seconds_left=20.4,
        losses=tuple(LossPoint(step, 0.7 - step / 20) for step in range(1, 7)),
        epochs=(EpochPoint(1, 3, 0.6, 0.625, ""), EpochPoint(2, 6, 0.4, 0.75, "")),
        best=2, confusion=np.array([[12, 4], [4, 12]]),
        watched=(
            WatchedText("The shop opens at nine.", ("fact",), ((0.5, 0.5), (0.8, 0.2))),
            WatchedText("It is a dull play.", ("opinion",), ((0.6, 0.4), (0.3, 0.7))),
        ),
    )  # fmt: skip
    return dataclasses.replace(made, **changes)


def done(**changes: Any) -> TrainingJob:
    """The same at its end."""
    score = Interval(0.875, 0.719, 0.95)
    bins = (ReliabilityBin(32, 0.9, Interval(0.875, 0.719, 0.95)),)
    test = FinalFigures(
        32, score, score, None, (_label("fact"), _label("opinion")), np.array([[14, 2], [2, 14]]),
        Calibration(Interval(0.05, 0.0, 0.2), 32, bins),
    )  # fmt: skip
    made = running(
        state="done", step=9, epoch=3, seconds=61.5, seconds_left=None, test=test,
        mistakes=(TrainingMistake("The play is three hours long.", ("fact",), ("opinion",), 0.93),),
        model="own:" + "a1" * 16, bytes=45_000_000, added_bytes=310_000, archive_bytes=42_000_000, megabytes=600,
        kept_seconds=3500.0, movement=Movement(32, 480, (LayerMove(-1, 1.0, 1.0), LayerMove(0, 0.987, 0.9123))),
    )  # fmt: skip
    return dataclasses.replace(made, **changes)
