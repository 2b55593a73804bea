"""What a job that trains says of itself: its rows before it starts, its curves, its figures at the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bert_demo.results.base import Result, Wire, check, frozen
from bert_demo.results.evaluation import Calibration, LabelFigures
from bert_demo.results.intervals import Interval

STATES = ("queued", "running", "paused", "stopped", "done", "failed", "gone")
"""Of a job. stopped: before its end, with the best model so far; gone: there is no such job, or no longer."""
ENDED = ("stopped", "done", "failed", "gone")
"""The states in which nothing changes any more."""


@dataclass(frozen=True, slots=True)
class Recipe(Wire):
    """How a job trains.

    way: "frozen", "lora", "full", "head" or "pretrain"; kind: "single", "several" (each label by itself), "number", or
    "text" (passages without labels, of "pretrain"); start: the model that it begins with; early_stopping: epochs
    without a better score after which it ends, 0 for never;
    layer_decay: rate of a layer over that of the next one; layer: from 0, -1 for the last, and pooling, "cls" or
    "mean": of frozen features; rank: of LoRA; threads: of the arithmetic, since others give other
    last digits; share: of the rows to learn from that are used, drawn by the seed, for a learning curve.
    """

    way: str
    kind: str
    start: str
    epochs: int
    learning_rate: float
    batch_size: int
    length: int
    seed: int
    rank: int
    layer: int
    pooling: str
    class_weights: bool
    early_stopping: int
    layer_decay: float
    threads: int
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class LabelRows(Wire):
    """How many rows carry a label, in all and in each of the three parts."""

    label: str
    rows: int
    train: int
    held_out: int
    test: int


@dataclass(frozen=True, slots=True)
class TrainingPlan(Result):
    """What is known before the start.

    rows: that were read; train, held_out (for choices), test (nothing chooses by it): rows of each part; labels: empty
    for numbers; duplicates: rows whose text stands in an earlier row, which are kept in one part; conflicts: texts that
    stand with different labels; cut: texts of more than `length` tokens, of which the first ones are read; longest:
    tokens of the longest text; tokens: read in one epoch; measure: "accuracy", "subset accuracy" (all labels of a row
    right), "R2" (share of the variance of numbers) or "masked-token accuracy" (hidden tokens guessed exactly);
    constant: what the best constant answer reaches on the held-out rows, constant_test: on the test rows; answer: that
    constant answer; seconds: that the whole training is expected to take, from measured passes, None where nothing was
    measured; notes: sentences about what should be looked at.
    """

    recipe: Recipe
    rows: int
    train: int
    held_out: int
    test: int
    labels: tuple[LabelRows, ...]
    duplicates: int
    conflicts: int
    cut: int
    longest: int
    tokens: int
    steps: int
    measure: str
    constant: float
    constant_test: float
    answer: str
    seconds: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LossPoint(Wire):
    """Mean loss of the training rows since the point before."""

    step: int
    loss: float


@dataclass(frozen=True, slots=True)
class EpochPoint(Wire):
    """Held-out rows after an epoch (from 1): their loss and their score by the plan's measure. Of frozen features each
    point is a strength of regularisation that was tried, named in `tried`; else that is ""."""

    epoch: int
    step: int
    loss: float
    score: float
    tried: str


@dataclass(frozen=True, slots=True)
class WatchedText(Wire):
    """A held-out text and its probabilities after each epoch, [epoch][label]; of numbers [epoch][0] is the number."""

    text: str
    truth: tuple[str, ...]
    probabilities: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class FinalFigures(Wire):
    """The test rows, read once at the end. score: by the plan's measure, with its 95 % interval; error: of numbers, the
    root of the mean squared error, else None; confusion: truth in rows, answers in columns, None for several labels and
    numbers; calibration: None for numbers."""

    rows: int
    score: Interval
    macro_f1: Interval | None
    error: float | None
    labels: tuple[LabelFigures, ...]
    confusion: np.ndarray | None
    calibration: Calibration | None

    def __post_init__(self) -> None:
        if self.confusion is not None:
            object.__setattr__(self, "confusion", frozen(self.confusion))


@dataclass(frozen=True, slots=True)
class TrainingMistake(Wire):
    """A test row with a wrong answer; score: the probability of that answer, of numbers how far it is off."""

    text: str
    truth: tuple[str, ...]
    answer: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class CurvePoint(Wire):
    """What so many rows to learn from reach on the held-out rows."""

    rows: int
    score: float


@dataclass(frozen=True, slots=True)
class LayerMove(Wire):
    """How far the states behind a layer (from 0, -1 for the embeddings before them all) moved: mean cosine of each
    token's state with its own before training, and linear CKA of all of them; both are 1 where nothing moved."""

    layer: int
    cosine: float
    cka: float


@dataclass(frozen=True, slots=True)
class Movement(Wire):
    """States of the model that training began with and of the made one, on the tokens of so many held-out texts."""

    texts: int
    tokens: int
    layers: tuple[LayerMove, ...]


@dataclass(frozen=True, slots=True)
class MaskedGuess(Wire):
    """A token that a model would write, and its probability."""

    token_str: str
    probability: float


@dataclass(frozen=True, slots=True)
class MaskedText(Wire):
    """A test text with one word hidden: what the model wrote before training and after it, the likeliest first, and the
    probability of the hidden word."""

    text: str
    truth: str
    before: tuple[MaskedGuess, ...]
    after: tuple[MaskedGuess, ...]
    truth_before: float
    truth_after: float


@dataclass(frozen=True, slots=True)
class MaskedFigures(Wire):
    """Continued pre-training on the test texts, each of whose tokens is hidden once, every seventh at a time.

    tokens: that were hidden; perplexity: exp of their mean negative log-likelihood; ratio: of the perplexity after
    training to that before; accuracy: share guessed exactly. 95 % intervals are over texts.
    """

    texts: int
    tokens: int
    perplexity_before: Interval
    perplexity: Interval
    ratio: Interval
    accuracy_before: Interval
    accuracy: Interval
    blanks: tuple[MaskedText, ...]


@dataclass(frozen=True, slots=True)
class TrainingJob(Result):
    """A job as it stands now. It is known to whoever has its token.

    sentence: what happened and what to do, where it failed, was stopped or is gone, else ""; place: in the queue, 1
    for the next, 0 where it does not wait; epoch: epochs that are done; seconds: computed so far; seconds_left:
    None where that is not known; best: the epoch (from 1) whose model is kept, 0 for none yet; confusion: of the
    last epoch on the held-out rows, truth in rows, answers in columns; watched: five held-out texts; mistakes: the
    most confident first; model: the name under which the made model answers in every lens, "" until there is one;
    bytes: of its weights; added_bytes: of what was learnt alone (adapters and head); archive_bytes: of the zip to
    keep, 0 until there is one; megabytes: of memory that the process took at most; kept_seconds: until all of it is
    gone, None while it runs; learning_curve: of frozen features, by a quarter, half and all of the rows; movement:
    how far training moved the states behind each layer, None of frozen features, whose encoder is that of the start;
    masked: of continued pre-training alone.
    """

    token: str
    state: str
    sentence: str = ""
    place: int = 0
    plan: TrainingPlan | None = None
    step: int = 0
    steps: int = 0
    epoch: int = 0
    seconds: float = 0.0
    seconds_left: float | None = None
    losses: tuple[LossPoint, ...] = ()
    epochs: tuple[EpochPoint, ...] = ()
    best: int = 0
    confusion: np.ndarray | None = None
    watched: tuple[WatchedText, ...] = ()
    test: FinalFigures | None = None
    mistakes: tuple[TrainingMistake, ...] = ()
    model: str = ""
    bytes: int = 0
    added_bytes: int = 0
    archive_bytes: int = 0
    megabytes: int = 0
    kept_seconds: float | None = None
    learning_curve: tuple[CurvePoint, ...] = ()
    movement: Movement | None = None
    masked: MaskedFigures | None = None

    def __post_init__(self) -> None:
        check(self.state in STATES, "a state that there is")
        if self.confusion is not None:
            object.__setattr__(self, "confusion", frozen(self.confusion))

    @property
    def ended(self) -> bool:
        """Whether nothing changes any more."""
        return self.state in ENDED
