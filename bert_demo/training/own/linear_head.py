"""A linear classifier on frozen features, written into a plain model of transformers, so that every lens answers on it.

What a family has between its encoder and its labels (a dense map and a function such as tanh) is set so that it lets
the linear classifier through: the dense map has the classifier and its negative, f(z) - f(-z) is z for GELU, ReLU and
SiLU, and 2z for tanh of small z. The mean over all tokens is made by one layer more, whose heads look at every token
alike. Whether it is so is measured: the answers must be those of the classifier.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from bert_demo.core.errors import ModelKindError
from bert_demo.registry.families import FAMILIES
from bert_demo.training.own.starting import head_modules

SMALL = 1e-4
"""The largest number that goes through the function of a head, where it is a straight line."""
LARGE = 2.0**20
"""How much more the mean weighs than the state of the token itself in the layer that makes it."""
TOLERANCE = 1e-3
"""Largest difference of a logit from that of the linear classifier, over the largest logit or 1."""


def norm_epsilon(model: Any) -> float:
    """What the normalisation behind a layer adds to the variance."""
    return float(_layers(model)[-1].output.LayerNorm.eps)


def _layers(model: Any) -> Any:
    return model.base_model.get_submodule(FAMILIES[model.config.model_type].layers)


@torch.no_grad()
def make_mean_layer(model: Any) -> None:
    """Let the last layer, of BERT's shape, give at each place the normalised mean over all tokens."""
    layer = _layers(model)[-1]
    attention, output = layer.attention, layer.attention.output
    for part in layer.modules():
        if isinstance(part, nn.Linear):
            part.weight.zero_()
            part.bias.zero_()
        elif isinstance(part, nn.LayerNorm):
            part.weight.fill_(1.0)
            part.bias.zero_()
    attention.self.value.weight.fill_diagonal_(1.0)
    output.dense.weight.fill_diagonal_(LARGE)


def normalised_mean(states: np.ndarray, epsilon: float) -> np.ndarray:
    """(rows, d) of the means (rows, d): what that layer makes of them."""
    centred = states - states.mean(-1, keepdims=True)
    return np.asarray(centred / np.sqrt((centred**2).mean(-1, keepdims=True)) / np.sqrt(1 + epsilon))


@torch.no_grad()
def write_linear(model: Any, weights: np.ndarray, bias: np.ndarray, largest: float) -> None:
    """Let the head answer with features @ weights.T + bias.

    weights: (labels, d); bias: (labels,); largest: of the logits without the bias. Raises ModelKindError where the head
    is of another shape.
    """
    dense, last = _linears(model, len(bias))
    matrix = torch.from_numpy(np.ascontiguousarray(weights, np.float32))
    last.weight.zero_()
    last.bias.copy_(torch.from_numpy(np.ascontiguousarray(bias, np.float32)))
    if dense is None:
        last.weight.copy_(matrix)
        return
    count, small = len(bias), SMALL / max(largest, 1e-6)
    if 2 * count > dense.out_features:
        raise ModelKindError(f"The head of this model has no room for {count} labels. Choose the way head or LoRA.")
    dense.weight.zero_()
    if dense.bias is not None:
        dense.bias.zero_()
    dense.weight[:count], dense.weight[count : 2 * count] = matrix * small, -matrix * small
    for label in range(count):
        last.weight[label, label], last.weight[label, count + label] = 1 / small, -1 / small


def _linears(model: Any, labels: int) -> tuple[nn.Linear | None, nn.Linear]:
    """The dense map, if the head has one, and the one that gives the labels."""
    parts = [part for name in head_modules(model) for part in model.get_submodule(name).modules()]
    linears = [part for part in parts if isinstance(part, nn.Linear)]
    last = [part for part in linears if part.out_features == labels]
    dense = [part for part in linears if part is not last[-1]] if last else []
    if not last or len(dense) > 1 or last[-1].bias is None:
        raise ModelKindError("The head of this model is not one that a linear classifier fits. Choose the way head.")
    return (dense[0] if dense else None), last[-1]


@torch.no_grad()
def settle(model: Any, found: np.ndarray, expected: np.ndarray, bias: np.ndarray) -> None:
    """Halve the last map where the function between both is as steep as tanh, which a few rows' logits show."""
    if np.abs(found - bias - 2 * (expected - bias)).max() < np.abs(found - expected).max():
        _linears(model, len(bias))[1].weight.mul_(0.5)


def check_answers(found: np.ndarray, expected: np.ndarray) -> None:
    """Raise ModelKindError where the model's logits are not those of the linear classifier."""
    if np.abs(found - expected).max() > TOLERANCE * max(1.0, float(np.abs(expected).max())):
        raise ModelKindError(
            "The head of this kind of model cannot carry a linear classifier as it is. Choose the way head, or LoRA."
        )
