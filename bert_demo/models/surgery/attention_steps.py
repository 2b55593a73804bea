"""What one head computes: its queries, keys, values, weights and output.

transformers 5.23 lets an attention function be registered by name (`AttentionInterface`, read in
`integrations/sdpa_attention.py` and `modeling_utils.py`). Ours does what "eager" does and keeps what went through it.
It is only ever named in the configuration of a copy, so that the model of other visitors never meets it. The function
for masks is registered beside it: without one transformers passes no mask on.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface, eager_mask

from bert_demo.core.errors import MissingHeadError
from bert_demo.models.base import Encoding, Model, Trace
from bert_demo.models.device import numbers
from bert_demo.models.surgery.shared_copy import family_of, layers_apart, layers_of

TRACED = "bert_demo_traced"


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
    """softmax(q k^T * scaling + mask) v, each (rows, heads, n, d); as transformers' eager attention."""
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    if query.shape[1] > key.shape[1]:  # several heads read from one pair of keys and values
        key, value = (each.repeat_interleave(query.shape[1] // key.shape[1], dim=1) for each in (key, value))
    scores = query @ key.transpose(2, 3) * scaling
    weights = (scores if attention_mask is None else scores + attention_mask).softmax(-1)
    mixed = weights @ value
    trace: dict[str, Any] | None = getattr(module, "trace", None)
    if trace is not None:
        trace.update(q=query, k=key, v=value, weights=weights, output=mixed, scaling=scaling)
    return mixed.transpose(1, 2).contiguous(), weights


AttentionInterface.register(TRACED, attend)
AttentionMaskInterface.register(TRACED, eager_mask)


def untraced(module: Any) -> str:
    """Why the attention of a family without the interface cannot be traced."""
    return (
        f"The attention of {family_of(module).prefix} is computed in a way of its own: its steps cannot be shown. "
        'Choose a BERT, such as "base".'
    )


def with_traces(module: Any) -> tuple[Any, list[dict[str, Any]]]:
    """A copy of `module`, and for each layer where its next call leaves (q, k, v, weights, output, scaling).

    Raises MissingHeadError for a family that does not let its attention be traced.
    """
    variant = layers_apart(module)
    family = family_of(variant)
    if not family.attention_interface:
        raise MissingHeadError(untraced(variant))
    variant.config._attn_implementation = TRACED
    traces: list[dict[str, Any]] = []
    for layer in layers_of(variant):
        traces.append({})
        attention: Any = layer.get_submodule(family.attention)
        attention.trace = traces[-1]
    return variant, traces


@torch.inference_mode()
def trace_head(model: Model, encoding: Encoding, window: int, layer: int, head: int) -> Trace:
    """What one head (from 0) computes on one window. Raises MissingHeadError."""
    model.capabilities.require("steps")
    variant, traces = with_traces(model.encoder.module)
    variant.base_model(**model.encoder.inputs(encoding, window))
    seen = traces[layer]
    kinds = ("q", "k", "v", "weights", "output")
    q, k, v, weights, output = (numbers(seen[name][0, head]).copy() for name in kinds)
    return Trace(q, k, v, weights, output, float(seen["scaling"]))
