"""LoRA by peft, on the linear maps that the family's row leads to; the head and the pooler are trained and saved whole.

peft 0.21 knows target modules of seven families, and of a classifier it saves the head but not the pooler, which would
be random at every load.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import torch

from bert_demo.core.errors import ModelKindError
from bert_demo.registry.families import FAMILIES
from bert_demo.training.own.starting import head_modules

ADAPTER = "adapter"


def with_lora(model: Any, rank: int, seed: int) -> Any:
    """The classifier in peft's wrapping, in eval, as it was. Raises ModelKindError."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        task_type="SEQ_CLS",
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.0,
        target_modules=linear_maps(model),
        modules_to_save=list(head_modules(model)),
    )
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        # peft 0.21 asks a deprecated property of transformers
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        return get_peft_model(model, config).eval()  # peft leaves what is new in training mode


def linear_maps(model: Any) -> list[str]:
    """The names of the linear maps inside a layer. Raises ModelKindError for a family whose layers have none."""
    family = FAMILIES[model.config.model_type]
    layers = model.base_model.get_submodule(family.layers)
    found = {
        name for layer in layers for name, part in layer.named_modules() if isinstance(part, torch.nn.Linear) and name
    }
    if not found:
        raise ModelKindError(f"{family.prefix} has no linear maps in its layers, which LoRA needs. Choose another way.")
    return sorted(found)


def save_adapter(model: Any, directory: Path, base: str) -> int:
    """Write what peft loads; bytes of its weights. base: the name of the model that it belongs to."""
    model.save_pretrained(directory, save_embedding_layers=False)
    path = directory / "adapter_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings |= {"base_model_name_or_path": base, "target_modules": sorted(settings["target_modules"])}
    path.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    (directory / "README.md").unlink(missing_ok=True)  # peft's empty card; ours stands beside the model
    return (directory / "adapter_model.safetensors").stat().st_size
