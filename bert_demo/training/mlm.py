"""Masked-language-model pre-training, continued from any encoder of the BERT family.

The head is computed at the masked positions only, and its vocabulary projection is tied to the word embeddings.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer, PreTrainedTokenizerBase

from bert_demo.backends.variants import head_at
from bert_demo.errors import BadDataError
from bert_demo.training import corpus as corpora
from bert_demo.training.loop import Report, Schedule, train
from bert_demo.training.masking import MaskingRule, collate, mask_tokens, rates_by_frequency

HOLD_OUT_EVERY = 100
EVALUATION_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class MaskedLMTask:
    """What to read and how: texts, tokens a piece (with [CLS] and [SEP]) and a batch, share of masks.

    single_probability: how likely a piece is a single sentence; content: mask frequent tokens less; things: read only
    the articles about kinds of things (`corpus.is_about_a_thing`).
    """

    start: str
    texts: tuple[Path, ...]
    output: Path
    length: int = 128
    batch_tokens: int = 2048
    mask_share: float = 0.2
    single_probability: float = 0.85
    content: bool = False
    things: bool = False


@dataclass(frozen=True, slots=True)
class MaskedLMScore:
    """Held-out quality: perplexity = exp(mean negative log-likelihood of the masked tokens), in natural units."""

    perplexity: float
    accuracy: float
    masked_tokens: int


def pretrain(task: MaskedLMTask, schedule: Schedule, report: Report) -> tuple[Any, PreTrainedTokenizerBase]:
    """Train and return (model, tokenizer); checkpoints go to `task.output`/checkpoints. Resumes by itself."""
    tokenizer = AutoTokenizer.from_pretrained(task.start)
    torch.manual_seed(schedule.seed)
    model = AutoModelForMaskedLM.from_pretrained(
        task.start, dtype=torch.float32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    text, _ = prepare(task, tokenizer, report)
    report(f"{len(text.ids):,} tokens to train on, {len(text.documents) - 1:,} documents")
    rule = masking_rule(tokenizer, task.mask_share)
    if task.content:
        rule = replace(rule, rates=rates_by_frequency(text.ids, len(tokenizer), task.mask_share))
    order = _BatchOrder(text, task, schedule.seed)

    def batch_at(step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        ids, attention = collate(order.rows(step), *_frame(tokenizer))
        generator = torch.Generator().manual_seed(schedule.seed * 7_919 + step)
        corrupted, chosen = mask_tokens(ids, rule, generator)
        return corrupted, attention, ids, chosen

    train(model, batch_at, masked_loss, schedule, task.output / "checkpoints" / "mlm.pt", report)
    return model, tokenizer


def masked_loss(model: Any, batch: Any) -> tuple[torch.Tensor, int]:
    """Mean cross-entropy at the chosen positions, and the number of tokens read."""
    corrupted, attention, ids, chosen = batch
    rows, columns = chosen.nonzero(as_tuple=True)
    logits = head_at(model, rows, columns)(input_ids=corrupted, attention_mask=attention).logits[:, 0]
    return torch.nn.functional.cross_entropy(logits, ids[rows, columns]), int(attention.sum())


@torch.inference_mode()
def score(model: Any, tokenizer: PreTrainedTokenizerBase, text: corpora.Corpus, pieces: int = 1500) -> MaskedLMScore:
    """Perplexity and accuracy on full 128-token pieces of held-out text, 15 % masked, always the same masks."""
    spans = corpora.pack(text, 126, 0.0, np.random.default_rng(0))
    lengths = spans[:, 1] - spans[:, 0]
    spans = spans[lengths >= min(96, lengths.max())]
    spans = spans[np.random.default_rng(1).permutation(len(spans))[:pieces]]
    rule = masking_rule(tokenizer, EVALUATION_SHARE)
    generator = torch.Generator().manual_seed(0)
    model.eval()
    loss, right, count = 0.0, 0, 0
    for start in range(0, len(spans), 32):
        rows = [text.ids[first:end].astype(np.int64) for first, end in spans[start : start + 32]]
        ids, attention = collate(rows, *_frame(tokenizer))
        corrupted, chosen = mask_tokens(ids, rule, generator)
        at = chosen.nonzero(as_tuple=True)
        logits = head_at(model, *at)(input_ids=corrupted, attention_mask=attention).logits[:, 0]
        truth = ids[at]
        loss += float(torch.nn.functional.cross_entropy(logits, truth, reduction="sum"))
        right += int((logits.argmax(-1) == truth).sum())
        count += len(truth)
    return MaskedLMScore(math.exp(loss / count), right / count, count)


def masking_rule(tokenizer: PreTrainedTokenizerBase, share: float) -> MaskingRule:
    """The masking rule for a tokenizer's vocabulary."""
    return MaskingRule(int(tokenizer.mask_token_id), len(tokenizer), tuple(tokenizer.all_special_ids), share)


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
        part = corpora.hold_out(corpora.read_documents(path), HOLD_OUT_EVERY)[side]
        documents += filter(corpora.is_about_a_thing, part) if things else part
    if not documents:
        raise BadDataError(f"The texts hold too few documents: one in {HOLD_OUT_EVERY} is held out to measure on.")
    result = corpora.encode(documents, tokenizer)
    cache.parent.mkdir(parents=True, exist_ok=True)
    result.save(cache)
    return result


def _frame(tokenizer: PreTrainedTokenizerBase) -> tuple[int, int, int]:
    return int(tokenizer.cls_token_id), int(tokenizer.sep_token_id), int(tokenizer.pad_token_id)


class _BatchOrder:
    """Which pieces make up the batch of a step; a function of the seed and the step alone."""

    def __init__(self, text: corpora.Corpus, task: MaskedLMTask, seed: int) -> None:
        self._text, self._task, self._seed = text, task, seed
        self._epoch = -1
        self._first = 0
        self._pieces = np.empty((0, 2), dtype=np.int64)
        self._groups: list[np.ndarray] = []

    def rows(self, step: int) -> list[np.ndarray]:
        if step < self._first:
            self._epoch, self._first, self._groups = -1, 0, []
        while step - self._first >= len(self._groups):
            self._first += len(self._groups)
            self._epoch += 1
            rng = np.random.default_rng((self._seed, self._epoch))
            task = self._task
            self._pieces = corpora.pack(self._text, task.length - 2, task.single_probability, rng)
            self._groups = corpora.batches(self._pieces, task.batch_tokens, rng)
        spans = self._pieces[self._groups[step - self._first]]
        return [self._text.ids[first:end].astype(np.int64) for first, end in spans]
