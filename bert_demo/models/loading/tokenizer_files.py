"""A tokenizer from its files: what its class would make up is found, and what the model is given is settled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bert_demo.core.errors import BrokenModelError, ModelKindError
from bert_demo.models.loading.class_rules import as_before
from bert_demo.models.loading.tokenizer_rules import FILE, FLAGS, follow
from bert_demo.registry.families import FAMILIES
from bert_demo.registry.task_heads import HeadCard

CONFIG = "tokenizer_config.json"
SPECIAL = tuple(f"{kind}_token" for kind in ("unk", "pad", "cls", "sep", "mask", "bos", "eos"))
SECOND = (
    "A second text is read as a second segment, as models of this family are trained; transformers 5 leaves that out."
)
ONE = "A second text is read in the segment of the first: the model has one segment alone."
WORDS = "Chinese words are looked up in its vocabulary; RoFormerTokenizer of transformers looks in the name of a file."
_IDS, _SEGMENTS, _THERE = "input_ids", "token_type_ids", "attention_mask"


def read_settings(directory: Path, name: str) -> dict[str, Any]:
    """Its tokenizer_config.json, {} where there is none. Raises BrokenModelError, which names the field."""
    settings = _read(directory / CONFIG)
    _check_settings(settings, name)
    return settings


def settle(
    tokenizer: Any, settings: dict[str, Any], directory: Path, config: Any, head: HeadCard, name: str
) -> tuple[str, ...]:
    """Let a tokenizer that transformers made read as its files say, and return sentences about what was followed.

    config: of the model; head: what it answers with; name: how the visitor knows it. Raises ModelLoadError.
    """
    if not tokenizer.is_fast:
        raise ModelKindError(f"The model {name!r} has no fast tokenizer, which the page needs to place tokens.")
    whole = _read(directory / FILE)
    others = {CONFIG: settings, "special_tokens_map.json": _read(directory / "special_tokens_map.json")}
    notes = follow(tokenizer, whole, settings) if whole else as_before(tokenizer, others)
    _check_mask(tokenizer, directory, whole, head, name)
    _check_vocabulary(tokenizer, config, name)
    if type(tokenizer).__name__ == "RoFormerTokenizer":
        notes = (*notes, WORDS)
    own = tokenizer.model_input_names
    tokenizer.model_input_names = _inputs(settings, own, config)
    if (_SEGMENTS in own) is not (_SEGMENTS in tokenizer.model_input_names) and FAMILIES[config.model_type].segments:
        notes = (*notes, SECOND if _SEGMENTS not in own else ONE)
    _check_probe(tokenizer, config, name)
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    return notes


def _read(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found if isinstance(found, dict) else {}


def _check_settings(settings: dict[str, Any], name: str) -> None:
    longest, inputs = settings.get("model_max_length"), settings.get("model_input_names")
    wrong = {field: "true or false" for field in FLAGS if not isinstance(settings.get(field), bool | None)} | {
        field: "text or null" for field in SPECIAL if not isinstance(settings.get(field), str | dict | None)
    }
    if not isinstance(settings.get("tokenizer_class"), str | None):
        wrong["tokenizer_class"] = "text"
    if (
        isinstance(longest, bool)
        or not isinstance(longest, int | float | None)
        or (longest is not None and longest < 1)
    ):
        wrong["model_max_length"] = "a whole number"
    if inputs is not None and not (
        isinstance(inputs, list) and _IDS in inputs and all(isinstance(each, str) for each in inputs)
    ):
        wrong["model_input_names"] = f'a list of names with "{_IDS}" among them'
    for field, wanted in wrong.items():
        raise BrokenModelError(f"The {CONFIG} of the model {name!r} is wrong: {field} must be {wanted}.")


def _check_probe(tokenizer: Any, config: Any, name: str) -> None:
    """Raise BrokenModelError where a template adds tokens or segments that the model has no row for."""
    found = [tokenizer.backend_tokenizer.encode("a", pair) for pair in (None, "a")]
    given = {"vocab_size": max((number for each in found for number in each.ids), default=0)}
    if _SEGMENTS in tokenizer.model_input_names:
        given["type_vocab_size"] = max((number for each in found for number in each.type_ids), default=0)
    for field, most in given.items():
        if most >= getattr(config, field):
            raise BrokenModelError(
                f"The tokenizer of the model {name!r} does not belong to it: the post_processor of its {FILE} gives "
                f"the number {most}, and {field} is {getattr(config, field)}."
            )


def _inputs(settings: dict[str, Any], own: list[str], config: Any) -> list[str]:
    """What the model is called with. Segments: as the file says; where it is silent, as models of this family are
    trained; none where the model has one alone, since a second text would then have no row."""
    listed = settings.get("model_input_names")
    family = FAMILIES[config.model_type]
    wanted = _SEGMENTS in (listed or own) or (listed is None and family.segments > 1)
    rows = int(getattr(config, "type_vocab_size", 0) or 0)
    return [_IDS, _SEGMENTS, _THERE] if wanted and rows > 1 and family.segments else [_IDS, _THERE]


def _check_vocabulary(tokenizer: Any, config: Any, name: str) -> None:
    entries = tokenizer.get_vocab()
    last = max(entries, key=lambda entry: entries[entry])
    if entries[last] >= config.vocab_size or 2 * len(entries) < config.vocab_size:
        raise BrokenModelError(
            f"The tokenizer of the model {name!r} does not belong to it: it has {len(entries):,} entries, numbered "
            f"up to {entries[last]:,} ({last[:40]}), and the model's vocabulary {config.vocab_size:,} (vocab_size)."
        )


def _check_mask(tokenizer: Any, directory: Path, whole: dict[str, Any], head: HeadCard, name: str) -> None:
    """A mask that is in no file of the tokenizer is one that transformers added, under a number that meant something
    else in training: a model that fills masks is refused, any other has none."""
    entries = _entries(directory, whole)
    if entries is None or tokenizer.mask_token is None or tokenizer.mask_token in entries[1]:
        return
    if "fill-mask" in head.tasks:
        raise BrokenModelError(
            f"The vocabulary of the model {name!r} ({entries[0]}) has no {tokenizer.mask_token}, which stands for a "
            "hidden word; transformers would put another number in its place. Save the tokenizer there again."
        )
    tokenizer.mask_token = None


def _entries(directory: Path, whole: dict[str, Any]) -> tuple[str, set[str]] | None:
    """The file of the vocabulary and all entries that the files name; None for one of SentencePiece alone."""
    more = {*_read(directory / "added_tokens.json")}
    more |= {str(each.get("content")) for each in _read(directory / CONFIG).get("added_tokens_decoder", {}).values()}
    if whole:
        listed = whole.get("model", {}).get("vocab", {})
        pieces = listed if isinstance(listed, dict) else (each[0] for each in listed)
        return FILE, {*pieces, *(str(each.get("content")) for each in whole.get("added_tokens") or ()), *more}
    if (directory / "vocab.txt").is_file():
        return "vocab.txt", {*map(str.strip, (directory / "vocab.txt").read_text(encoding="utf-8").split("\n")), *more}
    if (directory / "vocab.json").is_file():
        return "vocab.json", {*_read(directory / "vocab.json"), *more}
    return None
