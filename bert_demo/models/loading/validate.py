"""What a model's files must be before anything of them is loaded: configuration, weights, and that they fit.

Nothing here opens a pickle or runs code, and no file is read whole but the configuration.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from bert_demo.core.errors import BrokenModelError, ModelKindError
from bert_demo.registry.families import FAMILIES
from bert_demo.registry.task_heads import HeadCard, head_shown, named_head

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
SHARD = re.compile(r"[\w-][\w.-]{0,200}\.safetensors", re.ASCII)
MOST_CONFIG = 5_000_000
"""Bytes of a configuration; one with a thousand labels has fewer than 100,000."""
MOST_LABELS = 10_000
_BOUNDS = {
    "hidden_size": (1, 16_384),
    "num_hidden_layers": (1, 200),
    "num_attention_heads": (1, 256),
    "intermediate_size": (1, 131_072),
    "vocab_size": (1, 2_000_000),
    "max_position_embeddings": (8, 1_000_000),
    "type_vocab_size": (0, 1_000),
    "embedding_size": (1, 16_384),
    "num_hidden_groups": (1, 200),
    "inner_group_num": (1, 16),
    "num_feedforward_networks": (1, 64),
    "intra_bottleneck_size": (1, 16_384),
    "num_labels": (1, MOST_LABELS),
}


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor in a safetensors file. kind: as the file calls its numbers, such as "F32"."""

    file: Path
    shape: tuple[int, ...]
    kind: str


def read_config(directory: Path, name: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The configuration of a model whose kind and numbers this demo can use.

    name: how the visitor knows the model; fields: put over it first. Raises ModelKindError (another
    family, no head, quantised, a decoder) and BrokenModelError (missing, no JSON, absurd numbers).
    """
    path = directory / CONFIG
    if not path.is_file():
        raise BrokenModelError(f"The model {name!r} is incomplete: it has no {CONFIG}. Save or download it again.")
    try:
        if path.stat().st_size > MOST_CONFIG:
            raise ValueError
        config = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ValueError
    except (OSError, ValueError, RecursionError) as error:
        raise BrokenModelError(f"The {CONFIG} of the model {name!r} cannot be read: it is not JSON.") from error
    config |= fields or {}
    _check_kind(config, name)
    _check_numbers(config, name)
    return config


def head_of(config: Mapping[str, Any], stored: Mapping[str, Stored], name: str) -> HeadCard:
    """The head of a model: what its configuration names, or, where that is silent, its weights show.

    Google's own BERTs are saved with both heads and named by one; then they have both. Raises ModelKindError.
    """
    named = named_head(config.get("architectures"))
    if not config.get("architectures") or (config["model_type"] == "bert" and named and named.ending == "ForMaskedLM"):
        named = head_shown(stored, FAMILIES[config["model_type"]]) or named
    if named is None:
        raise _headless(name)
    return named


def _headless(name: str) -> ModelKindError:
    return ModelKindError(
        f"The model {name!r} has no head that a lens can use: it needs one for sequence classification, token "
        "classification, question answering, masked language modelling or next-sentence prediction."
    )


def _check_kind(config: Mapping[str, Any], name: str) -> None:
    kind = config.get("model_type")
    if not isinstance(kind, str):
        raise ModelKindError(f"The {CONFIG} of the model {name!r} does not say what kind of model it is (model_type).")
    if kind not in FAMILIES:
        raise ModelKindError(
            f"The model {name!r} is a {kind[:40]}, none of the {len(FAMILIES)} kinds of encoders that this demo reads, "
            "such as bert, roberta, modernbert or deberta-v2."
        )
    head = named_head(config.get("architectures"))
    if head is None and config.get("architectures"):
        raise _headless(name)
    positions = config.get("position_embedding_type")
    if positions is not None and positions not in FAMILIES[kind].positions:
        raise ModelKindError(
            f"The model {name!r} was trained with relative positions (position_embedding_type {str(positions)[:40]!r} "
            f"in its {CONFIG}), which transformers 5 no longer computes. Choose a model with absolute positions."
        )
    if config.get("quantization_config"):
        raise ModelKindError(f"The weights of the model {name!r} are quantised. Choose the unquantised model.")
    if config.get("is_decoder") or config.get("add_cross_attention"):
        raise ModelKindError(f"The model {name!r} is a decoder, which reads only leftwards. Choose an encoder.")


def _check_numbers(config: Mapping[str, Any], name: str) -> None:
    family = FAMILIES[config["model_type"]]
    bounds = _BOUNDS | {family.names[each]: _BOUNDS[each] for each in family.names}
    for key, (least, most) in bounds.items():
        value = config.get(key, least)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise BrokenModelError(
                f"The {CONFIG} of the model {name!r} is wrong: {key} must be a whole number from {least} to {most:,}."
            )
    width, heads = family.number(config, "hidden_size", 0), family.number(config, "num_attention_heads", 1)
    if width % heads:
        raise BrokenModelError(f"The {CONFIG} of the model {name!r} is wrong: {heads} heads cannot share {width}.")
    labels = config.get("id2label")
    if labels is not None and (
        not isinstance(labels, dict)
        or not 1 <= len(labels) <= MOST_LABELS
        or sorted(labels) != sorted(str(number) for number in range(len(labels)))
    ):
        raise BrokenModelError(f"The {CONFIG} of the model {name!r} is wrong: id2label must number the labels from 0.")


def weight_files(directory: Path, name: str) -> tuple[Path, ...]:
    """The safetensors files of a model, one or the shards of its index.

    Raises ModelKindError where there are none, BrokenModelError where some are missing.
    """
    if (directory / WEIGHTS).is_file():
        return (directory / WEIGHTS,)
    if not (directory / INDEX).is_file():
        raise ModelKindError(
            f"The model {name!r} has no safetensors file. This demo opens no pickle (pytorch_model.bin), since that "
            "may run code; save the model with save_pretrained of a newer transformers."
        )
    files = tuple(directory / shard for shard in shards_of(directory / INDEX, name))
    lacking = [file.name for file in files if not file.is_file()]
    if lacking:
        raise BrokenModelError(
            f"The model {name!r} is incomplete: {len(lacking)} of {len(files)} files of its weights are missing. "
            "Save or download it again."
        )
    return files


def shards_of(index: Path, name: str) -> tuple[str, ...]:
    """The names of the files of an index, each a plain name. Raises BrokenModelError."""
    try:
        shards = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        if not shards or not all(SHARD.fullmatch(shard) for shard in shards):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BrokenModelError(f"The {INDEX} of the model {name!r} cannot be read.") from error
    return tuple(shards)


def read_headers(files: tuple[Path, ...], name: str) -> dict[str, Stored]:
    """Name, file and shape of each tensor, from the heads of the files. Raises BrokenModelError."""
    stored: dict[str, Stored] = {}
    for file in files:
        try:
            with safe_open(str(file), framework="numpy") as tensors:
                for key in tensors.keys():  # noqa: SIM118  (not a dictionary)
                    found = tensors.get_slice(key)
                    stored[key] = Stored(file, tuple(found.get_shape()), str(found.get_dtype()))
        except (SafetensorError, OSError, ValueError, OverflowError) as error:
            raise BrokenModelError(
                f"The weights of the model {name!r} cannot be read: {file.name} is damaged or was cut short. "
                "Save or download it again."
            ) from error
    return stored


def check_size(config: Mapping[str, Any], stored: Mapping[str, Stored], name: str) -> int:
    """Bytes that the weights take in memory, as float32, once the configuration is known to ask for no more.

    Raises BrokenModelError where the configuration describes a model several times larger than its weights, since what
    the file lacks would be made up.
    """
    held = sum(prod(each.shape) for each in stored.values())
    family = FAMILIES[config["model_type"]]
    width = family.number(config, "hidden_size", 768)
    layers = family.number(config, "num_hidden_layers", 12)
    if family.shared_layers:
        layers = int(config.get("num_hidden_groups", 1)) * int(config.get("inner_group_num", 1))
    inner = family.number(config, "intermediate_size", 4 * width)
    tables = sum(int(config.get(key, 1)) for key in ("vocab_size", "max_position_embeddings", "type_vocab_size"))
    described = tables * int(config.get("embedding_size", width)) + layers * width * (2 * width + 2 * inner)
    if described > 3 * held + 1_000_000:
        raise BrokenModelError(
            f"The weights of the model {name!r} do not fit its {CONFIG}, which describes a larger model."
        )
    return 4 * held
