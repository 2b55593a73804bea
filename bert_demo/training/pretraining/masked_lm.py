"""Masked-language-model pre-training, continued from any encoder of the BERT family, with or without next sentences.

The masked-language-model head is computed at the masked positions only; its projection is the word embeddings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForPreTraining,
    PreTrainedTokenizerBase,
)

from bert_demo.core.errors import BadDataError
from bert_demo.data.corpus import HOLD_OUT_EVERY, hold_out, is_about_a_thing, read_documents
from bert_demo.models.surgery.at_positions import head_at, masked_logits
from bert_demo.training.loop import Report, Schedule, load_start, train
from bert_demo.training.pretraining import corpus as corpora
from bert_demo.training.pretraining.masking import mask_tokens, masking_rule, rates_by_frequency
from bert_demo.training.pretraining.packing import Mixture, batches, collate, frame, pack

Batch = tuple[dict[str, torch.Tensor], torch.Tensor, torch.Tensor]


@dataclass(frozen=True, slots=True)
class MaskedLMTask:
    """What to read and how: texts, tokens a piece (with [CLS] and [SEP]) and a batch, share of masks.

    single_probability: how likely a piece is a single sentence; pair_probability: how likely it is a pair for the
    next-sentence task (0: a masked-language model without that head); content: mask frequent tokens less; things: read
    only the articles about kinds of things (`corpus.is_about_a_thing`); blend: a model of the same shape whose encoder
    weights are mixed into the start's, and their share (Wortsman et al. 2022, arXiv 2109.01903: weights of two models
    with a common origin may be averaged; what pre-training took from the origin is partly given back).
    """

    start: str
    texts: tuple[Path, ...]
    output: Path
    length: int = 128
    batch_tokens: int = 2048
    mask_share: float = 0.2
    single_probability: float = 0.85
    pair_probability: float = 0.0
    content: bool = False
    things: bool = False
    blend: tuple[str, float] | None = None


def pretrain(task: MaskedLMTask, schedule: Schedule, report: Report) -> tuple[Any, PreTrainedTokenizerBase]:
    """Train and return (model, tokenizer); checkpoints go to `task.output`/checkpoints. Resumes by itself."""
    torch.manual_seed(schedule.seed)
    loader = AutoModelForPreTraining if task.pair_probability else AutoModelForMaskedLM
    model, tokenizer = load_start(loader, task.start, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    if task.blend:
        blend_encoder(model, *task.blend)
    text, _ = prepare(task, tokenizer, report)
    report(f"{len(text.ids):,} tokens to train on, {len(text.documents) - 1:,} documents")
    rule = masking_rule(tokenizer, task.mask_share)
    if task.content:
        rule = replace(rule, rates=rates_by_frequency(text.ids, len(tokenizer), task.mask_share))
    order = _BatchOrder(text, task, schedule.seed)

    def batch_at(step: int) -> Batch:
        inputs = collate(text, order.pieces(step), frame(tokenizer))
        generator = torch.Generator().manual_seed(schedule.seed * 7_919 + step)
        corrupted, chosen = mask_tokens(inputs["input_ids"], rule, generator)
        return inputs, corrupted, chosen

    train(model, batch_at, pretraining_loss, schedule, task.output / "checkpoints" / "mlm.pt", report)
    return model, tokenizer


@torch.no_grad()
def blend_encoder(model: Any, other: str, share: float) -> None:
    """Move every encoder weight of `model` by `share` of the way to that of `other`, where both have it."""
    theirs = load_start(AutoModel, other)[0].state_dict()
    for name, mine in model.base_model.state_dict().items():
        if mine.is_floating_point() and not name.startswith("pooler"):
            if name not in theirs or theirs[name].shape != mine.shape:
                raise BadDataError(f"{other} cannot be blended in: its weights are not those of the start ({name}).")
            mine.lerp_(theirs[name], share)


def pretraining_loss(model: Any, batch: Batch) -> tuple[torch.Tensor, int]:
    """Mean cross-entropy at the chosen positions plus, where there are pairs, that of next sentence; tokens read."""
    inputs, corrupted, chosen = batch
    rows, columns = chosen.nonzero(as_tuple=True)
    kinds = inputs["next_sentence_label"]
    paired = bool((kinds >= 0).any())
    types = {"token_type_ids": inputs["token_type_ids"]} if paired else {}
    output = head_at(model, rows, columns)(input_ids=corrupted, attention_mask=inputs["attention_mask"], **types)
    logits = masked_logits(output)[:, 0]
    loss = torch.nn.functional.cross_entropy(logits, inputs["input_ids"][rows, columns])
    if paired:
        loss = loss + torch.nn.functional.cross_entropy(output.seq_relationship_logits, kinds)
    return loss, int(inputs["attention_mask"].sum())


def prepare(
    task: MaskedLMTask, tokenizer: PreTrainedTokenizerBase, report: Report
) -> tuple[corpora.Corpus, corpora.Corpus]:
    """Tokenise (or read from the cache in `task.output`) the training text and the held-out text of the first file."""
    return (
        _cached(task.texts, task, tokenizer, 0, report),
        _cached(task.texts[:1], task, tokenizer, 1, report),
    )


def _cached(
    texts: Sequence[Path], task: MaskedLMTask, tokenizer: PreTrainedTokenizerBase, side: int, report: Report
) -> corpora.Corpus:
    things = task.things and side == 0
    files = [(path.name, path.stat().st_size if path.is_file() else 0) for path in texts]
    stamp = repr((side, things, HOLD_OUT_EVERY, files, sorted(tokenizer.get_vocab().items())))
    cache = task.output / "checkpoints" / f"text-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}.npz"
    if cache.is_file():
        return corpora.Corpus.load(cache)
    documents: list[list[str]] = []
    for path in texts:
        report(f"reading {path.name}")
        part = hold_out(read_documents(path), HOLD_OUT_EVERY)[side]
        documents += filter(is_about_a_thing, part) if things else part
    if not documents:
        raise BadDataError(f"The texts hold too few documents: one in {HOLD_OUT_EVERY} is held out to measure on.")
    result = corpora.encode(documents, tokenizer)
    cache.parent.mkdir(parents=True, exist_ok=True)
    result.save(cache)
    return result


class _BatchOrder:
    """Which pieces make up the batch of a step; a function of the seed and the step alone."""

    def __init__(self, text: corpora.Corpus, task: MaskedLMTask, seed: int) -> None:
        self._text, self._task, self._seed = text, task, seed
        self._epoch = -1
        self._first = 0
        self._pieces = np.empty((0, 5), dtype=np.int64)
        self._groups: list[np.ndarray] = []

    def pieces(self, step: int) -> np.ndarray:
        if step < self._first:
            self._epoch, self._first, self._groups = -1, 0, []
        while step - self._first >= len(self._groups):
            self._first += len(self._groups)
            self._epoch += 1
            rng = np.random.default_rng((self._seed, self._epoch))
            task = self._task
            mixture = Mixture(task.length - 3, task.single_probability, task.pair_probability)
            self._pieces = pack(self._text, mixture, rng)
            self._groups = batches(self._pieces, task.batch_tokens, rng)
        chosen: np.ndarray = self._pieces[self._groups[step - self._first]]
        return chosen
