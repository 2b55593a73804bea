"""A linear map with some of its inputs or outputs alone."""

from __future__ import annotations

import torch
from torch import nn


def part_of(whole: nn.Linear, rows: torch.Tensor, axis: int) -> nn.Linear:
    """The map with these outputs (axis 0) or inputs (axis 1) alone."""
    weight = whole.weight.data.index_select(axis, rows)
    part = nn.Linear(weight.shape[1], weight.shape[0], bias=whole.bias is not None)
    part.weight = nn.Parameter(weight, requires_grad=False)
    if whole.bias is not None:
        part.bias = nn.Parameter(whole.bias.data[rows] if axis == 0 else whole.bias.data, requires_grad=False)
    return part
