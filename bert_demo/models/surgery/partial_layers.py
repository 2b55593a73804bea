"""Layers of BERT's shape that compute what is wanted and nothing else: one position, or one row for many gates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from bert_demo.models.surgery.shared_copy import plain_layers


class _Partial(nn.Module):
    """A layer that computes what some positions need and nothing else: (batch, n, d) -> (batch, chosen, d).

    Of a last layer one position is wanted: query, output of the attention and feed-forward part there only, five sixths
    of the layer. One row and a gate with several: up to the gate they are one, so that the attention is computed once,
    and as many rows leave the layer as the gate has.
    """

    def __init__(self, layer: Any, chosen: slice) -> None:
        super().__init__()
        self.layer, self.chosen = layer, chosen

    def forward(self, states: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        state: torch.Tensor = self.layer.feed_forward_chunk(self.attended(states))
        return state

    def attended(self, states: torch.Tensor) -> torch.Tensor:
        """What the feed-forward part is given: (batch, chosen, d)."""
        heads, output = self.layer.attention.self, self.layer.attention.output
        here = states[:, self.chosen]

        def parted(projected: torch.Tensor) -> torch.Tensor:
            heads_apart: torch.Tensor = projected.unflatten(-1, (-1, heads.attention_head_size)).transpose(1, 2)
            return heads_apart

        mixed = nn.functional.scaled_dot_product_attention(
            parted(heads.query(here)), parted(heads.key(states)), parted(heads.value(states))
        )
        state: torch.Tensor = output(mixed.transpose(1, 2).flatten(2), here)
        return state


class _Joined(nn.Module):
    """A layer that passes its rows on and lets more of them in: those that its gate makes of one state (1, n, d)."""

    def __init__(self, layer: Any, state: torch.Tensor, gates: torch.Tensor) -> None:
        super().__init__()
        self.partial = layer if isinstance(layer, _Partial) else _Partial(layer, slice(None))
        self.state, self.gates = state, gates

    def forward(self, states: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        layer = self.partial.layer
        gate = layer.attention.output.dense.gate
        gate.value = None
        passed = self.partial.attended(states)
        gate.value = self.gates
        state: torch.Tensor = layer.feed_forward_chunk(torch.cat((passed, self.partial.attended(self.state))))
        return state


def narrow_last_layer(variant: Any, position: int) -> bool:
    """Let the last layer of a copy compute one position only, where its kind is known. Returns whether it does."""
    layers = plain_layers(variant)
    if not layers:
        return False
    layers[-1] = _Partial(layers[-1], slice(position, position + 1))
    return True


def widen_first_layer(variant: Any) -> bool:
    """Let the first layer of a copy take one row for all rows of its gate. Returns whether it does."""
    layers = plain_layers(variant)
    if not layers:
        return False
    if not isinstance(layers[0], _Partial):
        layers[0] = _Partial(layers[0], slice(None))
    return True


def join_layers(variant: Any, states: Sequence[torch.Tensor], gates: torch.Tensor) -> None:
    """Let rows come in at the layers behind the first, at each those that `gates` make of the state before it.

    variant: a copy with gates whose first layer `widen_first_layer` has widened.
    """
    layers = plain_layers(variant)
    assert layers is not None
    for place, state in enumerate(states, start=1):
        layers[place] = _Joined(layers[place], state, gates)
