"""Fine-tuning a classifier, as in Devlin et al. 2019, section 4.1: AdamW, 5e-5, batches of 32.

A text longer than `length` is read at a random stretch, another one each epoch, so that all of a review is learnt from.
With `rank` the start stays as it is and only low-rank adapters (LoRA) and the head are learnt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    AutoModelForSequenceClassification,
    PreTrainedTokenizerBase,
)

from bert_demo.backends.hub import reads_at_once
from bert_demo.errors import BadDataError
from bert_demo.training import paths
from bert_demo.training.evaluation.classification import probabilities
from bert_demo.training.labelled import Labelled, read_labelled
from bert_demo.training.loop import Report, Schedule, load_start, train
from bert_demo.training.lora import with_adapters
from bert_demo.training.masking import collate
from bert_demo.training.treebank import untokenised

BATCH = 32
_NOT_LETTERS = re.compile(r"[\W\d_]+")
HOLD_OUT_EVERY = 10
CALIBRATE_EVERY = 20
A_PHRASE = 4


@dataclass(frozen=True, slots=True)
class ClassifierTask:
    """What to learn: labelled files, label names in the order of the logits, tokens a text.

    files are learnt from (but for the rows kept for the temperature); of `parted` every HOLD_OUT_EVERYth row is left
    out, to measure on; `natural` are files in the Treebank's spelling ("is n't ."), learnt from as people
    write ("isn't."). rank: of the adapters, 0 to train all weights; origin: what the start was continued from, for
    adapters that begin towards it; smoothing: of the labels (Szegedy et al. 2016); steady: the share of
    rows that are drawn towards their baseline (`paths`).
    """

    start: str
    files: tuple[Path, ...]
    labels: tuple[str, ...]
    output: Path
    parted: tuple[Path, ...] = ()
    natural: tuple[Path, ...] = ()
    length: int = 128
    epochs: float = 2.0
    rank: int = 0
    origin: str = ""
    smoothing: float = 0.0
    steady: float = 0.0


def finetune(task: ClassifierTask, schedule: Schedule, report: Report) -> tuple[Any, PreTrainedTokenizerBase]:
    """Train, calibrate and return (model, tokenizer). `schedule.steps` of 0: as many as `task.epochs` asks for.

    One row in CALIBRATE_EVERY, whole sentences only, is kept from training to fit the temperature.
    """
    torch.manual_seed(schedule.seed)
    model, tokenizer = load_start(
        AutoModelForSequenceClassification,
        task.start,
        id2label=dict(enumerate(task.labels)),
        label2id={label: index for index, label in enumerate(task.labels)},
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
    )
    if task.rank:
        model = with_adapters(model, task.rank, task.origin)
    data, apart = _read(task)
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

    def loss_of(model: Any, batch: Any) -> tuple[torch.Tensor, int]:
        ids, attention, truth = batch
        if not task.steady:
            logits = model(input_ids=ids, attention_mask=attention).logits
            loss = torch.nn.functional.cross_entropy(logits, truth, label_smoothing=task.smoothing)
            return loss, int(attention.sum())
        places = paths.placed(len(ids), task.steady)
        logits = paths.logits_at(model, ids, attention, places, frame[:2], frame[2])
        targets = paths.targets_at(truth, logits.shape[1], places, task.smoothing)
        return torch.nn.functional.cross_entropy(logits, targets), int(attention.sum())

    train(model, batch_at, loss_of, plan, task.output / "checkpoints" / "classifier.pt", report)
    temperature = calibrate(model, tokenizer, apart)
    report(f"temperature {temperature:.3f}" if temperature else "no temperature: the head is not one linear map")
    return model, tokenizer


def split(data: Labelled, every: int = HOLD_OUT_EVERY) -> tuple[Labelled, Labelled]:
    """(training, held out): every `every`-th row is held out.

    A training row that differs from a held-out one in nothing but case, digits and punctuation (messages written from
    one template, say) is in neither.
    """
    keys = [_NOT_LETTERS.sub("", text.lower()) or text for text in data.texts]
    held = {key for row, key in enumerate(keys, start=1) if row % every == 0}

    training = (row for row, key in enumerate(keys) if key not in held)
    return data.chosen(training), data.chosen(range(every - 1, len(keys), every))


def calibrate(model: Any, tokenizer: PreTrainedTokenizerBase, data: Labelled) -> float | None:
    """Divide the head's logits by the temperature that fits `data` best (Guo et al. 2017); answers stay the same.

    Changes the head in place and returns the temperature, or None when there is nothing to fit or no linear head.
    """
    head = getattr(model, "classifier", None)
    head = getattr(head, "modules_to_save", {"default": head})["default"]
    if not isinstance(head, torch.nn.Linear) or not data.texts:
        return None
    limit = reads_at_once(model.config, tokenizer)
    rows = tokenizer(list(data.texts), truncation=False, verbose=False)["input_ids"]
    whole = [row for row, ids in enumerate(rows) if len(ids) <= limit]  # of several windows only the mean is known
    if not whole:
        return None
    scores = probabilities(model, tokenizer, [data.texts[row] for row in whole])
    logits = torch.from_numpy(np.log(np.maximum(scores, 1e-12)))
    truth = torch.tensor([data.labels[row] for row in whole])
    temperatures = torch.logspace(-0.7, 0.7, 141, dtype=torch.float64).tolist()
    losses = [float(torch.nn.functional.cross_entropy(logits / each, truth)) for each in temperatures]
    best = temperatures[int(np.argmin(losses))]
    with torch.no_grad():
        head.weight.div_(best)
        head.bias.div_(best)
    return float(best)


def _read(task: ClassifierTask) -> tuple[Labelled, Labelled]:
    """(to learn from, kept apart for the temperature)."""
    parts = [read_labelled(path, task.labels) for path in task.files]
    parts += [split(read_labelled(path, task.labels))[0] for path in task.parted]
    apart = keep_apart(_joined(parts))
    parts = [without(part, apart.texts) for part in parts]
    for path in task.natural:
        part = without(read_labelled(path, task.labels), apart.texts)
        parts.append(Labelled(tuple(map(untokenised, part.texts)), part.labels))
    data = _joined(parts)
    if not data.texts:
        raise BadDataError("There is nothing to learn from: name files with --data or --parted.")
    if len(set(data.labels)) < 2:
        raise BadDataError("The training files hold one label only; a classifier needs at least two.")
    return data, apart


def keep_apart(data: Labelled, every: int = CALIBRATE_EVERY) -> Labelled:
    """Rows for the temperature: each `every`-th one, but none that stands inside another row, as SST-2's phrases do."""
    rest = "\n".join(text for row, text in enumerate(data.texts, start=1) if row % every)
    return data.chosen(row for row in range(every - 1, len(data.texts), every) if data.texts[row] not in rest)


def without(data: Labelled, apart: tuple[str, ...]) -> Labelled:
    """The rows that are neither kept apart nor, from A_PHRASE words on, a part of what is kept apart."""
    held, joined = set(apart), "\n".join(apart)

    def unseen(text: str) -> bool:
        return text not in held and (len(text.split()) < A_PHRASE or text not in joined)

    return data.chosen(row for row, text in enumerate(data.texts) if unseen(text))


def amounts(task: ClassifierTask) -> tuple[int, int]:
    """Texts learnt from in an epoch, and texts kept apart for the temperature."""
    data, apart = _read(task)
    return len(data.texts), len(apart.texts)


def _joined(parts: list[Labelled]) -> Labelled:
    return Labelled(tuple(t for part in parts for t in part.texts), tuple(y for part in parts for y in part.labels))


def _plan(task: ClassifierTask, schedule: Schedule, rows: int) -> Schedule:
    return schedule if schedule.steps else replace(schedule, steps=max(1, round(task.epochs * rows / BATCH)))


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
