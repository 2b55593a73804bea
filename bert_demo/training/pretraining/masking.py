"""The masked-language-model task of Devlin et al. 2019, section 3.1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class MaskingRule:
    """Which id stands for the mask, how many ids there are, which must never be masked, and the share to mask.

    rates: (vocabulary,) probability of masking each id, in place of the same share for all.
    """

    mask_id: int
    vocabulary: int
    special_ids: tuple[int, ...]
    share: float = 0.15
    rates: torch.Tensor | None = None


def masking_rule(tokenizer: PreTrainedTokenizerBase, share: float) -> MaskingRule:
    """The masking rule for a tokenizer's vocabulary."""
    return MaskingRule(int(tokenizer.mask_token_id), len(tokenizer), tuple(tokenizer.all_special_ids), share)


def mask_tokens(ids: torch.Tensor, rule: MaskingRule, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Choose a share of the ordinary tokens; 80 % become the mask, 10 % a random token, 10 % stay.

    ids: (batch, length). Returns the corrupted ids and a boolean mask of the chosen positions, both of that shape.
    Every row that has an ordinary token gets at least one chosen.
    """
    ordinary = ~torch.isin(ids, torch.tensor(rule.special_ids))
    draw = torch.rand(ids.shape, generator=generator)
    chosen = ordinary & (draw < (rule.share if rule.rates is None else rule.rates[ids]))
    lowest = torch.where(ordinary, draw, 2.0).argmin(dim=1, keepdim=True)
    chosen |= ordinary & torch.zeros_like(ordinary).scatter(1, lowest, True)
    fate = torch.rand(ids.shape, generator=generator)
    random_ids = torch.randint(rule.vocabulary, ids.shape, generator=generator)
    corrupted = torch.where(chosen & (fate < 0.8), rule.mask_id, ids)
    corrupted = torch.where(chosen & (fate >= 0.9), random_ids, corrupted)
    return corrupted, chosen


def rates_by_frequency(ids: np.ndarray, vocabulary: int, share: float, threshold: float = 1e-3) -> torch.Tensor:
    """Mask frequent tokens less, so that more of the masks ask for content words: (vocabulary,) probabilities.

    A token of frequency f gets min(1, sqrt(threshold / f)), as Mikolov et al. 2013 keep words, scaled so that `share`
    of all tokens is masked on average (no token more than half the time).
    """
    counts = np.bincount(ids, minlength=vocabulary).astype(np.float64)
    frequency = counts / counts.sum()
    weights = np.minimum(1.0, np.sqrt(threshold / np.maximum(frequency, 1e-12)))
    rates = np.minimum(0.5, weights * share / (weights * frequency).sum())
    return torch.from_numpy(rates.astype(np.float32))
