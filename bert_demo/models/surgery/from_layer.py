"""A model that begins with one of its later layers, or has some of them alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions

from bert_demo.models.surgery.shared_copy import family_of, layers_apart, layers_of


def from_layer(module: Any, layer: int) -> Any:
    """A copy of `module` whose encoder begins with `layer` (from 0); at their number only the head is left.

    What comes before it, the embeddings but for their module, goes too. Raises MissingHeadError where layers are not
    kept in a list.
    """
    variant = layers_apart(module)
    drop_first_layers(variant, layer)
    return variant


def only_layers(module: Any, kept: Sequence[int]) -> Any:
    """A copy of `module` with these of its layers alone, in their order. Raises MissingHeadError."""
    variant = layers_apart(module)
    keep_layers(variant, kept)
    return variant


def drop_first_layers(variant: Any, count: int) -> None:
    """Take the first layers off a copy, each of which is a module of its own. Raises MissingHeadError."""
    keep_layers(variant, range(count, len(layers_of(variant))))


def keep_layers(variant: Any, kept: Sequence[int]) -> None:
    """Take all other layers off a copy, and without the first what widens the embeddings or works beside it; without
    any the normalisation behind the last, which the last of the hidden states has behind it. Raises MissingHeadError.
    """
    family, base, config = family_of(variant), variant.base_model, variant.config
    layers = layers_of(variant)
    base.set_submodule(family.layers, nn.ModuleList(layers[number] for number in kept))
    config.num_hidden_layers = len(kept)
    if family.shared_layers:
        config.num_hidden_groups = len(kept)
    gone = () if 0 in kept else (family.widening,)
    for path in gone if kept else (*gone, family.final_norm):
        if path and _has(base, path):
            base.set_submodule(path, nn.Identity())
    if 0 not in kept and family.beside:
        parent, _, name = family.beside.rpartition(".")
        setattr(base.get_submodule(parent), name, None)
    if not kept and family.stack:
        base.set_submodule(family.stack, _Passing(layers))


class _Passing(nn.Module):
    """Stands for what runs the layers, where there are none: (batch, n, d) as it is. layers: for those who look."""

    def __init__(self, layers: nn.ModuleList) -> None:
        super().__init__()
        self.layer = layers

    def forward(self, states: torch.Tensor, *_: Any, **__: Any) -> BaseModelOutputWithPastAndCrossAttentions:
        return BaseModelOutputWithPastAndCrossAttentions(last_hidden_state=states, hidden_states=(states,))


def _has(module: Any, path: str) -> bool:
    try:
        module.get_submodule(path)
    except AttributeError:
        return False
    return True
