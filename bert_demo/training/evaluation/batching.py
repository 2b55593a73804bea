"""Rows of token ids as one batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def padded(rows: Sequence[Sequence[int]], pad: int) -> dict[str, torch.Tensor]:
    """input_ids and attention_mask of rows of different length, (rows, longest)."""
    width = max(map(len, rows))
    ids = torch.full((len(rows), width), pad)
    attention = torch.zeros_like(ids)
    for line, row in enumerate(rows):
        ids[line, : len(row)] = torch.tensor(row)
        attention[line, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": attention}
