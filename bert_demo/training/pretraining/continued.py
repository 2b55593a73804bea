"""Long pre-training by a plan: from a start, or from the newest checkpoint of the run, until its target or a stop."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForMaskedLM, AutoModelForPreTraining, PreTrainedTokenizerBase

from bert_demo.core.errors import BadDataError
from bert_demo.training.loop import Report, load_start
from bert_demo.training.pretraining.corpus import Corpus
from bert_demo.training.pretraining.encoder import low_precision
from bert_demo.training.pretraining.flat import FlatBatch, flatten, split_by_tokens
from bert_demo.training.pretraining.masking import masking_rule
from bert_demo.training.pretraining.memory import keep_freed_memory
from bert_demo.training.pretraining.order import PieceOrder
from bert_demo.training.pretraining.packing import frame
from bert_demo.training.pretraining.plans import LENGTH, MICRO_TOKENS, Plan
from bert_demo.training.pretraining.run import StepOf, Trainer, run
from bert_demo.training.pretraining.schedule import TokenSchedule
from bert_demo.training.pretraining.stopping import Stop
from bert_demo.training.pretraining.text import training_text


@dataclass(frozen=True, slots=True)
class Learning:
    """A plan with its start, the directory of the collections, and where checkpoints go; 0: what the plan says."""

    plan: Plan
    start: Path
    data: Path
    output: Path
    tokens: int = 0
    learning_rate: float = 0.0
    batch_tokens: int = 0
    float32: bool = False
    threads: int = 1
    seed: int = 0

    @property
    def schedule(self) -> TokenSchedule:
        """The rate over the tokens."""
        return TokenSchedule(
            self.tokens or self.plan.tokens,
            self.learning_rate or self.plan.learning_rate,
            batch_tokens=self.batch_tokens or self.plan.batch_tokens,
            warmup=self.plan.warmup,
        )


def learn_on(learning: Learning, stop: Stop, report: Report) -> tuple[Any, PreTrainedTokenizerBase, bool]:
    """(model as it is now, its tokenizer, whether the target was reached). Raises BadDataError, ModelLoadError."""
    plan, output, schedule = learning.plan, learning.output, learning.schedule
    torch.set_num_threads(learning.threads)
    keep_freed_memory()
    loader = AutoModelForPreTraining if plan.pairs else AutoModelForMaskedLM
    options = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    model, tokenizer = load_start(loader, str(learning.start), **options)
    if model.config.max_position_embeddings < LENGTH:
        raise BadDataError(f"{learning.start} reads fewer than {LENGTH} tokens at once; it cannot be trained so.")
    texts = [learning.data / name for name in plan.texts]
    thinned = [plan.thinned.get(name, 1) for name in plan.texts]
    text = training_text(texts, tokenizer, plan.encode, output, report, thinned)
    report(f"{len(text.ids):,} tokens of text, {len(text.documents) - 1:,} documents")
    dtype = torch.float32 if learning.float32 else low_precision()
    trainer = Trainer(model, schedule, dtype, _identity(learning, text))
    if trainer.resume(output):
        report(f"resumed at step {trainer.step:,}, {trainer.tokens:,} tokens")
    steps = steps_of(plan, text, tokenizer, schedule.batch_tokens, learning.seed)
    ended = run(trainer, steps, output, stop, report)
    return model, tokenizer, ended


def steps_of(plan: Plan, text: Corpus, tokenizer: PreTrainedTokenizerBase, batch_tokens: int, seed: int) -> StepOf:
    """The batches of each step, which depend on the seed and the step alone."""
    order = PieceOrder(text, plan.mixture, batch_tokens, seed, group_tokens=min(1024, max(1, batch_tokens // 4)))
    rule = masking_rule(tokenizer, plan.mask_share)

    def step_of(step: int) -> list[FlatBatch]:
        generator = torch.Generator().manual_seed(seed * 7_919 + step)
        runs = split_by_tokens(order.at(step), MICRO_TOKENS)
        return [flatten(text, groups, frame(tokenizer), rule, generator) for groups in runs]

    return step_of


def _identity(learning: Learning, text: Corpus) -> dict[str, str | int | float]:
    """What must be the same when a run is taken up again; the target may differ."""
    with (learning.start / "model.safetensors").open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "plan": learning.plan.name,
        "start": digest,
        "text": len(text.ids),
        "mixture": repr(learning.plan.mixture),
        "batch_tokens": learning.schedule.batch_tokens,
        "seed": learning.seed,
    }
