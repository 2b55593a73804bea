"""Low-rank adapters (Hu et al. 2021, arXiv 2106.09685) around a classifier, by peft."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from transformers import AutoModel

from bert_demo.core.errors import BadDataError
from bert_demo.training.loop import load_start

LORA_DROPOUT = 0.0
"""With dropout on its inputs an adapter's step takes longer than one that trains every weight."""


def with_adapters(model: Any, rank: int, origin: str = "", whole: Sequence[str] = (), task: str = "SEQ_CLS") -> Any:
    """The model in peft's wrapping: adapters on every linear map of encoder and pooler, the head trained whole.

    whole: maps that are trained whole like the head, and stored with the adapters; task: of the head, as peft calls it.

    origin: a model of the same shape that the encoder was continued from; the adapters then begin as the way back to
    it, as far as their rank goes, instead of as nothing. Raises BadDataError.
    """
    try:
        from peft import LoraConfig, TaskType, get_peft_model
    except ImportError as error:
        raise BadDataError("Adapters are trained with peft: pip install peft, or leave --rank out.") from error
    config = LoraConfig(
        task_type=TaskType[task],
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=LORA_DROPOUT,
        target_modules="all-linear" if task == "SEQ_CLS" else _linear(model),
        modules_to_save=list(whole) or None,
    )
    with warnings.catch_warnings():
        # peft 0.21 asks a deprecated property of transformers
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        adapted = get_peft_model(model, config)
    if origin:
        begin_towards(adapted, origin)
    return adapted


def _linear(model: Any) -> list[str]:
    """The names that linear maps below the head have; peft 0.21's "all-linear" takes the head of tokens for one."""
    maps = (name for name, module in model.base_model.named_modules() if isinstance(module, torch.nn.Linear))
    return sorted({name.rpartition(".")[2] for name in maps})


def has_pooler(start: Path) -> bool:
    """Whether the weights of a directory hold a pooler; those of a masked-language model do not."""
    with safe_open(str(start / "model.safetensors"), framework="pt") as tensors:
        return any("pooler." in name for name in tensors.keys())  # noqa: SIM118


@torch.no_grad()
def begin_with_mean(model: Any) -> tuple[str, ...]:
    """Let a classifier whose base has no pooler begin with the mean over all tokens; returns what is trained whole.

    Where nothing was learnt at the first token, it has to see the text first: a query of zero in the last layer looks
    at every token alike, and a pooler that changes nothing hands that on to a head of zeros.
    """
    last = len(model.bert.encoder.layer) - 1
    query, pooler = model.bert.encoder.layer[last].attention.self.query, model.bert.pooler.dense
    for module in (query, pooler, model.classifier):
        module.weight.zero_()
        module.bias.zero_()
    pooler.weight.fill_diagonal_(0.5)
    return (f"layer.{last}.attention.self.query", "pooler.dense")


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
