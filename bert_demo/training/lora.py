"""Low-rank adapters (Hu et al. 2021, arXiv 2106.09685) around a classifier, by peft."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from transformers import AutoModel

from bert_demo.errors import BadDataError
from bert_demo.training.loop import load_start

LORA_DROPOUT = 0.0
"""With dropout on its inputs an adapter's step takes longer than one that trains every weight."""


def with_adapters(model: Any, rank: int, origin: str = "") -> Any:
    """The model in peft's wrapping: adapters on every linear map of encoder and pooler, the head trained whole.

    origin: a model of the same shape that the encoder was continued from; the adapters then begin as the way back to
    it, as far as their rank goes, instead of as nothing. Raises BadDataError.
    """
    try:
        from peft import LoraConfig, TaskType, get_peft_model
    except ImportError as error:
        raise BadDataError("Adapters are trained with peft: pip install peft, or leave --rank out.") from error
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS, r=rank, lora_alpha=2 * rank, lora_dropout=LORA_DROPOUT, target_modules="all-linear"
    )
    with warnings.catch_warnings():
        # peft 0.21 asks a deprecated property of transformers
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        adapted = get_peft_model(model, config)
    if origin:
        begin_towards(adapted, origin)
    return adapted


@torch.no_grad()
def begin_towards(adapted: Any, origin: str) -> None:
    """Set each adapter of the encoder to the nearest map of its rank to (origin's weight - its own), by SVD.

    Of all maps of that rank this one leaves the smallest squared error (Eckart and Young 1936). The pooler keeps its
    own weights. Raises ModelLoadError, and BadDataError when a weight is missing there or has another shape.
    """
    theirs = load_start(AutoModel, origin)[0].state_dict()
    prefix = f"base_model.model.{adapted.get_base_model().base_model_prefix}."
    for name, module in adapted.named_modules():
        if not hasattr(module, "lora_A") or not name.startswith(prefix) or "pooler" in name:
            continue
        key = f"{name.removeprefix(prefix)}.weight"
        mine = module.get_base_layer().weight
        if key not in theirs or theirs[key].shape != mine.shape:
            raise BadDataError(f"{origin} is not of the shape of the start: there is no matching weight {key}.")
        down, up = module.lora_A["default"].weight, module.lora_B["default"].weight
        left, sizes, right = torch.linalg.svd(theirs[key] - mine, full_matrices=False)
        roots = (sizes[: len(down)] / module.scaling["default"]).sqrt()
        up.copy_(left[:, : len(down)] * roots)
        down.copy_(roots[:, None] * right[: len(down)])
