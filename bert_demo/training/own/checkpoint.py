"""What a training has come to, in a file of safetensors: what is learnt, the optimizer's memory, how it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file

CHECKPOINT, BEST = "checkpoint.safetensors", "best.safetensors"
_MODEL, _OPTIMIZER, _STATE = "model.", "optimizer.", "state"


def learnt(model: Any) -> dict[str, torch.Tensor]:
    """The parameters that are learnt, by name; those of the model, no copies."""
    return {name: each.detach() for name, each in model.named_parameters() if each.requires_grad}


def save(path: Path, model: Any, optimizer: Any | None, state: Mapping[str, Any]) -> None:
    """Write the file whole or not at all. Each tensor is written contiguous: safetensors 0.8 writes the memory of an
    array that is not, which is another matrix."""
    tensors = {_MODEL + name: each.contiguous() for name, each in learnt(model).items()}
    if optimizer is not None:
        for number, memory in optimizer.state_dict()["state"].items():
            tensors |= {f"{_OPTIMIZER}{number}.{name}": each.contiguous() for name, each in memory.items()}
    part = path.with_suffix(".part")
    save_file(tensors, part, metadata={_STATE: json.dumps(state)})
    part.replace(path)


@torch.no_grad()
def load(path: Path, model: Any, optimizer: Any | None = None) -> dict[str, Any] | None:
    """Put what was saved back; how it stood, None where nothing was saved."""
    if not path.is_file():
        return None
    with safe_open(str(path), framework="pt") as stored:
        own = learnt(model)
        for name, parameter in own.items():
            parameter.copy_(stored.get_tensor(_MODEL + name))
        if optimizer is not None:
            names = [name for name in stored.keys() if name.startswith(_OPTIMIZER)]  # noqa: SIM118
            _remember(optimizer, {name: stored.get_tensor(name) for name in names})
        state: dict[str, Any] = json.loads(stored.metadata()[_STATE])
    return state


def _remember(optimizer: Any, tensors: Mapping[str, torch.Tensor]) -> None:
    memory: dict[int, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        number, _, name = key.removeprefix(_OPTIMIZER).partition(".")
        memory.setdefault(int(number), {})[name] = tensor
    optimizer.load_state_dict({"state": memory, "param_groups": optimizer.state_dict()["param_groups"]})
