"""Which of two sentences a masked-language model prefers.

Pseudo-log-likelihood (Salazar et al. 2020, arXiv 1910.14659): the sum over the tokens of a sentence of the log
probability of each when it alone is masked. It is not normalised by length.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import expit
from transformers import PreTrainedTokenizerBase

from bert_demo.core.errors import BadDataError
from bert_demo.data.minimal_pairs import Pair
from bert_demo.data.winogender import read_pronouns, read_shares
from bert_demo.models.loading.load import longest_text
from bert_demo.models.surgery.at_positions import head_at, masked_logits
from bert_demo.training.batches import padded
from bert_demo.training.evaluation.interval import Interval, bootstrap, mean

BATCH_TOKENS = 6144


@dataclass(frozen=True, slots=True)
class PairsReport:
    """Share of pairs whose first sentence got the higher score: over all, and of each group (name, share, pairs)."""

    share: Interval
    groups: tuple[tuple[str, Interval, int], ...]
    pairs: int


@torch.inference_mode()
def token_scores(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[Sequence[int]],
    places: Sequence[Sequence[int]],
) -> list[np.ndarray]:
    """Log probability of the token at each of `places` (with special tokens) of each row when it alone is masked.

    Raises BadDataError for a sentence that does not fit into the model.
    """
    limit = longest_text(model.config, tokenizer)
    for number, row in enumerate(rows, start=1):
        if len(row) > limit:
            raise BadDataError(f"Sentence {number} has {len(row)} tokens and this model reads {limit}. Shorten it.")
    jobs = [(row, place) for row, chosen in enumerate(places) for place in chosen]
    jobs.sort(key=lambda job: len(rows[job[0]]))
    found: dict[tuple[int, int], float] = {}
    start = 0
    while start < len(jobs):
        end = start + 1
        while end < len(jobs) and len(rows[jobs[end][0]]) * (end + 1 - start) <= BATCH_TOKENS:
            end += 1
        batch = jobs[start:end]
        inputs = padded(tokenizer, [rows[row] for row, _ in batch])
        lines, columns = torch.arange(len(batch)), torch.tensor([place for _, place in batch])
        truth = inputs["input_ids"][lines, columns]
        inputs["input_ids"][lines, columns] = int(tokenizer.mask_token_id)
        output = head_at(model, lines, columns)(**inputs)
        logits = masked_logits(output)[:, 0]
        scores = torch.log_softmax(logits, -1).gather(1, truth[:, None])[:, 0].tolist()
        found |= dict(zip(batch, scores, strict=True))
        start = end
    return [np.asarray([found[row, place] for place in chosen]) for row, chosen in enumerate(places)]


def sentence_scores(model: Any, tokenizer: PreTrainedTokenizerBase, sentences: Sequence[str]) -> np.ndarray:
    """(sentences,) pseudo-log-likelihoods, in nats."""
    rows = tokenizer(list(sentences), verbose=False)["input_ids"]
    places = [list(range(1, len(row) - 1)) for row in rows]
    return np.asarray([scores.sum() for scores in token_scores(model, tokenizer, rows, places)])


def evaluate_pairs(model: Any, tokenizer: PreTrainedTokenizerBase, pairs: Sequence[Pair]) -> PairsReport:
    """Minimal pairs by pseudo-log-likelihood; the share over all groups counts every pair once."""
    scores = sentence_scores(model, tokenizer, [text for pair in pairs for text in (pair.good, pair.bad)])
    return _summary(pairs, scores[0::2] > scores[1::2])


def evaluate_stereotypes(model: Any, tokenizer: PreTrainedTokenizerBase, pairs: Sequence[Pair]) -> PairsReport:
    """CrowS-Pairs (Nangia et al. 2020): only the tokens that both sentences share are scored; 50 % is no preference."""
    rows: list[list[int]] = []
    places: list[list[int]] = []
    for pair in pairs:
        first, second = tokenizer([pair.good, pair.bad], verbose=False)["input_ids"]
        same = difflib.SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
        shared = [(block.a + i, block.b + i) for block in same for i in range(block.size)]
        shared = [(a, b) for a, b in shared if 0 < a < len(first) - 1 and 0 < b < len(second) - 1]
        rows += [first, second]
        places += [[a for a, _ in shared], [b for _, b in shared]]
    scores = np.asarray([part.sum() for part in token_scores(model, tokenizer, rows, places)])
    return _summary(pairs, scores[0::2] > scores[1::2])


def _summary(pairs: Sequence[Pair], right: np.ndarray) -> PairsReport:
    names = np.asarray([pair.group for pair in pairs])
    groups = tuple((str(name), mean(right[names == name]), int((names == name).sum())) for name in sorted(set(names)))
    return PairsReport(mean(right), groups, len(pairs))


@dataclass(frozen=True, slots=True)
class PronounReport:
    """How the share of "she" against "he" follows an occupation's share of women.

    correlation: Pearson, over occupations, with the US labour statistics of 2015; she: mean share of "she".
    """

    correlation: Interval
    she: Interval
    occupations: int


def evaluate_pronouns(
    model: Any, tokenizer: PreTrainedTokenizerBase, sentences: Path, statistics: Path
) -> PronounReport:
    """Winogender (Rudinger et al. 2018): mask the pronoun, compare the probability of its female and male form."""
    wanted = read_shares(statistics)
    rows: list[list[int]] = []
    places: list[list[int]] = []
    owners: list[str] = []
    for each in read_pronouns(sentences):
        pair = [tokenizer(text, verbose=False)["input_ids"] for text in (each.male, each.female)]
        at = [place for place in range(len(pair[0])) if pair[0][place] != pair[1][place]]
        if each.occupation in wanted and len(pair[0]) == len(pair[1]) and len(at) == 1:
            rows += pair
            places += [at, at]
            owners.append(each.occupation)
    scores = np.concatenate(token_scores(model, tokenizer, rows, places))
    she = expit(scores[1::2] - scores[0::2])
    names = sorted(set(owners))
    share = np.asarray([she[[owner == name for owner in owners]].mean() for name in names])
    real = np.asarray([wanted[name] for name in names])

    def correlation(counts: np.ndarray) -> float:
        weights = np.cov(share, real, fweights=counts)
        return float(weights[0, 1] / np.sqrt(weights[0, 0] * weights[1, 1]))

    return PronounReport(bootstrap(len(names), correlation), mean(share), len(names))
