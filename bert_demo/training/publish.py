"""The product of training: a directory that a ModelCard can name and that plain `transformers` loads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a card says of where the weights come from; `facts` are measured figures, label -> sentence.

    task, example: the pipeline of transformers that the model is for, and a text for it.
    """

    title: str
    task: str
    example: str
    about: str
    origin: str
    origin_sha256: str
    data: str
    command: str
    facts: Mapping[str, str]
    note: str = ""
    licence: str = "apache-2.0"


def publish(model: Any, tokenizer: PreTrainedTokenizerBase, output: Path, provenance: Provenance) -> None:
    """Write config, tokenizer, float16 safetensors and README.md.

    The config keeps dtype float32, so that `from_pretrained` computes in single precision whatever the file holds.
    """
    output.mkdir(parents=True, exist_ok=True)
    if tokenizer.is_fast:
        tokenizer.backend_tokenizer.no_truncation()
        tokenizer.backend_tokenizer.no_padding()
    model.save_pretrained(output)
    weights = output / "model.safetensors"
    tensors = {
        name: tensor.to(torch.float16) if tensor.is_floating_point() else tensor
        for name, tensor in load_file(weights).items()
    }
    save_file(tensors, weights, metadata={"format": "pt"})
    weights.chmod(0o644)
    config = json.loads((output / "config.json").read_text(encoding="utf-8"))
    config.pop("_name_or_path", None)
    config["dtype"] = "float32"
    (output / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    tokenizer.save_pretrained(output)
    (output / "README.md").write_text(_card(provenance, sha256(weights)), encoding="utf-8")


def sha256(path: Path) -> str:
    """Hex digest of a file, or "unknown" when it is not a file here."""
    if not path.is_file():
        return "unknown"
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _card(provenance: Provenance, digest: str) -> str:
    note = f" {provenance.note}" if provenance.note else ""
    rows = "\n".join(f"| {name} | {value} |" for name, value in provenance.facts.items())
    return f"""---
license: {provenance.licence}
language: en
base_model: {provenance.origin}
---
# {provenance.title}

{provenance.about}

- **Starts from** {provenance.origin}, `model.safetensors` sha256 `{provenance.origin_sha256}`.
- **Learnt from** {provenance.data}
- **Made by** `{provenance.command}`.{note}
- **Weights** float16, sha256 `{digest}`; computed in float32.

```python
from transformers import pipeline
model = pipeline("{provenance.task}", model="PATH_OF_THIS_DIRECTORY")
print(model("{provenance.example}"))
```

| measured on these weights | |
| --- | --- |
{rows}
"""
