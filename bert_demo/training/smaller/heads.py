"""Attention heads cut out of the weights, the least important of each layer.

Only families whose configuration has a width of a head of its own (head_dim) can be saved so: transformers 5 has no
`pruned_heads` any more, and divides hidden_size among the heads of a BERT.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from bert_demo.core.errors import ChoiceError, ModelKindError
from bert_demo.models.surgery.shared_copy import family_of, layers_of
from bert_demo.training.smaller.draft import Draft
from bert_demo.training.smaller.linear import part_of


def check_heads(draft: Draft, choice: str) -> int:
    """How many heads of each layer stay. Raises ChoiceError, ModelKindError."""
    config = draft.module.config
    attention = layers_of(draft.module)[0].get_submodule(family_of(draft.module).attention)
    if not all(hasattr(attention, name) for name in ("q_proj", "k_proj", "v_proj", "o_proj", "head_dim")):
        raise ModelKindError(
            "transformers divides the width of this kind of model among its heads, so that none can be cut out of its "
            "files. Cut neurons with --way neurons=N, or drop layers."
        )
    count = int(config.num_attention_heads)
    if getattr(config, "num_key_value_heads", None) not in (None, count):
        raise ModelKindError("Heads of this model share their keys, so that none can be cut out alone.")
    fit = [number for number in range(1, count) if config.hidden_size % number == 0]
    if choice not in map(str, fit):
        raise ChoiceError(
            f"heads={choice[:40]} does not fit: each layer of this model has {count} heads, of which "
            f"{', '.join(map(str, fit)) or 'none less'} can stay."
        )
    return int(choice)


def cut_heads(draft: Draft, keep: int, importance: np.ndarray) -> str:
    """Keep so many heads of each layer, those of the greatest importance (layers, heads); a sentence about it."""
    config, family = draft.module.config, family_of(draft.module)
    count = int(config.num_attention_heads)
    said: list[str] = []
    for layer, values in zip(layers_of(draft.module), importance, strict=True):
        attention: Any = layer.get_submodule(family.attention)
        width = int(attention.head_dim)
        stay = sorted(np.argsort(-values, kind="stable")[:keep].tolist())
        rows = torch.cat([torch.arange(head * width, (head + 1) * width) for head in stay])
        for name in ("q_proj", "k_proj", "v_proj"):
            setattr(attention, name, part_of(getattr(attention, name), rows, 0))
        attention.o_proj = part_of(attention.o_proj, rows, 1)
        config.head_dim = width
        said.append(f"{len(said)}: {', '.join(map(str, stay))}")
    config.num_attention_heads = keep
    if hasattr(config, "num_key_value_heads"):
        config.num_key_value_heads = keep
    return f"{keep} of {count} heads of each layer are kept (from 0; {'; '.join(said)})"
