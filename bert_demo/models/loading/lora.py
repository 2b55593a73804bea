"""Low-rank adapters (LoRA, Hu et al. 2021, arXiv 2106.09685) as `peft` saves them, merged into their base at load.

W + scale * B A is computed once, so that inference costs what the plain model costs and nothing of the adapter is left
to see: every lens works as on any other model. `peft` would do the same and takes seconds to import.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file

from bert_demo.core.errors import ModelLoadError
from bert_demo.models.loading.adapter_base import Bring, base_of, from_cache

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
_PREFIX = "base_model.model."
_A, _B = ".lora_A.weight", ".lora_B.weight"
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
    """A directory with an adapter, and the model that it belongs to.

    rank: rows of each A and columns of each B; targets: the modules that it changes, by the end of their names; ()
    where its configuration does not list them; task: as peft calls it, "" where it does not say; named: what the base
    is called, a directory or a hub id.
    """

    directory: Path
    base: Path
    scale: float
    rank: int
    targets: tuple[str, ...] = ()
    task: str = ""
    named: str = ""

    def replaced(self) -> dict[str, tuple[int, ...]]:
        """The weights that the adapter brings whole, such as the classifier's, and their shapes. Raises
        ModelLoadError."""
        if not (self.directory / WEIGHTS).is_file():
            pickled = " This demo opens no pickle (adapter_model.bin)." if self._pickled else ""
            raise ModelLoadError(f"The adapter in {self.directory.name} has no {WEIGHTS}.{pickled} Save it again.")
        try:
            with safe_open(str(self.directory / WEIGHTS), framework="numpy") as tensors:
                names = [name for name in tensors.keys() if ".lora_" not in name]  # noqa: SIM118
                return {each.removeprefix(_PREFIX): tuple(tensors.get_slice(each).get_shape()) for each in names}
        except (SafetensorError, OSError, ValueError) as error:
            raise self._damaged() from error

    @property
    def _pickled(self) -> bool:
        return (self.directory / "adapter_model.bin").is_file()

    def _damaged(self) -> ModelLoadError:
        where = f"The {WEIGHTS} of the adapter in {self.directory.name}"
        return ModelLoadError(f"{where} cannot be read: it is damaged or was cut short.")

    def merge_into(self, model: Any) -> None:
        """Add the adapter to `model` in place and take over the modules that it replaces, such as the classifier.

        Raises ModelLoadError when a weight has no place in the model.
        """
        tensors = self._tensors()
        self._check_whole(tensors, model)
        parameters = dict(model.named_parameters(remove_duplicate=False))  # tied ones by each of their names
        for name, tensor in tensors.items():
            module, kind, _ = name.rpartition(_A) if ".lora_" in name else ("", "", name)
            if name.endswith(_B):
                continue
            target = f"{module}.weight" if kind else name
            value = self.scale * tensors[module + _B] @ tensor if kind else tensor
            own = parameters.get(target)
            if own is None or own.shape != value.shape:
                raise ModelLoadError(f"The adapter in {self.directory.name} does not fit its base: {target}.")
            with torch.no_grad():
                own.copy_(own + value if kind else value)

    def _tensors(self) -> dict[str, torch.Tensor]:
        try:
            stored = load_file(self.directory / WEIGHTS)
        except (SafetensorError, OSError, ValueError) as error:
            raise self._damaged() from error
        return {name.removeprefix(_PREFIX): tensor.float() for name, tensor in stored.items()}

    def _check_whole(self, tensors: Mapping[str, torch.Tensor], model: Any) -> None:
        """Every module that it changes has its A and its B, of the rank that the configuration names."""
        pairs = {name.removesuffix(end) for name in tensors for end in (_A, _B) if name.endswith(end)}
        ends = tuple(f".{target}" for target in self.targets)
        pairs |= {name for name, _ in model.named_modules() if ends and f".{name}".endswith(ends)} - self._whole(
            tensors
        )
        lacking = sorted(name + end for name in pairs for end in (_A, _B) if name + end not in tensors)
        if lacking:
            raise ModelLoadError(
                f"The adapter in {self.directory.name} is incomplete: {len(lacking)} tensors are missing in {WEIGHTS} "
                f"({lacking[0][:120]}), and without them it would answer as its base. Save or download it again."
            )
        for name in sorted(pairs):
            ranks = int(tensors[name + _A].shape[0]), int(tensors[name + _B].shape[-1])
            if ranks != (self.rank, self.rank):
                raise ModelLoadError(
                    f"The adapter in {self.directory.name} does not fit its {CONFIG}: r is {self.rank} there, and the "
                    f"tensors of {name[:80]} in {WEIGHTS} have rank {' and '.join(map(str, sorted(set(ranks))))}."
                )

    @staticmethod
    def _whole(tensors: Mapping[str, torch.Tensor]) -> set[str]:
        return {name.rpartition(".")[0] for name in tensors if ".lora_" not in name}


def find_adapter(source: str, bring: Bring = from_cache) -> Adapter | None:
    """The adapter in a directory, or None when it holds none.

    The base is what its configuration names (adapter_base.py); bring: fetches one of the hub. Raises ModelLoadError.
    """
    directory = Path(source)
    if not (directory / CONFIG).is_file():
        return None
    try:
        config = json.loads((directory / CONFIG).read_text(encoding="utf-8"))
        kind, rank, alpha = config["peft_type"], config["r"], config["lora_alpha"]
        base = str(config["base_model_name_or_path"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        field = f" ({error} is missing)" if isinstance(error, KeyError) else ""
        raise ModelLoadError(f"The adapter in {directory.name} has no readable {CONFIG}{field}.") from error
    for field, value in (("r", rank), ("lora_alpha", alpha)):
        whole = isinstance(value, int) or (field == "lora_alpha" and isinstance(value, float) and isfinite(value))
        if isinstance(value, bool) or not whole or value <= 0:
            raise ModelLoadError(
                f"The {CONFIG} of the adapter in {directory.name} is wrong: {field} must be a number above 0."
            )
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
    where, called = base_of(directory, base, str(config.get("revision") or "main"), bring)
    scale = alpha / (rank**0.5 if config.get("use_rslora") else rank)
    return Adapter(directory, where, scale, rank, _targets(config), str(config.get("task_type") or ""), called)


def _targets(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The modules that are all changed, where the configuration lists them; a pattern is not run, it may be endless."""
    listed = config.get("target_modules")
    narrowed = config.get("layers_to_transform") is not None or config.get("exclude_modules")
    if narrowed or not isinstance(listed, list) or not all(isinstance(each, str) and each for each in listed):
        return ()
    return tuple(listed)
