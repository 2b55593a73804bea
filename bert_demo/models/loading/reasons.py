"""Why the files of a model did not load, in a sentence that names the file and the field."""

from __future__ import annotations

import contextlib
import json
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import transformers

from bert_demo.core.errors import BrokenModelError, ModelLoadError
from bert_demo.models.loading.validate import CONFIG, Stored

AGAIN = "Save or download it again."
TEXT_FILES = (
    CONFIG,
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
)
"""The files beside the weights that are JSON objects."""
_FIELD = re.compile(r"field '(\w+)'.*?expected (.+?), got (\w+)", re.DOTALL | re.IGNORECASE)
_SECTION = re.compile(r"\b(?:Py)?(Normalizer|PreTokenizer|PostProcessor|Decoder|Model)(?:Wrapper|Untagged)\b")
SECTIONS = {
    "Normalizer": "normalizer",
    "PreTokenizer": "pre_tokenizer",
    "PostProcessor": "post_processor",
    "Decoder": "decoder",
    "Model": "model",
}
"""What tokenizers calls a section of its file, and what the file does."""
_ADDRESS = re.compile(r"\S*/\S+")
_MOST = 140
"""Characters of what a library says that are repeated."""
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def named(part: str, directory: Path, name: str) -> Iterator[None]:
    """Whatever is raised within becomes a BrokenModelError that says which file of `directory` is wrong, and how.

    part: "config.json", "tokenizer" or "weights"; name: how the visitor knows the model. MemoryError and what is of
    our own kind pass.
    """
    try:
        yield
    except (ModelLoadError, MemoryError):
        raise
    except Exception as error:  # safetensors, tokenizers and transformers each raise kinds of their own
        _log.warning("a model did not load: %s", type(error).__name__)
        raise BrokenModelError(_sentence(part, directory, name, error)) from error


def _sentence(part: str, directory: Path, name: str, error: Exception) -> str:
    for file in TEXT_FILES:
        if wrong := unreadable(directory / file):
            return f"The {file} of the model {name!r} cannot be read: {wrong}. {AGAIN}"
    if field := _FIELD.search(str(error)):
        key, kind, given = field.groups()
        return f"The {CONFIG} of the model {name!r} is wrong: {key} must be {_kind(kind)}, not {_kind(given)}."
    if part != "tokenizer" and (field_named := _field_with(directory, error)):
        return f"The {CONFIG} of the model {name!r} is wrong: {field_named} is not known to transformers."
    reason = f"{type(error).__name__}: {_first_line(error)}"
    if part == "tokenizer":
        section = bool(found := _SECTION.search(str(error)))
        if found:
            reason = f"its {SECTIONS[found[1]]} is none that tokenizers knows"
        elif wrong := _wrong_entry(directory / "tokenizer.json"):
            section, reason = True, wrong
        files = (
            ["tokenizer.json"]
            if section or " line " in reason
            else [file for file in ("tokenizer.json", "tokenizer_config.json") if (directory / file).is_file()]
        )
        return f"The tokenizer of the model {name!r} ({' and '.join(files) or 'no JSON'}) cannot be read ({reason})."
    what = f"The {CONFIG} of the model {name!r}" if part == CONFIG else f"The model {name!r}"
    return f"{what} is refused by transformers ({reason})."


def _wrong_entry(path: Path) -> str | None:
    """The first of the added tokens of a tokenizer.json that is none."""
    whole = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"added_tokens": []}
    entries = whole.get("added_tokens")
    if not isinstance(entries, list):
        return "its added_tokens are no list"
    kinds = {"id": int, "content": str} | dict.fromkeys(
        ("single_word", "lstrip", "rstrip", "normalized", "special"), bool
    )
    for place, entry in enumerate(entries):
        if not isinstance(entry, dict):
            return f"number {place} of its added_tokens is no object"
        for field, kind in kinds.items():
            if not isinstance(entry.get(field), kind):
                return f"{field} of number {place} of its added_tokens is {'wrong' if field in entry else 'missing'}"
    return None


def unreadable(path: Path) -> str | None:
    """What is wrong with a file that should be a JSON object; None where it is one, or is not there."""
    try:
        text = path.read_text(encoding="utf-8")
        if not text.strip():
            return "it is empty"
        if text.lstrip().startswith("<"):
            return "it is a web page"
        return None if isinstance(json.loads(text), dict) else "it is no JSON object"
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return "it is not UTF-8"
    except json.JSONDecodeError as error:
        return f"it is not JSON from line {error.lineno}, column {error.colno} on"
    except RecursionError:
        return "it is nested too deeply"
    except OSError:
        return "the disk does not give it"


def check_shapes(config: Any, loader: str, stored: Mapping[str, Stored], name: str) -> None:
    """Raise BrokenModelError where a tensor of the files has another shape than the configuration asks for."""
    with torch.device("meta"):
        model = getattr(transformers, loader).from_config(config)
    own = {each: tuple(tensor.shape) for each, tensor in model.named_parameters()}
    prefix = f"{model.base_model_prefix}."
    for each, tensor in stored.items():
        asked = own.get(each, own.get(prefix + each, own.get(each.removeprefix(prefix))))
        if asked is not None and asked != tensor.shape:
            raise BrokenModelError(
                f"The model {name!r} does not fit its {CONFIG}: {each} is {_size(tensor.shape)} in {tensor.file.name}"
                f", and {CONFIG} asks for {_size(asked)}{_blamed(config, tensor.shape, asked)}. {AGAIN}"
            )


def _blamed(config: Any, held: tuple[int, ...], asked: tuple[int, ...]) -> str:
    """The fields whose number is where both shapes differ."""
    numbers = {want for want, have in zip(asked, held, strict=False) if want != have}
    keys = ("num_labels", "vocab_size", "hidden_size", "dim", "intermediate_size", "hidden_dim", "type_vocab_size")
    found = [key for key in (*keys, "max_position_embeddings") if getattr(config, key, None) in numbers]
    return f" ({', '.join('id2label' if key == 'num_labels' else key for key in found)})" if found else ""


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "one number"


def _kind(name: str) -> str:
    names = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "NoneType": "null"}
    return names.get(name.strip(), name.strip()[:60])


def _field_with(directory: Path, error: Exception) -> str | None:
    """The field whose value is the key that a table of transformers lacks."""
    if not isinstance(error, KeyError) or not error.args:
        return None
    config = json.loads((directory / CONFIG).read_text(encoding="utf-8"))
    return next((f"{key} {error.args[0]!r:.60}" for key, value in config.items() if value == error.args[0]), None)


def _first_line(error: Exception) -> str:
    """The first line of what a library says, without paths."""
    line = next(iter(str(error).strip().splitlines()), "")
    return _ADDRESS.sub("...", line)[:_MOST].strip()
