"""The product of training: a directory that the catalogue can name and that plain `transformers` (or `peft`) loads."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import PreTrainedTokenizerBase

from bert_demo.models.loading import lora


def publish(model: Any, tokenizer: PreTrainedTokenizerBase, output: Path, base: str | None = None) -> None:
    """Write config and float16 safetensors; a whole model with its tokenizer, or an adapter alone.

    base: what the adapter names as its model, as `peft` will look for it.

    The config keeps dtype float32, so that `from_pretrained` computes in single precision whatever the file holds.
    """
    output.mkdir(parents=True, exist_ok=True)
    if base is None:
        if tokenizer.is_fast:
            tokenizer.backend_tokenizer.no_truncation()
            tokenizer.backend_tokenizer.no_padding()
        model.save_pretrained(output)
        tokenizer.save_pretrained(output)
        _halve(output / "model.safetensors")
    else:
        model.save_pretrained(output, save_embedding_layers=False)
        _halve(output / lora.WEIGHTS)
        modules = sorted(model.peft_config["default"].target_modules)
        _rewrite(output / lora.CONFIG, base_model_name_or_path=base, target_modules=modules, inference_mode=True)
        whole = model.get_base_model()
        whole.config.architectures = [type(whole).__name__]
        whole.config.save_pretrained(output)
    _rewrite(output / "config.json", dtype="float32", _name_or_path=None)


def sha256(path: Path) -> str:
    """Hex digest of a file, or "unknown" when it is not a file here."""
    if not path.is_file():
        return "unknown"
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def weights_of(directory: Path) -> Path:
    """The file with the weights of a published model or adapter."""
    adapter = directory / lora.WEIGHTS
    return adapter if adapter.is_file() else directory / "model.safetensors"


def _halve(weights: Path) -> None:
    tensors = {
        name: tensor.to(torch.float16) if tensor.is_floating_point() else tensor
        for name, tensor in load_file(weights).items()
    }
    save_file(tensors, weights, metadata={"format": "pt"})
    weights.chmod(0o644)


def _rewrite(path: Path, **changes: Any) -> None:
    """Change entries of a JSON file; None takes one out."""
    record = json.loads(path.read_text(encoding="utf-8")) | changes
    record = {name: value for name, value in record.items() if value is not None or name not in changes}
    path.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")
