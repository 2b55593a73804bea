"""Neurons cut out of the feed-forward layers, the least important of each layer.

The importance is that of Michel et al. 2019 with neurons in the place of heads: mean |d loss / d gate| over the texts,
the gate standing before the map back to the layer's width, the same for all tokens of a text.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from bert_demo.core.errors import ChoiceError, ModelKindError
from bert_demo.models.base import Model
from bert_demo.models.device import numbers
from bert_demo.models.surgery.shared_copy import plain_layers, shared_copy
from bert_demo.tasks.labelled_rows import Labelled, OnProgress
from bert_demo.training.smaller.draft import Draft
from bert_demo.training.smaller.linear import part_of


def check_neurons(draft: Draft, choice: str) -> int:
    """How many neurons of each layer stay. Raises ChoiceError, ModelKindError."""
    if plain_layers(draft.module) is None:
        raise ModelKindError(
            "Neurons are cut out where layers are of BERT's shape, which those of this kind of model are not. Drop "
            "whole layers with --way layers=N."
        )
    count = int(draft.module.config.intermediate_size)
    if not (choice.isascii() and choice.isdigit() and 1 <= int(choice) < count):
        raise ChoiceError(
            f"neurons={choice[:40]} does not fit: each layer of this model has {count}. Write how many stay, from 1 to "
            f"{count - 1}."
        )
    return int(choice)


def importance_of_neurons(model: Model, labelled: Labelled, watch: OnProgress) -> np.ndarray:
    """(layers, neurons), mean |d loss / d gate|. The loss is the cross-entropy; where each label is judged by itself,
    the sum of the labels' binary ones."""
    variant = shared_copy(model.encoder.module)
    layers: Any = plain_layers(variant)
    width, found, done = int(variant.config.intermediate_size), np.zeros(()), 0
    for layer in layers:
        layer.output.dense = _Gated(layer.output.dense)
    for places, inputs in model.encoder.batches(labelled.encodings, gradients=True):
        gates = torch.ones(len(layers), len(places), 1, width, requires_grad=True)
        for layer, gate in zip(layers, gates, strict=True):
            layer.output.dense.gate = gate
        logits = variant(**inputs).logits
        right = torch.as_tensor(labelled.truth[places], dtype=logits.dtype)
        loss_of: Any = functional.binary_cross_entropy_with_logits
        if model.activation == "softmax":
            loss_of = functional.cross_entropy
        (gradient,) = torch.autograd.grad(loss_of(logits, right, reduction="sum"), gates)
        found = found + numbers(gradient.abs().sum((1, 2)))
        done += len(places)
        watch(done, len(labelled.encodings))
    return np.asarray(found / len(labelled.encodings))


def cut_neurons(draft: Draft, keep: int, importance: np.ndarray) -> str:
    """Keep so many neurons of each layer, those of the greatest importance (layers, neurons); a sentence about it."""
    layers: Any = plain_layers(draft.module)
    for layer, values in zip(layers, importance, strict=True):
        rows = torch.as_tensor(np.sort(np.argsort(-values, kind="stable")[:keep]))
        layer.intermediate.dense = part_of(layer.intermediate.dense, rows, 0)
        layer.output.dense = part_of(layer.output.dense, rows, 1)
    draft.module.config.intermediate_size = keep
    return f"{keep:,} of {importance.shape[1]:,} neurons of each layer are kept"


class _Gated(nn.Module):
    """A linear map, and what each of its inputs is multiplied by before it."""

    def __init__(self, whole: nn.Module) -> None:
        super().__init__()
        self.whole, self.gate = whole, torch.ones(())

    def forward(self, state: torch.Tensor) -> torch.Tensor:
        """(rows, n, neurons) -> (rows, n, width)."""
        found: torch.Tensor = self.whole(state * self.gate)
        return found
