"""Models of one's own: a job that trains is started, asked, and stopped."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.fields import Request, argument
from bert_demo.core.scheduler import Cost
from bert_demo.registry.training_ways import KINDS, POOLINGS, WAYS
from bert_demo.results.training import TrainingJob

MOST_ROWS = 20_000
_TOKEN = "what `train` gave as token."
Way = Annotated[str, Field(json_schema_extra={"enum": [each.name for each in WAYS]})]
Kind = Annotated[str, Field(json_schema_extra={"enum": list(KINDS)})]
Pooling = Annotated[str, Field(json_schema_extra={"enum": list(POOLINGS)})]
Action = Annotated[str, Field(json_schema_extra={"enum": ["stop", "pause", "resume", "forget"]})]
_EXAMPLE = [
    ["A warm film.", "good"], ["A fine cast.", "good"], ["I loved it.", "good"],
    ["A dull film.", "bad"], ["A weak cast.", "bad"], ["I hated it.", "bad"],
]  # fmt: skip


class Train(Request):
    """Rows, and how to learn from them."""

    rows: list[list[str | int | float]] = argument(
        "pairs of a text and its label, such as "
        '[["A warm film.", "good"], ...]; several labels with ";" between. Each label needs three texts at least.',
        (),
        max_length=MOST_ROWS,
        examples=[_EXAMPLE],
    )
    way: Way = argument(
        "frozen (features and a linear classifier), lora, full (every weight), head (the head alone), or pretrain "
        "(words of the texts are hidden and guessed; no labels).",
        "lora",
    )
    start: str = argument(
        "the model to begin with: a bundled name, a hub id, a directory, or one trained here.", "base"
    )
    kind: Kind = argument("single (one label), several (each judged by itself) or number.", "single")
    epochs: int = argument(
        "times that the rows are read; 0 for what is usual for the way and so many rows.", 0, ge=0, le=50
    )
    learning_rate: float = argument("the highest rate; 0 for what is usual for the way.", 0.0, ge=0.0, le=0.1)
    batch_size: int = argument("rows of a step.", 32, ge=1, le=128)
    length: int = argument("tokens of a text that are read.", 128, ge=8, le=512)
    seed: int = argument("decides the parts, the order and the first weights of the head.", 0, ge=0, le=2**31 - 1)
    rank: int = argument("of lora: the rank of its matrices.", 8, ge=1, le=64)
    layer: int = argument("of frozen: behind which layer, from 0; -1 for the last.", -1, ge=-1, le=199)
    pooling: Pooling = argument("of frozen: mean (over all tokens) or cls (the first one).", "mean")
    class_weights: bool = argument("rare labels count for more.", False)
    early_stopping: int = argument(
        "epochs without a better score on the held-out rows after which it ends; 0 for never.", 0, ge=0, le=50
    )
    layer_decay: float = argument(
        "of lora, full and pretrain: the rate of a layer over that of the next one.", 1.0, ge=0.1, le=1.0
    )
    text: str = argument(
        "of pretrain, in the place of rows: the text to read, a passage on each line; long lines are parted.", ""
    )
    share: float = argument(
        "of the rows to learn from, how much is used: 0.25, 0.5 and 1 make a learning curve.", 1.0, ge=0.01, le=1.0
    )


class TrainStatus(Request):
    """A job."""

    token: str = argument(_TOKEN, examples=["a-token-that-nobody-was-given-00"])


class TrainStop(TrainStatus):
    """A job, and what is to become of it."""

    action: Action = argument(
        "stop (the best model so far is kept), pause, resume, or forget (rows and model are deleted at once).", "stop"
    )


_RETURNS = (
    "token, state (queued, running, paused, stopped, done, failed or gone), sentence (what happened), place (in the "
    "queue), plan (its recipe, rows of each part and label, duplicates, what is cut, what a constant answer reaches, "
    "expected seconds, notes), step, steps, epoch, seconds, seconds_left, losses, epochs (held-out loss and score "
    "after each), best (the epoch that is kept), confusion, watched (five held-out texts), test (figures of the test "
    "rows with 95 % intervals), mistakes, model (the name under which the made model answers everywhere), bytes, "
    "added_bytes, archive_bytes, megabytes, kept_seconds (until all of it is deleted), learning_curve (of frozen "
    "features: held-out score by rows that were learnt from), movement (by layer, -1 for the embeddings: how far the "
    "states of held-out texts moved from those of the start, as mean cosine and linear CKA; not of frozen features), "
    "masked (of pretrain: perplexity and accuracy on the hidden tokens of the test passages before and after, with "
    "95 % intervals, and five words that were hidden, with what both models write)."
)

# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "train", Train, Cost.BATCH, TrainingJob,
        description="Let a model of one's own be trained on labelled rows; it is known by the token alone.",
        returns=_RETURNS,
        changes=True,
    ),
    Endpoint(
        "train_status", TrainStatus, Cost.INTERACTIVE, TrainingJob,
        description="How a training stands.",
        returns=_RETURNS,
    ),
    Endpoint(
        "train_stop", TrainStop, Cost.INTERACTIVE, TrainingJob,
        description="Stop a training, let it pause or go on, or delete all of it.",
        returns=_RETURNS,
        changes=True,
    ),
)
# fmt: on
