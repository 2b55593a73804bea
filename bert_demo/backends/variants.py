"""Variants of a model that share its weights and never touch it.

A variant is a copy of the module tree that holds the same parameters and buffers: it costs a millisecond and no memory
to speak of, and whatever is replaced on it leaves the shared model as it was.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn


@torch.no_grad()
def install_hooks(model: Any) -> None:
    """Let transformers put its hooks on the model now.

    It does so at the first call that asks for attention weights, and what changes while another thread copies it cannot
    be copied.
    """
    token = torch.tensor([[int(model.config.pad_token_id or 0)]])
    model.base_model(input_ids=token, output_attentions=True, output_hidden_states=True)


def shared_copy(model: nn.Module) -> Any:
    """Copy the modules of `model` and their configuration, not their weights.

    A module's dictionaries (children, parameters, buffers, hooks) are its own; every other attribute is shared.
    """
    return _copied(model, {}, {})


def _copied(module: nn.Module, modules: dict[int, nn.Module], configurations: dict[int, Any]) -> nn.Module:
    """modules, configurations: the copies that were made, by id. (As a function within another, which calls itself,
    this would be in a reference cycle with all copies.)"""
    if id(module) not in modules:
        twin = modules[id(module)] = object.__new__(type(module))
        held = {name: type(value)(value) if isinstance(value, dict) else value for name, value in vars(module).items()}
        vars(twin).update(held)
        twin._modules = {
            name: child and _copied(child, modules, configurations) for name, child in module._modules.items()
        }
        config = held.get("config")
        if config is not None:
            if id(config) not in configurations:
                configurations[id(config)] = copy.copy(config)
            twin.config = configurations[id(config)]
    return modules[id(module)]


class _Gather(nn.Module):
    """An encoder whose last hidden state keeps only some positions: (batch, length, d) -> (chosen, 1, d)."""

    def __init__(self, encoder: nn.Module, rows: torch.Tensor | slice, columns: torch.Tensor | int) -> None:
        super().__init__()
        self.encoder = encoder
        self.rows, self.columns = rows, columns

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        output = self.encoder(*args, **kwargs)
        output.last_hidden_state = output.last_hidden_state[self.rows, self.columns].unsqueeze(1)
        return output


def head_at(model: nn.Module, rows: torch.Tensor | slice, columns: torch.Tensor | int) -> Any:
    """A masked-language model that applies its head at the given positions only.

    rows, columns: (chosen,), or a slice of the rows and the one position that is wanted of each. Its logits are
    (chosen, 1, vocabulary) instead of (batch, length, vocabulary), which saves the vocabulary projection, the dearest
    layer of a small model, everywhere else.
    """
    return with_encoder(model, _Gather(getattr(model, str(model.base_model_prefix)), rows, columns))


def with_encoder(model: nn.Module, encoder: nn.Module) -> Any:
    """The head or heads of a model on another encoder."""
    variant = copy.copy(model)
    variant._modules = dict(model._modules)
    setattr(variant, str(model.base_model_prefix), encoder)
    return variant


def masked_logits(output: Any) -> torch.Tensor:
    """The masked-language-model logits of a model with that head alone or with both."""
    logits: torch.Tensor = output.prediction_logits if "prediction_logits" in output else output.logits
    return logits


def following_logits(output: Any) -> torch.Tensor:
    """The next-sentence logits of a model with that head alone or with both."""
    logits: torch.Tensor = output.seq_relationship_logits if "seq_relationship_logits" in output else output.logits
    return logits


class _Given(nn.Module):
    """Stands for an embedding module and answers with the tensor that was put in."""

    def __init__(self) -> None:
        super().__init__()
        self.value: torch.Tensor | None = None

    def forward(self, *_: Any, **__: Any) -> torch.Tensor | None:
        return self.value


_PLAIN_LAYERS = ("BertLayer", "RobertaLayer", "XLMRobertaLayer", "CamembertLayer", "ElectraLayer")
"""Layers of the shape of BERT's; the classifiers of these families read the first position alone."""


def gated_output(module: nn.Module, mixed: torch.Tensor) -> torch.Tensor:
    """(rows, heads, n, d) of what the heads of an attention module add, each times its gate, if there is one."""
    gate = getattr(module, "head_gate", None)
    return mixed if gate is None or gate.value is None else mixed * gate.value[:, :, None, None]


class _ByHand(nn.Module):
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
        mixed = gated_output(heads, mixed)
        state: torch.Tensor = output(mixed.transpose(1, 2).flatten(2), here)
        return state


class _Joined(nn.Module):
    """A layer that passes its rows on and lets more of them in: those that its gate makes of one state (1, n, d)."""

    def __init__(self, layer: Any, state: torch.Tensor, gates: torch.Tensor) -> None:
        super().__init__()
        self.by_hand = layer if isinstance(layer, _ByHand) else _ByHand(layer, slice(None))
        self.state, self.gates = state, gates

    def forward(self, states: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        layer = self.by_hand.layer
        gate = layer.attention.self.head_gate
        gate.value = None
        passed = self.by_hand.attended(states)
        gate.value = self.gates
        state: torch.Tensor = layer.feed_forward_chunk(torch.cat((passed, self.by_hand.attended(self.state))))
        return state


def _narrow(variant: Any, place: int) -> bool:
    """Let the last layer compute one position only, where its kind is known. Returns whether it does."""
    layers = plain_layers(variant)
    if not layers:
        return False
    layers[-1] = _ByHand(layers[-1], slice(place, place + 1))
    return True


def widen_first_layer(variant: Any) -> bool:
    """Let the first layer of a copy take one row for all rows of its gate. Returns whether it does."""
    layers = plain_layers(variant)
    if not layers:
        return False
    if not isinstance(layers[0], _ByHand):
        layers[0] = _ByHand(layers[0], slice(None))
    return True


def join_layers(variant: Any, states: Sequence[torch.Tensor], gates: torch.Tensor) -> None:
    """Let rows come in at the layers behind the first, at each those that `gates` make of the state before it.

    variant: a copy whose first layer `widen_first_layer` has widened.
    """
    layers = plain_layers(variant)
    for place, state in enumerate(states, start=1):
        layers[place] = _Joined(layers[place], state, gates)


def plain_layers(variant: Any) -> Any:
    """The layers of a copy where all are known to be of the shape of BERT's, else None."""
    layers: Any = getattr(getattr(variant.base_model, "encoder", None), "layer", None)
    if not isinstance(layers, nn.ModuleList):
        return None
    plain = [layer.layer if isinstance(layer, _ByHand) else layer for layer in layers]
    if any(type(layer).__name__ not in _PLAIN_LAYERS or layer.add_cross_attention for layer in plain):
        return None
    return None if getattr(variant.config, "is_decoder", False) else layers


def with_embeddings(
    model: nn.Module, ids: torch.Tensor, mask_at: int | None = None, **inputs: torch.Tensor
) -> Callable[[torch.Tensor], torch.Tensor]:
    """A function (batch, n, d) -> (batch, labels) that runs `model` from its embedding module's output on.

    ids: (1, n), which give the model its shapes; inputs: further (1, n) inputs, such as token types; mask_at: of a
    masked-language model the position whose logits over the vocabulary are wanted.
    """
    return on_embeddings(shared_copy(model), ids, mask_at, **inputs)


def on_embeddings(
    variant: Any, ids: torch.Tensor, mask_at: int | None = None, **inputs: torch.Tensor
) -> Callable[[torch.Tensor], torch.Tensor]:
    """The same of a copy that is nobody else's, which is changed for it."""
    if variant.config._attn_implementation == "eager":
        variant.config._attn_implementation = "sdpa"  # no weights are wanted
    given = _Given()
    variant.base_model.embeddings = given
    narrow = _narrow(variant, mask_at or 0)

    def logits_from(embeddings: torch.Tensor) -> torch.Tensor:
        given.value = embeddings
        rows = embeddings.shape[0]
        run = variant
        if mask_at is not None:
            run = head_at(variant, slice(None), 0 if narrow else mask_at)
        try:
            output = run(
                input_ids=ids.expand(rows, -1), **{name: value.expand(rows, -1) for name, value in inputs.items()}
            )
        finally:
            given.value = None
        if mask_at is not None:
            return masked_logits(output)[:, 0]
        logits: torch.Tensor = output.logits
        return logits

    return logits_from


def without_first_layers(model: Any, count: int) -> Any:
    """A copy of `model` whose encoder begins with layer `count` (from 0). None where layers are not kept in a list."""
    variant = shared_copy(model)
    return variant if drop_first_layers(variant, count) else None


def drop_first_layers(variant: Any, count: int) -> bool:
    """Take the first layers off a copy, and what stands before them. False where layers are not kept in a list."""
    base, config = variant.base_model, variant.config
    encoder: Any = getattr(base, "encoder", None)
    groups = getattr(encoder, "albert_layer_groups", None)
    if groups is not None and len(groups) == config.num_hidden_layers:  # set apart by gates.layers_apart
        encoder.albert_layer_groups = groups[count:]
        config.num_hidden_groups = len(groups) - count
    else:
        holders = [module for module in base.children() if isinstance(getattr(module, "layer", None), nn.ModuleList)]
        if len(holders) != 1 or len(holders[0].layer) != config.num_hidden_layers:
            return False
        holders[0].layer = holders[0].layer[count:]
    config.num_hidden_layers -= count
    for module, name in ((base, "embeddings_project"), (encoder, "embedding_hidden_mapping_in")):
        if count and hasattr(module, name):  # ELECTRA's and ALBERT's, which widen the embeddings
            setattr(module, name, nn.Identity())
    return True


def hidden_states(
    model: nn.Module, ids: torch.Tensor, inputs: dict[str, torch.Tensor], embeddings: torch.Tensor
) -> tuple[torch.Tensor, ...]:
    """The states before each layer and behind the last, each (batch, n, d), from the embedding module's output on."""
    variant = shared_copy(model)
    given = _Given()
    given.value = embeddings
    variant.base_model.embeddings = given
    rows = embeddings.shape[0]
    widened = {name: value.expand(rows, -1) for name, value in inputs.items()}
    states: tuple[torch.Tensor, ...] = variant.base_model(
        input_ids=ids.expand(rows, -1), **widened, output_hidden_states=True
    ).hidden_states
    return states
