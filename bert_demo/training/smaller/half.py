"""Weights in two bytes each: less on disk; what is computed in float32 takes as long as before."""

from __future__ import annotations

import torch

from bert_demo.core.errors import ChoiceError, ModelKindError
from bert_demo.training.smaller.draft import Draft

TYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16}


def store_in_half(draft: Draft, choice: str) -> str:
    """Round every weight to float16 or bfloat16; a sentence about it. Raises ChoiceError, ModelKindError.

    transformers 5 computes in the type of the file unless it is told otherwise, 4.57 in float32.
    """
    if choice not in TYPES:
        raise ChoiceError(f"half={choice[:40]} is no type. Write half=float16 or half=bfloat16.")
    kind = TYPES[choice]
    for each in draft.module.parameters():
        if float(each.data.abs().max()) > torch.finfo(kind).max:
            raise ModelKindError(f"A weight of this model is too large for {choice}. Write half=bfloat16.")
        each.data = each.data.to(kind).float()
    draft.stored = kind
    return f"weights are stored in {choice}; here they are computed with in float32"
