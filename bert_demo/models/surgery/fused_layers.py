"""A model whose layers are one operation each.

transformers computes a layer in some thirty operations, and behind each of them a thread must get Python's lock again:
while a server talks to many visitors, that waiting takes longer than the arithmetic. torch has a layer of BERT's shape
as one operation, which is what `torch.nn.TransformerEncoderLayer` runs when nothing is trained.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions

from bert_demo.models.surgery.shared_copy import plain_layers, shared_copy

_log = logging.getLogger(__name__)
TOLERANCE = 1e-5
"""By how much a state may differ from what the layers of transformers give, as a share of the largest number in it."""
TRIED, TRIED_SHORT = 6, 3
"""Tokens of the two texts on which both are compared: one of them is padded."""
PLAIN = ("eager", "sdpa")
"""Kinds of attention that compute nothing but attention."""


class _Stack(nn.Module):
    """Stands for an encoder whose layers are of BERT's shape: (batch, n, d) -> (batch, n, d)."""

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, states: torch.Tensor, attention_mask: torch.Tensor | None = None, *_: Any, **__: Any) -> Any:
        """attention_mask: (batch, 1, 1, n), true where there is a token."""
        padding = None
        if attention_mask is not None:
            padding = torch.zeros_like(attention_mask[:, 0, 0], dtype=states.dtype)
            padding.masked_fill_(~attention_mask[:, 0, 0], -torch.inf)
        for layer in self.layers:
            states = layer(states, src_key_padding_mask=padding)
        return BaseModelOutputWithPastAndCrossAttentions(last_hidden_state=states)


@torch.inference_mode(False)
@torch.no_grad()
def fused(model: Any) -> Any:
    """A copy of `model` with such layers, which shares its weights. None where the layers are of another shape, or do
    not give the same numbers."""
    variant = shared_copy(model)
    layers, config = plain_layers(variant), variant.config
    if not layers or config._attn_implementation not in PLAIN:
        return None
    if config.num_attention_heads % 2 or config.hidden_act != "gelu":  # torch has no such operation for them
        return None
    try:
        variant.base_model.encoder = _Stack(_whole(layer, config) for layer in layers)
        variant.base_model.register_forward_pre_hook(_with_wide_mask, with_kwargs=True)
        if _same(model, variant):
            return variant
        reason = "gives other numbers"
    except Exception as error:  # whatever it is, the layers of transformers can do without
        reason = f"meets {type(error).__name__}"
    _log.warning("a %s in fused layers %s; it is computed step by step", config.model_type, reason)
    return None


def _with_wide_mask(_: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Give a mask (batch, n) of tokens the shape in which transformers passes it on as it is."""
    mask = named.get("attention_mask")
    return inputs, named if mask is None else {**named, "attention_mask": mask[:, None, None].bool()}


def _whole(layer: Any, config: Any) -> nn.TransformerEncoderLayer:
    """A layer of transformers as torch has it."""
    heads, mixed, out = layer.attention.self, layer.attention.output, layer.output
    with torch.device("meta"):
        whole = nn.TransformerEncoderLayer(
            config.hidden_size,
            config.num_attention_heads,
            config.intermediate_size,
            dropout=0.0,
            activation="gelu",
            layer_norm_eps=config.layer_norm_eps,
            batch_first=True,
        )
    for name in ("weight", "bias"):
        parts = [getattr(each, name) for each in (heads.query, heads.key, heads.value)]
        joined = torch.cat(parts)
        for part, piece in zip(parts, joined.chunk(3), strict=True):
            part.data = piece  # the same numbers, held once
        setattr(whole.self_attn, f"in_proj_{name}", nn.Parameter(joined, requires_grad=False))
    whole.self_attn.out_proj, whole.norm1 = mixed.dense, mixed.LayerNorm
    whole.linear1, whole.linear2, whole.norm2 = layer.intermediate.dense, out.dense, out.LayerNorm
    return whole.eval()


def _same(model: Any, variant: Any) -> bool:
    """Whether both give the same states for two texts, one of them padded."""
    device = next(model.parameters()).device
    ids = torch.arange(2 * TRIED, device=device).view(2, TRIED) % model.config.vocab_size
    there = torch.ones_like(ids)
    there[1, TRIED_SHORT:] = 0
    with torch.inference_mode():
        known, found = (
            each.base_model(input_ids=ids, attention_mask=there).last_hidden_state for each in (model, variant)
        )
    kept = there.bool()
    return bool((known - found)[kept].abs().max() <= TOLERANCE * known[kept].abs().max())
