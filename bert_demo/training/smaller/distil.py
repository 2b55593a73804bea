"""Distillation: what was made smaller learns to give the logits of the model that it was made of.

The loss is the mean squared difference of logits (Ba and Caruana 2014); no label of the texts is looked at.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from bert_demo.core.errors import BadDataError, ChoiceError, ModelKindError
from bert_demo.models.base import Encoding, Model
from bert_demo.models.device import numbers
from bert_demo.tasks import labelled_rows
from bert_demo.tasks.labelled_rows import OnProgress
from bert_demo.training.batches import BATCH, EpochOrder
from bert_demo.training.loop import Schedule, train
from bert_demo.training.smaller.draft import Draft, loaded, save

MOST_EPOCHS = 100
RATE = 2e-4
"""The highest learning rate; it rises over the first steps and falls over the last third."""


def check_epochs(choice: str) -> int:
    """How often each text is read. Raises ChoiceError."""
    if not (choice.isascii() and choice.isdigit() and 1 <= int(choice) <= MOST_EPOCHS):
        raise ChoiceError(
            f"distil={choice[:40]} does not fit. Write how often each text is read, from 1 to {MOST_EPOCHS}."
        )
    return int(choice)


def distil(
    draft: Draft,
    epochs: int,
    original: Path,
    texts: Sequence[tuple[str, ...]],
    characters: int,
    place: Path,
    watch: OnProgress,
) -> str:
    """Train the draft's weights on the answers of the model at `original`; a sentence about it.

    texts: (text,) or (text, second text), each of one window; place: a directory that is made. Raises BadDataError,
    ChoiceError, ModelKindError.
    """
    if draft.stored is not torch.float32:
        raise ChoiceError("distil learns weights, which half would round before. Write half behind it.")
    save(draft, place)
    teacher, student = loaded(original), loaded(place)
    asked = _encoded(teacher, texts, characters)
    logits = answers(teacher, asked, watch)
    learnt = _encoded(student, texts, characters) if draft.renumbered else asked
    steps = epochs * -(-len(texts) // BATCH)
    lengths = [np.zeros(len(each.tokens), np.int64) for each in learnt]
    order = EpochOrder(lengths, max(map(len, lengths)), 0)

    def batch_at(step: int) -> list[tuple[dict[str, torch.Tensor], torch.Tensor]]:
        chosen, _ = order.batch(step)
        parts = student.encoder.batches([learnt[row] for row in chosen], gradients=True)
        return [(inputs, torch.from_numpy(logits[chosen[places]])) for places, inputs in parts]

    def loss_of(module: Any, parts: Any) -> tuple[torch.Tensor, int]:
        lost = sum(functional.mse_loss(module(**inputs).logits, each, reduction="sum") for inputs, each in parts)
        count = sum(each.numel() for _, each in parts)
        return torch.as_tensor(lost) / count, sum(inputs["input_ids"].numel() for inputs, _ in parts)

    draft.module.requires_grad_(True)
    schedule = Schedule(steps, RATE, warmup=0.06, checkpoint_every=steps)
    train(draft.module, batch_at, loss_of, schedule, place / "state.pt", _report)
    times = "once" if epochs == 1 else f"{epochs} times"
    return f"{len(texts):,} texts were read {times} to learn the original's logits"


@torch.inference_mode()
def answers(model: Model, encodings: Sequence[Encoding], watch: OnProgress) -> np.ndarray:
    """(texts, labels) logits. Raises ModelKindError where they are no numbers."""
    found: np.ndarray | None = None
    done = 0
    for places, inputs in model.encoder.batches(encodings):
        logits = numbers(model.encoder.plain()(**inputs).logits)
        if found is None:
            found = np.zeros((len(encodings), logits.shape[1]), np.float32)
        found[places] = logits
        done += len(places)
        watch(done, len(encodings))
    if found is None or not math.isfinite(float(found.sum())):
        raise ModelKindError("The answers of this model are no numbers, so that nothing can be learnt from them.")
    return found


def _encoded(model: Model, texts: Sequence[tuple[str, ...]], characters: int) -> list[Encoding]:
    """One encoding a text. Raises BadDataError for a text of several windows."""
    found = []
    for place, (text, *second) in enumerate(texts):
        where = f"Text {place + 1} to learn from"
        found.append(labelled_rows.encoded(model, text, second[0] if second else None, where, characters))
        if len(found[-1].windows) > 1:
            raise BadDataError(
                f"{where} has more tokens than the {model.info.limit} that are read at once. Shorten it."
            )
    return found


def _report(said: str) -> None:
    print(said, file=sys.stderr, flush=True)
