"""Facts asked as cloze questions, as in LAMA (Petroni et al. 2019) and ParaRel (Elazar et al. 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from bert_demo.core.errors import BadDataError
from bert_demo.data.cloze import Relation
from bert_demo.models.loading.load import longest_text
from bert_demo.models.surgery.at_positions import head_at, masked_logits
from bert_demo.training.batches import padded
from bert_demo.training.evaluation.interval import RESAMPLES, Interval, mean

BATCH = 256


@dataclass(frozen=True, slots=True)
class RelationReport:
    """Figures of a relation's best pattern: the share of facts whose answer is first, or among the first ten."""

    name: str
    pattern: str
    first: Interval
    first_ten: Interval
    facts: int


@dataclass(frozen=True, slots=True)
class FactsReport:
    """Means over the relations (each counts once), and each relation; skipped: facts whose answer is not one token."""

    first: Interval
    first_ten: Interval
    relations: tuple[RelationReport, ...]
    skipped: int


def evaluate_facts(model: Any, tokenizer: PreTrainedTokenizerBase, relations: Sequence[Relation]) -> FactsReport:
    """Rank the answer among the whole vocabulary at the mask, for every pattern; the best pattern by answers first."""
    reports: list[RelationReport] = []
    hits: list[tuple[np.ndarray, np.ndarray]] = []
    skipped = 0
    for relation in relations:
        answers = [tokenizer(answer, add_special_tokens=False)["input_ids"] for _, answer in relation.facts]
        usable = [index for index, ids in enumerate(answers) if len(ids) == 1]
        skipped += len(answers) - len(usable)
        if not usable:
            continue
        truth = [answers[index][0] for index in usable]
        best: tuple[float, np.ndarray, str] | None = None
        for pattern in relation.patterns:
            texts = [
                pattern.replace("[Y]", str(tokenizer.mask_token)).replace("[X]", relation.facts[index][0])
                for index in usable
            ]
            ranks = answer_ranks(model, tokenizer, texts, truth)
            if best is None or float((ranks == 1).mean()) > best[0]:
                best = float((ranks == 1).mean()), ranks, pattern
        assert best is not None
        ranks = best[1]
        hits.append((ranks == 1, ranks <= 10))
        reports.append(RelationReport(relation.name, best[2], mean(ranks == 1), mean(ranks <= 10), len(usable)))
    if not hits:
        raise BadDataError("No fact has an answer that is one token of this model.")
    return FactsReport(_over([first for first, _ in hits]), _over([ten for _, ten in hits]), tuple(reports), skipped)


def _over(relations: Sequence[np.ndarray]) -> Interval:
    """The mean of the relations' shares; the facts of each relation are resampled, which draws binomial counts."""
    sizes = np.asarray([len(right) for right in relations])
    shares = np.asarray([right.mean() for right in relations])
    drawn = (np.random.default_rng(0).binomial(sizes, shares, (RESAMPLES, len(sizes))) / sizes).mean(1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Interval(float(shares.mean()), float(low), float(high))


@torch.inference_mode()
def answer_ranks(
    model: Any, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], truth: Sequence[int]
) -> np.ndarray:
    """Rank (from 1) of a token among the whole vocabulary at the only mask of each text. Raises BadDataError."""
    rows = tokenizer(list(texts), verbose=False)["input_ids"]
    limit = longest_text(model.config, tokenizer)
    for text, row in zip(texts, rows, strict=True):
        if row.count(int(tokenizer.mask_token_id)) != 1 or len(row) > limit:
            raise BadDataError(
                f"The question {text[:60]!r} needs one {tokenizer.mask_token} and at most {limit} tokens."
            )
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    ranks = np.zeros(len(rows), dtype=np.int64)
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        inputs = padded(tokenizer, [rows[index] for index in chosen])
        lines, columns = (inputs["input_ids"] == int(tokenizer.mask_token_id)).nonzero(as_tuple=True)
        output = head_at(model, lines, columns)(**inputs)
        logits = masked_logits(output)[:, 0]
        answers = torch.tensor([truth[index] for index in chosen])
        own = logits.gather(1, answers[:, None])
        ranks[chosen] = (logits > own).sum(1).numpy() + 1
    return ranks
