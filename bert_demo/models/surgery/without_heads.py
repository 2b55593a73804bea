"""Heads with a gate each: a model without some of them, and what the loss would say of opening and closing them.

What the heads of a layer add goes through one linear map; the gate stands before it, so that it is the same for every
family whose row names that map, whatever computes its attention.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from bert_demo.core.errors import MissingHeadError
from bert_demo.models.base import Encoding, Model, TaskHeads
from bert_demo.models.device import numbers
from bert_demo.models.surgery.shared_copy import family_of, layers_apart, layers_of


@dataclass
class Gate:
    """What every head's output is multiplied by: (1, heads) for all rows of a batch or (rows, heads); None for 1."""

    value: torch.Tensor | None = None


class GatedProjection(nn.Module):
    """The linear map behind the heads of a layer, and the gate before it: (rows, n, heads * d) -> (rows, n, width).

    parts: of what it reads, of which the heads are the first; channels_first: it reads (rows, heads * d, n).
    """

    def __init__(self, projection: nn.Module, gate: Gate, parts: int = 1, channels_first: bool = False) -> None:
        super().__init__()
        self.projection, self.gate, self.parts, self.channels_first = projection, gate, parts, channels_first

    def forward(self, mixed: torch.Tensor) -> torch.Tensor:
        """What the heads add, each times its gate."""
        if self.gate.value is not None:
            gates = self.gate.value
            if self.parts > 1:  # what is no head has no gate
                rest = torch.ones_like(gates).repeat(1, self.parts - 1)
                gates = torch.cat((gates, rest), dim=-1)
            place = 1 if self.channels_first else 2
            apart: torch.Tensor = mixed.unflatten(place, (gates.shape[-1], -1))
            shaped = gates[:, :, None, None] if self.channels_first else gates[:, None, :, None]
            mixed = (apart * shaped).flatten(place, place + 1)
        state: torch.Tensor = self.projection(mixed)
        return state


def with_gates(module: Any) -> tuple[Any, list[Gate]]:
    """A copy of `module` with a gate, still open, for each layer from 0.

    Raises MissingHeadError where the heads of a family cannot be taken one by one.
    """
    variant = layers_apart(module)
    family, gates = family_of(variant), []
    path = family.projection
    for layer in layers_of(variant):
        gates.append(Gate())
        try:
            gated = GatedProjection(layer.get_submodule(path), gates[-1], family.head_parts, family.channels_first)
            layer.set_submodule(path, gated)
        except AttributeError:
            raise MissingHeadError(
                "The attention heads of this kind of model cannot be taken one by one. Choose another model."
            ) from None
    return variant, gates


def closed(heads: Sequence[tuple[int, int]], layers: int, count: int) -> torch.Tensor:
    """(layers, count) of 1, and 0 for each (layer, head) of `heads`."""
    gates = torch.ones(layers, count)
    for layer, head in heads:
        gates[layer, head] = 0.0
    return gates


def without_heads(model: Model, heads: Sequence[tuple[int, int]]) -> Model:
    """The same model with these (layer, head), from 0, adding nothing. It shares every weight.

    Raises MissingHeadError where the trial at load found that its heads cannot be switched off.
    """
    model.capabilities.require("heads")
    module, gates = with_gates(model.encoder.module)
    values = closed(heads, model.info.layers, model.info.heads).to(model.encoder.device)
    for gate, row in zip(gates, values, strict=True):
        gate.value = row[None]
    encoder = model.encoder.on(module)
    changed = {task: head.on(encoder) for task, head in model.heads.items()}
    return replace(
        model,
        encoder=encoder,
        heads=TaskHeads(changed, model.heads.name, model.heads.advice),
        original=model,
    )


def gate_gradients(model: Model, encodings: Sequence[Encoding], truth: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """For each batch how many texts it has, and (layers, heads), their sum of |d loss / d gate|.

    truth: (texts, labels) of 0 and 1. The loss is the cross-entropy; where each label is judged by itself, the sum
    of the labels' binary ones. The expectation of this is the importance I_h of Michel et al. 2019.
    """
    model.capabilities.require("heads")
    variant, gates = with_gates(model.encoder.module)
    loss_of: Any = functional.binary_cross_entropy_with_logits
    if model.activation == "softmax":
        loss_of = functional.cross_entropy
    shape = (model.info.layers, 1, model.info.heads)
    for places, inputs in model.encoder.batches(encodings, gradients=True):
        opened = torch.ones(shape, device=model.encoder.device).repeat(1, len(places), 1).requires_grad_()
        for gate, value in zip(gates, opened, strict=True):
            gate.value = value
        logits = variant(**inputs).logits
        right = torch.as_tensor(truth[places], dtype=logits.dtype, device=logits.device)
        (gradient,) = torch.autograd.grad(loss_of(logits, right, reduction="sum"), opened)
        yield len(places), numbers(gradient.abs().sum(1))
