"""How well a model does what it was pre-trained for: perplexity behind masks, and whether a passage follows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from bert_demo.core.errors import BadDataError, MissingHeadError
from bert_demo.data.corpus import hold_out, read_documents
from bert_demo.models.loading.load import longest_text
from bert_demo.models.surgery.at_positions import head_at, masked_logits
from bert_demo.training.evaluation.interval import Interval, bootstrap, mean
from bert_demo.training.pretraining import corpus as corpora
from bert_demo.training.pretraining.masking import mask_tokens, masking_rule
from bert_demo.training.pretraining.packing import IS_NEXT, NO_PAIR, Mixture, batches, collate, frame, lengths, pack
from bert_demo.training.pretraining.text import Encode

LENGTH = 128
MASK_SHARE = 0.15
MOST_PIECES = 1500
FULL, FEW = 98, 50
"""Pieces of fewer than FULL tokens (ends of documents) are left out where there are at least FEW others."""
MOST_PAIRS = 4000
SHORT_PAIRS = 0.1


@dataclass(frozen=True, slots=True)
class MaskedLMReport:
    """perplexity = exp(mean negative log-likelihood of the masked tokens); accuracy: share guessed exactly."""

    perplexity: Interval
    accuracy: Interval
    masked_tokens: int
    pieces: int
    available: int
    shortest: int
    longest: int
    documents: int


@dataclass(frozen=True, slots=True)
class NextSentenceReport:
    """Share of pairs told rightly, half of which follow; of those that follow and of those that do not."""

    accuracy: Interval
    follows: Interval
    does_not: Interval
    pairs: int
    available: int


def held_out(
    path: Path, tokenizer: PreTrainedTokenizerBase, every: int | None, encode: Encode = corpora.encode
) -> corpora.Corpus:
    """The documents of a text file as token ids: all, or only each `every`-th, which training leaves out."""
    documents = list(read_documents(path))
    if every:
        documents = hold_out(documents, every)[1]
        if not documents:
            raise BadDataError(f"{path} has fewer than {every} documents; none of them is held out.")
    return encode(documents, tokenizer)


@torch.inference_mode()
def evaluate_masked(
    model: Any, tokenizer: PreTrainedTokenizerBase, text: corpora.Corpus, most: int = MOST_PIECES
) -> MaskedLMReport:
    """Perplexity on full pieces of up to 128 tokens (or what the model reads at once), 15 % masked by the paper's
    80/10/10 rule, the same masks always.

    The interval comes from resampling pieces. At most `most` pieces are read, drawn at random with a fixed seed; the
    report says of how many. Raises BadDataError for a text without tokens.
    """
    length = min(LENGTH, longest_text(model.config, tokenizer))
    found = pack(text, Mixture(length - 2), np.random.default_rng(0))
    if not len(found):
        raise BadDataError("The text holds no character that this model reads.")
    full = found[lengths(found) >= FULL * length // LENGTH]
    found = full if len(full) >= FEW else found
    available = len(found)
    found = found[np.random.default_rng(1).permutation(available)[:most]]
    sizes = lengths(found)
    rule = masking_rule(tokenizer, MASK_SHARE)
    generator = torch.Generator().manual_seed(0)
    sums = np.zeros((len(found), 3))
    for start in range(0, len(found), 32):
        inputs = collate(text, found[start : start + 32], frame(tokenizer))
        ids = inputs["input_ids"]
        corrupted, chosen = mask_tokens(ids, rule, generator)
        at = chosen.nonzero(as_tuple=True)
        output = head_at(model, *at)(input_ids=corrupted, attention_mask=inputs["attention_mask"])
        logits = masked_logits(output)[:, 0]
        losses = torch.nn.functional.cross_entropy(logits, ids[at], reduction="none")
        right = logits.argmax(-1) == ids[at]
        for column, values in enumerate((losses.double(), right.double(), torch.ones(len(losses)).double())):
            sums[start : start + 32, column] += np.bincount(at[0].numpy(), values.numpy(), minlength=len(chosen))

    def over_tokens(counts: np.ndarray, column: int) -> float:
        return float(counts @ sums[:, column] / (counts @ sums[:, 2]))

    return MaskedLMReport(
        bootstrap(len(found), lambda counts: float(np.exp(over_tokens(counts, 0)))),
        bootstrap(len(found), lambda counts: over_tokens(counts, 1)),
        int(sums[:, 2].sum()),
        len(found),
        available,
        int(sizes.min()),
        int(sizes.max()),
        len(text.documents) - 1,
    )


def sentence_pairs(
    text: corpora.Corpus, most: int = MOST_PAIRS, short_pairs: float = SHORT_PAIRS, length: int = LENGTH
) -> tuple[np.ndarray, int]:
    """Pairs of passages, as many that follow as not, (pairs, 5) as in `pieces`, the same always; how many there are."""
    found = pack(text, Mixture(length - 3, 0.0, 1.0, short_pairs), np.random.default_rng(0))
    found = found[found[:, 4] != NO_PAIR]
    sides = [found[found[:, 4] == kind] for kind in (IS_NEXT, 1 - IS_NEXT)]
    available = min(len(side) for side in sides)
    count = min(max(1, most // 2), available)
    if not count:
        raise BadDataError("The text holds too few sentences for pairs: two documents of several sentences are needed.")
    rng = np.random.default_rng(1)
    return np.concatenate([side[rng.permutation(len(side))[:count]] for side in sides]), 2 * available


@torch.inference_mode()
def evaluate_next_sentence(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    text: corpora.Corpus,
    most: int = MOST_PAIRS,
    short_pairs: float = SHORT_PAIRS,
) -> NextSentenceReport:
    """Accuracy on balanced pairs: a passage and what follows it, or one of another document of the same text.

    Both together have up to 128 tokens (or what the model reads at once); a share of `short_pairs` has a random length
    from 24 on, as in the paper.
    """
    length = min(LENGTH, longest_text(model.config, tokenizer))
    pairs, available = sentence_pairs(text, most, short_pairs, length)
    follows = np.zeros(len(pairs), dtype=bool)
    for group in batches(pairs, 4096, np.random.default_rng(0)):
        inputs = collate(text, pairs[group], frame(tokenizer))
        inputs.pop("next_sentence_label")
        output = _without_masked_head(model)(**inputs)
        follows[group] = (output.argmax(-1) == IS_NEXT).numpy()
    right = follows == (pairs[:, 4] == IS_NEXT)
    half = len(pairs) // 2
    return NextSentenceReport(mean(right), mean(right[:half]), mean(right[half:]), len(pairs), available)


def _without_masked_head(model: Any) -> Any:
    """A function from inputs to next-sentence logits (batch, 2) that spares the vocabulary projection."""
    head = getattr(getattr(model, "cls", None), "seq_relationship", None)
    if head is None or getattr(model.base_model, "pooler", None) is None:
        raise MissingHeadError("The model has no next-sentence head. Choose a model saved with that head.")
    return lambda **inputs: head(model.base_model(**inputs).pooler_output)
