"""python -m benchmarks.pretraining --data DIR: the long pre-training's step against that of 0.3.0, in turns.

Both start from the bundled `base` and see the same batches (16 x 128 tokens, the same masks and pairs) at the same
rate, in one thread; each does a step in turn. Printed: tokens a second of both and their ratio (medians over the
steps; of wall-clock time, and of processor time, which other programs disturb less), and the two loss curves.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForPreTraining

from benchmarks.tables import ROOT
from bert_demo.data import corpus as documents_of
from bert_demo.training.loop import Schedule, load_start, parameter_groups
from bert_demo.training.pretraining import corpus as corpora
from bert_demo.training.pretraining.encoder import low_precision
from bert_demo.training.pretraining.flat import FlatBatch, flatten
from bert_demo.training.pretraining.masked_lm import Batch, pretraining_loss
from bert_demo.training.pretraining.masking import mask_tokens, masking_rule
from bert_demo.training.pretraining.memory import keep_freed_memory
from bert_demo.training.pretraining.packing import Mixture, collate, frame, lengths, pack
from bert_demo.training.pretraining.run import Trainer
from bert_demo.training.pretraining.schedule import TokenSchedule

BASE = ROOT / "assets" / "models" / "base"
ROWS, LENGTH, RATE = 16, 128, 3e-4
DOCUMENTS = 6000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pretraining", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the directory with general/wiki_leads.txt.xz")
    parser.add_argument("--steps", type=int, default=60)
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    before, now = Before(), Now()
    taken: tuple[list[float], list[float]] = ([], [])
    worked: tuple[list[float], list[float]] = ([], [])
    losses: tuple[list[float], list[float]] = ([], [])
    for number, (padded, flat) in enumerate(batches(options.data, options.steps), start=1):
        for side, (step, batch) in enumerate(((before.step, padded), (now.step, flat))):
            began, busy = time.perf_counter(), time.process_time()
            losses[side].append(step(batch))
            taken[side].append(time.perf_counter() - began)
            worked[side].append(time.process_time() - busy)
        if number % 10 == 0:
            print(f"step {number}: loss {losses[0][-1]:.3f} before, {losses[1][-1]:.3f} now", flush=True)
    for of, sides in (("second", taken), ("second of the processor", worked)):
        one, other = (ROWS * LENGTH / median(each) for each in sides)
        print(f"{one:,.0f} tokens a {of} before, {other:,.0f} now ({now.dtype}): {other / one:.2f} times")
    difference = [one - other for one, other in zip(*losses, strict=True)]
    print(
        f"mean loss {mean(losses[0]):.4f} before, {mean(losses[1]):.4f} now; the last 20 steps "
        f"{mean(losses[0][-20:]):.4f}, {mean(losses[1][-20:]):.4f}; largest difference of a step "
        f"{max(map(abs, difference)):.4f}, from step to step the loss varies by {np.std(losses[0]):.4f}"
    )


class Before:
    """0.3.0's step: float32, padded batches with a mask, transformers' own forward pass."""

    def __init__(self) -> None:
        self._model = base()
        self._model.train()
        groups = parameter_groups(self._model, Schedule(1, RATE))
        self._optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6, fused=True)

    def step(self, batch: Batch) -> float:
        loss, _ = pretraining_loss(self._model, batch)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimizer.step()
        return loss.item()


class Now:
    """The long pre-training's step."""

    def __init__(self) -> None:
        self.dtype = low_precision()
        schedule = TokenSchedule(10**12, RATE, batch_tokens=ROWS * LENGTH, warmup=1)
        self._trainer = Trainer(base(), schedule, self.dtype, {})

    def step(self, batch: FlatBatch) -> float:
        loss = self._trainer.train_on([batch])
        return loss.words + (loss.follows or 0.0)


def base() -> Any:
    none = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    return load_start(AutoModelForPreTraining, str(BASE), **none)[0]


def batches(data: Path, count: int) -> Iterator[tuple[Batch, FlatBatch]]:
    """The same 16 pieces of 128 tokens, masked alike, in both layouts."""
    _, tokenizer = load_start(AutoModelForPreTraining, str(BASE))
    documents = itertools.islice(documents_of.read_documents(data / "general" / "wiki_leads.txt.xz"), DOCUMENTS)
    text = corpora.encode(documents, tokenizer)
    pieces = pack(text, Mixture(LENGTH - 2, 0.0, 0.3, 0.0), np.random.default_rng(0))
    pieces = pieces[lengths(pieces) == LENGTH]
    order = np.random.default_rng(1).permutation(len(pieces))
    rule = masking_rule(tokenizer, 0.2)
    if len(order) < count * ROWS:
        raise SystemExit(f"There is text for {len(order) // ROWS} steps only.")
    for step in range(count):
        group = pieces[order[step * ROWS : (step + 1) * ROWS]]
        inputs = collate(text, group, frame(tokenizer))
        padded = (inputs, *mask_tokens(inputs["input_ids"], rule, torch.Generator().manual_seed(step)))
        flat = flatten(text, [group], frame(tokenizer), rule, torch.Generator().manual_seed(step))
        assert torch.equal(padded[1].flatten(), flat.ids)
        yield padded, flat


if __name__ == "__main__":
    main()
