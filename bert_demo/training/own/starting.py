"""The classifier that training begins with: the encoder of a model, and a head with fresh weights of a known seed."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification

from bert_demo.core.errors import ModelKindError
from bert_demo.models.loading.load import Read
from bert_demo.registry.families import FAMILIES

PROBLEMS = {"single": "single_label_classification", "several": "multi_label_classification", "number": "regression"}
"""What transformers calls each kind."""
_OTHERS = ("sentence_transformers", "sbert_ce_default_activation_function", "finetuning_task", "task_specific_params")
"""What a configuration says of the head that the start had."""


def classifier_of(read: Read, labels: Sequence[str], kind: str, seed: int, layers: int = 0, more: int = 0) -> Any:
    """A model of transformers for sequences, in float32 and in eval.

    layers: of the start that are kept, 0 for all; more: layers behind them with fresh weights. The head's weights
    depend on the seed alone. Raises ModelKindError.
    """
    config = _config(read.config, labels or ("number",), kind, layers, more)
    torch.manual_seed(seed)
    model = _made(config).float().eval()
    lacking = model.base_model.load_state_dict(read.model.base_model.state_dict(), strict=False).missing_keys
    fresh = tuple(
        f"{FAMILIES[config.model_type].layers}.{config.num_hidden_layers - 1 - each}." for each in range(more)
    )
    if lost := [name for name in lacking if "pooler" not in name and not name.startswith(fresh or ("\n",))]:
        raise ModelKindError(f"The encoder of this model does not fit a classifier ({lost[0][:80]}). Choose another.")
    return model


def _made(config: Any) -> Any:
    try:
        return AutoModelForSequenceClassification.from_config(config, attn_implementation="sdpa")
    except (ValueError, ImportError):  # a family that has no such attention
        return AutoModelForSequenceClassification.from_config(config, attn_implementation="eager")


def _config(start: Any, labels: Sequence[str], kind: str, layers: int, more: int) -> Any:
    config = copy.deepcopy(start)
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: number for number, label in enumerate(labels)}
    config.problem_type = PROBLEMS[kind]
    config.name_or_path = ""  # a place on this computer
    for name in _OTHERS:
        if hasattr(config, name):
            setattr(config, name, None)
    count = (layers or config.num_hidden_layers) + more
    if kinds := getattr(config, "layer_types", None):
        config.layer_types = list(kinds)[:count]
    config.num_hidden_layers = count
    return config


def head_modules(model: Any) -> tuple[str, ...]:
    """The names of what stands behind the encoder and has weights: the head, and the pooler wherever it is."""
    own = [
        name
        for name, child in model.named_children()
        if name != model.base_model_prefix and any(True for _ in child.parameters())
    ]
    pooler = getattr(model.base_model, "pooler", None)
    has = pooler is not None and any(True for _ in pooler.parameters())
    return (*own, *([f"{model.base_model_prefix}.pooler"] if has else []))
