"""Frozen features: what an encoder makes of each text, and scikit-learn's linear classifier on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from bert_demo.models.loading.load import Read
from bert_demo.registry.families import FAMILIES
from bert_demo.results.training import Recipe
from bert_demo.training.own import linear_head
from bert_demo.training.own.reading import Reader, Row, by_length
from bert_demo.training.own.starting import classifier_of

STRENGTHS = (0.001, 0.01, 0.1, 1.0)
"""Of the inverse regularisation (C) of a logistic regression; held-out rows choose."""
PENALTIES = (1000.0, 100.0, 10.0, 1.0)
"""Of the regularisation (alpha) of a ridge regression on numbers."""


NEVER = -20.0
"""The logit of a label that no row has which is learnt from."""


@dataclass(frozen=True, slots=True)
class Linear:
    """logits = features @ weights.T + bias, with weights (outputs, d). tried: the strength it was fitted with."""

    weights: np.ndarray
    bias: np.ndarray
    tried: str

    def logits(self, features: np.ndarray) -> np.ndarray:
        """(rows, outputs)."""
        return np.asarray(features @ self.weights.T + self.bias)


def encoder_for(read: Read, labels: Sequence[str], recipe: Recipe) -> Any:
    """The classifier whose head is to be written: the layers up to that of the recipe, and one that makes the mean."""
    count = int(read.config.num_hidden_layers)
    kept = count if recipe.layer < 0 else recipe.layer + 1
    mean = recipe.pooling == "mean"
    model = classifier_of(read, labels, recipe.kind, recipe.seed, kept, int(mean))
    if mean:
        linear_head.make_mean_layer(model)
    return model


@torch.inference_mode()
def features_of(
    model: Any, reader: Reader, rows: Sequence[Row], pooling: str, watch: Callable[[int], None]
) -> np.ndarray:
    """(rows, d) states of the first token, or normalised means over all tokens, behind the last layer of the start.

    `watch` is called after each batch with the rows that are read.
    """
    path, _, name = FAMILIES[model.config.model_type].layers.rpartition(".")
    stack = model.base_model.get_submodule(path)
    layers = getattr(stack, name)
    found: dict[int, np.ndarray] = {}
    try:
        if pooling == "mean":
            setattr(stack, name, layers[:-1])  # the mean is made here, which takes no pass through a layer
        for places in by_length(rows):
            inputs = reader.batch([rows[place] for place in places])
            states = model.base_model(**inputs).last_hidden_state
            pooled = _mean(states, inputs["attention_mask"]) if pooling == "mean" else states[:, 0]
            found.update(zip(places, pooled.double().numpy(), strict=True))
            watch(len(found))
    finally:
        setattr(stack, name, layers)
    features = np.stack([found[place] for place in range(len(rows))])
    return linear_head.normalised_mean(features, linear_head.norm_epsilon(model)) if pooling == "mean" else features


def _mean(states: torch.Tensor, attention: torch.Tensor) -> torch.Tensor:
    there = attention[:, :, None].to(states.dtype)
    return (states * there).sum(1) / there.sum(1)


def fit(features: np.ndarray, truth: np.ndarray, recipe: Recipe, place: int) -> Linear:
    """The classifier of strength number `place` (of STRENGTHS, or PENALTIES for numbers) on standardised features."""
    scaler = StandardScaler().fit(features)
    ready = scaler.transform(features)
    if recipe.kind == "number":
        fitted = Ridge(alpha=PENALTIES[place]).fit(ready, truth[:, 0])
        weights, bias = fitted.coef_[None], np.atleast_1d(fitted.intercept_)
        tried = f"alpha = {PENALTIES[place]:g}"
    else:
        tried = f"C = {STRENGTHS[place]:g}"
        if recipe.kind == "several":
            parts = [_logistic(ready, own, STRENGTHS[place], recipe) for own in truth.T]
            weights, bias = np.stack([part[0][1] for part in parts]), np.array([part[1][1] for part in parts])
        else:
            weights, bias = _logistic(ready, truth.argmax(1), STRENGTHS[place], recipe, truth.shape[1])
    scaled = weights / scaler.scale_
    return Linear(scaled, bias - scaled @ scaler.mean_, tried)


def _logistic(
    ready: np.ndarray, targets: np.ndarray, strength: float, recipe: Recipe, count: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """(classes, d) and (classes,) of the logits. Of two classes scikit-learn gives the logit of the second alone: here
    it is the second, too, for labels judged by themselves, and its halves are both else."""
    weights, bias = np.zeros((count, ready.shape[1])), np.full(count, NEVER)
    classes = np.unique(targets).astype(int)
    if len(classes) == 1:
        bias[classes] = -NEVER
        return weights, bias
    weighing = "balanced" if recipe.class_weights else None
    fitted = LogisticRegression(C=strength, class_weight=weighing, max_iter=5000, random_state=recipe.seed)
    fitted.fit(ready, targets)
    if len(classes) > 2:
        weights[classes], bias[classes] = fitted.coef_, fitted.intercept_
    else:
        shares = np.array([0.0, 1.0] if recipe.kind == "several" else [-0.5, 0.5])
        weights[classes], bias[classes] = np.outer(shares, fitted.coef_[0]), shares * fitted.intercept_[0]
    return weights, bias


def write(
    model: Any, linear: Linear, features: np.ndarray, logits_of_model: Callable[[], np.ndarray], rows: Sequence[int]
) -> None:
    """Let the model answer as the linear classifier does.

    logits_of_model: of some of the rows of `features`, by which it is checked. Raises ModelKindError.
    """
    expected = linear.logits(features[list(rows)])
    linear_head.write_linear(model, linear.weights, linear.bias, float(np.abs(features @ linear.weights.T).max()))
    linear_head.settle(model, logits_of_model(), expected, linear.bias)
    linear_head.check_answers(logits_of_model(), expected)
