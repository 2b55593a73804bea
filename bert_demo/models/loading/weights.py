"""What was read of the files of weights, and what was not: nothing made up, cast, or left out in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from bert_demo.core.errors import BrokenModelError, ModelKindError
from bert_demo.models.loading.validate import CONFIG, Stored
from bert_demo.registry.families import FAMILIES

FLOATS = ("F64", "F32", "F16", "BF16")
"""How safetensors calls numbers with a fraction; all are computed in single precision."""
_PARAMETERS = (".weight", ".bias", ".gamma", ".beta")
_TABLES = ("_ids", "num_batches_tracked")
"""Ends of the names of what is stored with the weights and is none."""


def check_kinds(stored: Mapping[str, Stored], name: str) -> None:
    """Raise BrokenModelError where a weight is stored as whole numbers or as true and false, which would be cast."""
    for each, tensor in stored.items():
        if tensor.kind not in FLOATS and each.endswith(_PARAMETERS):
            raise BrokenModelError(
                f"The weights of the model {name!r} are no weights of an encoder: {each[:100]} is stored as "
                f"{tensor.kind} in {tensor.file.name}, not as numbers with a fraction."
            )


def missing(model: Any, report: Mapping[str, Any]) -> set[str]:
    """Weights that the files lack. A head for words has two biases, of which one is read: what the files hold of the
    other is put there first, since before transformers 5 both were one."""
    lacking = {*report["missing_keys"], *(each[0] for each in report["mismatched_keys"])}
    for path, head in model.named_modules():
        inner = getattr(head, "decoder", None)
        if not isinstance(inner, nn.Linear) or not isinstance(getattr(head, "bias", None), nn.Parameter):
            continue
        own, read = f"{path}.bias", f"{path}.decoder.bias"
        if len(lacking & {own, read}) == 1:
            source, target = (head.bias, inner.bias) if read in lacking else (inner.bias, head.bias)
            with torch.no_grad():
                target.copy_(source)
            lacking -= {own, read}
    return lacking


def check_weights(model: Any, lacking: Iterable[str], unread: Iterable[str], name: str) -> None:
    """Nothing made up, nothing left out that belongs to the encoder, nothing that is no number, and attention that
    shows its weights. Raises ModelLoadError."""
    if some := sorted(lacking):
        raise BrokenModelError(
            f"The weights of the model {name!r} are incomplete: {len(some)} are missing ({', '.join(some[:2])[:120]}), "
            "and without them it would answer at random. Choose a model that was saved with its head."
        )
    if lost := [each for each in sorted(unread) if _of_encoder(each, model)]:
        raise ModelKindError(
            f"The model {name!r} would be another than the one that was trained: its files hold {len(lost)} weights of "
            f"the encoder that its {CONFIG} has no place for ({', '.join(lost[:2])[:160]}). Look at num_hidden_layers, "
            "model_type and position_embedding_type there."
        )
    if not all(bool(torch.isfinite(each).all()) for each in model.parameters()):
        raise BrokenModelError(f"The model {name!r} is damaged: some of its weights are no numbers.")
    if model.config._attn_implementation != "eager":
        raise ModelKindError(f"The model {name!r} cannot give its attention weights (no eager attention).")


def other_heads(unread: Iterable[str], model: Any) -> str:
    """What else the files hold, such as "cls (7), qa_outputs (2)"; "" where there is nothing."""
    prefix = f"{model.base_model_prefix}."
    names = [each.removeprefix(prefix) for each in unread if not each.endswith(_TABLES)]
    counts = Counter(each.split(".")[0] for each in names if not each.startswith("pooler."))
    return ", ".join(f"{each[:40]} ({count})" for each, count in sorted(counts.items())[:5])


def _of_encoder(key: str, model: Any) -> bool:
    """Whether a weight that was not read belongs to the embeddings or to a layer."""
    inner = key.removeprefix(f"{model.base_model_prefix}.")
    family = FAMILIES[model.config.model_type]
    places = (f"{family.embeddings}.", f"{family.layers}.")
    return inner.startswith(places) and not inner.endswith(_TABLES)
