"""Fine-tuning a classifier, as in Devlin et al. 2019, section 4.1: AdamW, 5e-5, batches of 32.

A text longer than `length` is read at a random stretch, another one each epoch, so that all of a review is learnt from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedTokenizerBase,
)

from bert_demo.backends.encoding import encode
from bert_demo.errors import BadDataError
from bert_demo.training.labelled import Labelled, read_labelled
from bert_demo.training.loop import Report, Schedule, train
from bert_demo.training.masking import collate

BATCH = 32
HOLD_OUT_EVERY = 10


@dataclass(frozen=True, slots=True)
class ClassifierTask:
    """What to learn: labelled files, label names in the order of the logits, tokens a text.

    files are learnt from as a whole; of `parted` every HOLD_OUT_EVERYth row is left out, to measure on.
    """

    start: str
    files: tuple[Path, ...]
    labels: tuple[str, ...]
    output: Path
    parted: tuple[Path, ...] = ()
    length: int = 128
    epochs: float = 2.0


@dataclass(frozen=True, slots=True)
class ClassifierScore:
    """Share of right answers on `rows` texts, long ones as the mean of their windows' probabilities."""

    accuracy: float
    rows: int


def finetune(task: ClassifierTask, schedule: Schedule, report: Report) -> tuple[Any, PreTrainedTokenizerBase]:
    """Train and return (model, tokenizer). `schedule.steps` of 0 means: as many as `task.epochs` asks for."""
    tokenizer = AutoTokenizer.from_pretrained(task.start)
    torch.manual_seed(schedule.seed)
    model = AutoModelForSequenceClassification.from_pretrained(
        task.start,
        dtype=torch.float32,
        id2label=dict(enumerate(task.labels)),
        label2id={label: index for index, label in enumerate(task.labels)},
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
    )
    parts = [read_labelled(path, task.labels) for path in task.files]
    parts += [split(read_labelled(path, task.labels))[0] for path in task.parted]
    data = Labelled(tuple(t for part in parts for t in part.texts), tuple(y for part in parts for y in part.labels))
    if not data.texts:
        raise BadDataError("There is nothing to learn from: name files with --data or --parted.")
    if len(set(data.labels)) < 2:
        raise BadDataError("The training files hold one label only; a classifier needs at least two.")
    rows = [
        np.asarray(ids, dtype=np.int64)
        for ids in tokenizer(list(data.texts), add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
    ]
    report(f"{len(rows):,} texts to train on")
    plan = _plan(task, schedule, len(rows))
    order = _EpochOrder(rows, task.length - 2, plan.seed)
    targets = np.asarray(data.labels)
    frame = (int(tokenizer.cls_token_id), int(tokenizer.sep_token_id), int(tokenizer.pad_token_id))

    def batch_at(step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        chosen, pieces = order.batch(step)
        return (*collate(pieces, *frame), torch.from_numpy(targets[chosen]))

    train(model, batch_at, _loss, plan, task.output / "checkpoints" / "classifier.pt", report)
    return model, tokenizer


def split(data: Labelled) -> tuple[Labelled, Labelled]:
    """(training, held out): every HOLD_OUT_EVERYth row is held out."""

    def side(held: bool) -> Labelled:
        chosen = [row for row in range(len(data.texts)) if ((row + 1) % HOLD_OUT_EVERY == 0) == held]
        return Labelled(tuple(data.texts[row] for row in chosen), tuple(data.labels[row] for row in chosen))

    return side(False), side(True)


@torch.inference_mode()
def score(model: Any, tokenizer: PreTrainedTokenizerBase, data: Labelled) -> ClassifierScore:
    """Accuracy; long texts in the same overlapping windows as the page reads them."""
    limit = min(int(tokenizer.model_max_length), int(model.config.max_position_embeddings))
    right = 0
    for text, label in zip(data.texts, data.labels, strict=True):
        encoding = encode(tokenizer, text, None, limit)
        total = torch.zeros(model.config.num_labels)
        for window in encoding.windows:
            ids = torch.tensor([[encoding.tokens[position].id for position in window]])
            total += model(input_ids=ids).logits[0].softmax(-1)
        right += int(total.argmax()) == label
    return ClassifierScore(right / len(data.texts), len(data.texts))


def _plan(task: ClassifierTask, schedule: Schedule, rows: int) -> Schedule:
    return schedule if schedule.steps else replace(schedule, steps=max(1, round(task.epochs * rows / BATCH)))


def _loss(model: Any, batch: Any) -> tuple[torch.Tensor, int]:
    ids, attention, targets = batch
    logits = model(input_ids=ids, attention_mask=attention).logits
    return torch.nn.functional.cross_entropy(logits, targets), int(attention.sum())


class _EpochOrder:
    """Batches of texts of like length in random order; a function of the seed and the step alone."""

    def __init__(self, rows: list[np.ndarray], length: int, seed: int) -> None:
        self._rows, self._length, self._seed = rows, length, seed
        self._epoch = -1
        self._batches: list[np.ndarray] = []

    def batch(self, step: int) -> tuple[np.ndarray, list[np.ndarray]]:
        per_epoch = -(-len(self._rows) // BATCH)
        epoch, index = divmod(step, per_epoch)
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._shuffle(epoch)
        chosen = self._batches[index]
        rng = np.random.default_rng((self._seed, epoch, index))
        return chosen, [self._stretch(self._rows[row], rng) for row in chosen]

    def _shuffle(self, epoch: int) -> list[np.ndarray]:
        rng = np.random.default_rng((self._seed, epoch))
        order = rng.permutation(len(self._rows))
        lengths = np.asarray([min(len(self._rows[row]), self._length) for row in order])
        batches: list[np.ndarray] = []
        for start in range(0, len(order), BATCH * 64):
            window = order[start : start + BATCH * 64]
            window = window[np.argsort(lengths[start : start + BATCH * 64], kind="stable")]
            batches += [window[first : first + BATCH] for first in range(0, len(window), BATCH)]
        return [batches[index] for index in rng.permutation(len(batches))]

    def _stretch(self, row: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        spare = len(row) - self._length
        first = int(rng.integers(spare + 1)) if spare > 0 else 0
        return row[first : first + self._length]
