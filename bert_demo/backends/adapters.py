"""Low-rank adapters (LoRA, Hu et al. 2021, arXiv 2106.09685) as `peft` saves them, merged into their base at load.

W + scale * B A is computed once, so that inference costs what the plain model costs and nothing of the adapter is left
to see: every lens works as on any other model. `peft` would do the same and takes seconds to import.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file

from bert_demo.errors import ModelLoadError

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
_PREFIX = "base_model.model."
_UNSUPPORTED = (
    "use_dora",
    "lora_bias",
    "fan_in_fan_out",
    "layer_replication",
    "alora_invocation_tokens",
    "trainable_token_indices",
)


@dataclass(frozen=True, slots=True)
class Adapter:
    """A directory with an adapter, and the model that it belongs to."""

    directory: Path
    base: Path
    scale: float

    def replaced(self) -> set[str]:
        """The names of the weights that the adapter brings whole, such as the classifier's."""
        with safe_open(str(self.directory / WEIGHTS), framework="numpy") as tensors:
            return {name.removeprefix(_PREFIX) for name in tensors.keys() if ".lora_" not in name}  # noqa: SIM118

    def merge_into(self, model: Any) -> None:
        """Add the adapter to `model` in place and take over the modules that it replaces, such as the classifier.

        Raises ModelLoadError when a weight has no place in the model.
        """
        tensors = {
            name.removeprefix(_PREFIX): tensor.float() for name, tensor in load_file(self.directory / WEIGHTS).items()
        }
        parameters = dict(model.named_parameters())
        for name, tensor in tensors.items():
            module, kind, _ = name.rpartition(".lora_A.weight") if ".lora_" in name else ("", "", name)
            if ".lora_B." in name:
                continue
            target = f"{module}.weight" if kind else name
            value = self.scale * tensors[f"{module}.lora_B.weight"] @ tensor if kind else tensor
            own = parameters.get(target)
            if own is None or own.shape != value.shape:
                raise ModelLoadError(f"The adapter in {self.directory.name} does not fit its base: {target}.")
            with torch.no_grad():
                own.copy_(own + value if kind else value)


def find_adapter(source: str) -> Adapter | None:
    """The adapter in a directory, or None when it holds none.

    The base is what its configuration names: seen from the adapter's own directory, of that name beside it, or seen
    from the working directory. Raises ModelLoadError.
    """
    directory = Path(source)
    if not (directory / CONFIG).is_file():
        return None
    try:
        config = json.loads((directory / CONFIG).read_text(encoding="utf-8"))
        kind, rank = config["peft_type"], int(config["r"])
        alpha, base = float(config["lora_alpha"]), str(config["base_model_name_or_path"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelLoadError(f"The adapter in {directory.name} has no readable {CONFIG}.") from error
    used = [name for name in _UNSUPPORTED if config.get(name)]
    if (
        kind != "LORA"
        or used
        or config.get("rank_pattern")
        or config.get("alpha_pattern")
        or config.get("bias", "none") != "none"
    ):
        raise ModelLoadError(
            f"The adapter in {directory.name} is not a plain LoRA adapter. Merge it into its base with peft "
            "(merge_and_unload), save that, and load the result."
        )
    places = [directory / base, directory.parent / Path(base).name, Path(base)]
    where = next((place for place in places if (place / "model.safetensors").is_file()), None)
    if where is None:
        raise ModelLoadError(f"The adapter in {directory.name} belongs to {base!r}, which is not beside it.")
    return Adapter(directory, where, alpha / (rank**0.5 if config.get("use_rslora") else rank))
