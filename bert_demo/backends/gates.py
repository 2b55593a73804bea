"""Attention with a gate on every head: what a head computes, and the model without it.

transformers 5 has no head mask, but it lets an attention function be registered by name. Ours does what "eager" does,
lets a gate scale what each head adds, and shows what went through it. It is only ever named in the configuration of a
copy that shares the weights (`variants.shared_copy`), so that the model of other visitors never meets it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface, eager_mask

from bert_demo.backends.variants import gated_output, plain_layers, shared_copy
from bert_demo.errors import ModelError

GATED = "bert_demo_gated"
_called: ContextVar[list[nn.Module] | None] = ContextVar("attention modules in the order of their calls", default=None)


@dataclass
class Gate:
    """What every head's output is multiplied by: (1, heads) for all rows of a batch or (rows, heads); None for 1.

    trace: where the next call leaves (q, k, v, weights, output, scaling), before the gate.
    """

    value: torch.Tensor | None = None
    trace: dict[str, Any] | None = None


def attend(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **_: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """softmax(q k^T * scaling + mask) v, each (rows, heads, n, d), then the gate; as transformers' eager attention."""
    calls = _called.get()
    if calls is not None:
        calls.append(module)
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    scores = query @ key.transpose(2, 3) * scaling
    weights = (scores if attention_mask is None else scores + attention_mask).softmax(-1)
    mixed = weights @ value
    gate: Gate | None = getattr(module, "head_gate", None)
    if gate is not None and gate.trace is not None:
        gate.trace.update(q=query, k=key, v=value, weights=weights, output=mixed, scaling=scaling)
    return gated_output(module, mixed).transpose(1, 2).contiguous(), weights


AttentionInterface.register(GATED, attend)
AttentionMaskInterface.register(GATED, eager_mask)


def with_gates(model: Any, layers: int) -> tuple[Any, list[Gate]]:
    """A copy of `model` with a gate, still open, for each layer from 0. Raises ModelError for an unknown kind."""
    variant = layers_apart(model)
    variant.config._attn_implementation = GATED
    calls = [layer.attention.self for layer in plain_layers(variant) or ()] or _heard(variant)
    if len(calls) != layers or len({id(module) for module in calls}) != layers:
        raise ModelError("The attention heads of this kind of model cannot be taken one by one. Choose another model.")
    gates = [Gate() for _ in range(layers)]
    for module, gate in zip(calls, gates, strict=True):
        module.head_gate = gate
    return variant, gates


@torch.no_grad()
def _heard(variant: Any) -> list[nn.Module]:
    """The attention modules of any other kind: one pass of one token writes down who calls."""
    calls: list[nn.Module] = []
    token = _called.set(calls)
    try:
        variant.base_model(input_ids=torch.tensor([[int(variant.config.pad_token_id or 0)]], device=variant.device))
    finally:
        _called.reset(token)
    return calls


def layers_apart(model: Any) -> Any:
    """A shared copy in which every layer is a module of its own: ALBERT's are one, called again and again."""
    variant = shared_copy(model)
    encoder: Any = getattr(variant.base_model, "encoder", None)
    groups = getattr(encoder, "albert_layer_groups", None)
    if groups is not None and variant.config.inner_group_num == 1:
        count = int(variant.config.num_hidden_layers)
        copies = [shared_copy(groups[int(number / (count / len(groups)))]) for number in range(count)]
        encoder.albert_layer_groups = nn.ModuleList(copies)
        variant.config.num_hidden_groups = count
        for module in variant.modules():
            if "config" in vars(module):
                module.config = variant.config
    return variant


def closed(heads: Sequence[tuple[int, int]], layers: int, count: int) -> torch.Tensor:
    """(layers, count) of 1, and 0 for each (layer, head) of `heads`."""
    gates = torch.ones(layers, count)
    for layer, head in heads:
        gates[layer, head] = 0.0
    return gates
