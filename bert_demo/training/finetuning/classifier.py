"""Fine-tuning a classifier, as in Devlin et al. 2019, section 4.1: AdamW, 5e-5, batches of 32.

A text longer than `length` is read at a random stretch, another one each epoch, so that all of a review is learnt from.
With `rank` the start stays as it is and only low-rank adapters (LoRA) and the head are learnt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    AutoModelForSequenceClassification,
    PreTrainedTokenizerBase,
)

from bert_demo.core.errors import BadDataError
from bert_demo.data.holdout import for_calibration, hold_out, joined, without
from bert_demo.data.labelled import Labelled, read_to_learn
from bert_demo.data.treebank import untokenised
from bert_demo.models.loading.load import longest_text
from bert_demo.training.batches import BATCH, EpochOrder, padded
from bert_demo.training.evaluation.classification import probabilities
from bert_demo.training.finetuning import interpolation
from bert_demo.training.finetuning.lora import begin_with_mean, has_pooler, with_adapters
from bert_demo.training.loop import Report, Schedule, load_start, train

MOST_CALIBRATED = 1000
"""Texts that one temperature is fitted on."""


@dataclass(frozen=True, slots=True)
class ClassifierTask:
    """What to learn: labelled files, label names in the order of the logits, tokens a text.

    files are learnt from (but for the rows kept for the temperature); of `parted` every 10th row is left
    out, to measure on; `natural` are files in the Treebank's spelling ("is n't ."), learnt from as people
    write ("isn't."). rank: of the adapters, 0 to train all weights; origin: what the start was continued from, for
    adapters that begin towards it; smoothing: of the labels (Szegedy et al. 2016); steady: the share of
    rows that are drawn towards their baseline (`interpolation`).
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
        whole = () if has_pooler(Path(task.start)) else begin_with_mean(model)
        model = with_adapters(model, task.rank, task.origin, whole)
    data, apart = _read(task)
    rows = [
        np.asarray(ids, dtype=np.int64)
        for ids in tokenizer(list(data.texts), add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
    ]
    report(f"{len(rows):,} texts to train on")
    plan = _plan(task, schedule, len(rows))
    order = EpochOrder(rows, task.length - 2, plan.seed)
    targets = np.asarray(data.labels)
    frame = (int(tokenizer.cls_token_id), int(tokenizer.sep_token_id), int(tokenizer.pad_token_id))

    def batch_at(step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        chosen, pieces = order.batch(step)
        inputs = padded(tokenizer, [[frame[0], *piece.tolist(), frame[1]] for piece in pieces])
        return inputs["input_ids"], inputs["attention_mask"], torch.from_numpy(targets[chosen])

    def loss_of(model: Any, batch: Any) -> tuple[torch.Tensor, int]:
        ids, attention, truth = batch
        if not task.steady:
            logits = model(input_ids=ids, attention_mask=attention).logits
            loss = torch.nn.functional.cross_entropy(logits, truth, label_smoothing=task.smoothing)
            return loss, int(attention.sum())
        places = interpolation.placed(len(ids), task.steady)
        logits = interpolation.logits_at(model, ids, attention, places, frame[:2], frame[2])
        targets = interpolation.targets_at(truth, logits.shape[1], places, task.smoothing)
        return torch.nn.functional.cross_entropy(logits, targets), int(attention.sum())

    train(model, batch_at, loss_of, plan, task.output / "checkpoints" / "classifier.pt", report)
    temperature = calibrate(model, tokenizer, apart)
    report(f"temperature {temperature:.3f}" if temperature else "no temperature: the head is not one linear map")
    return model, tokenizer


def calibrate(model: Any, tokenizer: PreTrainedTokenizerBase, data: Labelled) -> float | None:
    """Divide the head's logits by the temperature that fits `data` best (Guo et al. 2017); answers stay the same.

    Changes the head in place and returns the temperature, or None when there is nothing to fit or no linear head.
    """
    head = getattr(model, "classifier", None)
    head = getattr(head, "modules_to_save", {"default": head})["default"]
    if not isinstance(head, torch.nn.Linear) or not data.texts:
        return None
    limit = longest_text(model.config, tokenizer)
    rows = tokenizer(list(data.texts), truncation=False, verbose=False)["input_ids"]
    whole = [row for row, ids in enumerate(rows) if len(ids) <= limit]  # of several windows only the mean is known
    whole = whole[:: -(-len(whole) // MOST_CALIBRATED)] if whole else []
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
    parts = [read_to_learn(path, task.labels) for path in task.files]
    parts += [hold_out(read_to_learn(path, task.labels))[0] for path in task.parted]
    apart = for_calibration(joined(parts))
    parts = [without(part, apart.texts) for part in parts]
    for path in task.natural:
        part = without(read_to_learn(path, task.labels), apart.texts)
        parts.append(Labelled(tuple(map(untokenised, part.texts)), part.labels))
    data = joined(parts)
    if not data.texts:
        raise BadDataError("There is nothing to learn from: name files with --data or --parted.")
    if len(set(data.labels)) < 2:
        raise BadDataError("The training files hold one label only; a classifier needs at least two.")
    return data, apart


def amounts(task: ClassifierTask) -> tuple[int, int]:
    """Texts learnt from in an epoch, and texts kept apart for the temperature."""
    data, apart = _read(task)
    return len(data.texts), len(apart.texts)


def _plan(task: ClassifierTask, schedule: Schedule, rows: int) -> Schedule:
    return schedule if schedule.steps else replace(schedule, steps=max(1, round(task.epochs * rows / BATCH)))
