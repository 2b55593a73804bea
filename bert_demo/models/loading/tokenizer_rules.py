"""The rules of a tokenizer.json, where the class of transformers would build others.

transformers 5 builds the normaliser, the pre-tokeniser and the template of special tokens of a class that it knows anew
and reads the vocabulary alone from the file; 4.57 and the author's own code follow the file. Flags that
tokenizer_config.json gives for them count in both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import PreTokenizer

FILE = "tokenizer.json"
SECTIONS = ("normalizer", "pre_tokenizer", "post_processor")
RULES = ("unk_token", "continuing_subword_prefix", "max_input_chars_per_word")
"""What a WordPiece model is told beside its vocabulary."""
FLAGS = {
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "handle_chinese_chars",
    "add_prefix_space": "add_prefix_space",
    "trim_offsets": "trim_offsets",
}
"""What tokenizer_config.json calls the fields of a section."""
PROBES = (
    "The Caf\u00e9, don't! 9.99 #tag (U.S.) e\u0301 \u6771\u4eac \uff21 \u00df \ufb01 \u30d0\u30b9",
    "  two  spaces and\ta tab",
    "na\u00efve ANGSTR\u00d6M",
)


def follow(tokenizer: Any, whole: Mapping[str, Any], settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Put the file's rules in place of those of the class. Returns a sentence where that changes how probes are read.

    whole: of tokenizer.json; settings: of tokenizer_config.json.
    """
    backend = tokenizer.backend_tokenizer
    sections = [each for each in SECTIONS if type(getattr(backend, each)) is not PreTokenizer]  # one in Python stays
    own = {section: _state(getattr(backend, section)) for section in sections}
    asked = {section: _with_flags(whole.get(section), settings) for section in sections}
    other = [section for section in sections if own[section] not in (whole.get(section), asked[section])]
    rules = {rule: whole["model"][rule] for rule in RULES if rule in whole.get("model", ())}
    rules = {rule: value for rule, value in rules.items() if getattr(backend.model, rule, value) != value}
    if not other and not rules:
        return ()
    before = read(backend)
    if "post_processor" in other and _bare(asked["post_processor"]) and not _bare(own["post_processor"]):
        other.remove("post_processor")  # saved without its special tokens, which no encoder was trained without
    if "post_processor" in other:
        _check_template(asked["post_processor"])
    parts = _parts({section: asked[section] for section in other})
    for section in other:
        setattr(backend, section, getattr(parts, section))
    for rule, value in rules.items():
        setattr(backend.model, rule, value)
    if read(backend) == before:
        return ()
    names = ", ".join((*other, *rules))
    return (
        f"Texts are read as its {FILE} says ({names}); {type(tokenizer).__name__} of transformers would read them "
        "otherwise.",
    )


def _state(part: Any) -> Any:
    return None if part is None else json.loads(part.__getstate__())


def _with_flags(section: Any, settings: Mapping[str, Any]) -> Any:
    """A section of the file with the flags that tokenizer_config.json gives for fields that it has."""
    if isinstance(section, list):
        return [_with_flags(each, settings) for each in section]
    if not isinstance(section, dict):
        return section
    given = {
        field: settings[flag]
        for flag, field in FLAGS.items()
        if flag in settings and field in section and (settings[flag] is not None or field == "strip_accents")
    }
    lists = {key: _with_flags(value, settings) for key, value in section.items() if isinstance(value, list | dict)}
    return section | lists | given


def _bare(section: Any) -> bool:
    """Whether a template puts no special token beside a text."""
    return section is None or (section.get("type") == "TemplateProcessing" and not _named(section, "single"))


def _named(section: Any, key: str) -> set[str]:
    """The special tokens of one form of a template."""
    return {part["SpecialToken"]["id"] for part in section[key] if "SpecialToken" in part}


def _check_template(section: Any) -> None:
    """Raise ValueError where a template names a special token that it does not describe: tokenizers would panic."""
    if section is None or section.get("type") != "TemplateProcessing":
        return
    described = {
        name for name, each in section["special_tokens"].items() if len(each["ids"]) == len(each["tokens"]) > 0
    }
    if lacking := sorted((_named(section, "single") | _named(section, "pair")) - described):
        raise ValueError(f"its post_processor names {lacking[0][:40]}, which its special_tokens lack")


def _parts(sections: Mapping[str, Any]) -> Tokenizer:
    """A tokenizer of no words that has these sections."""
    model = {"type": "WordLevel", "vocab": {}, "unk_token": ""}
    return Tokenizer.from_str(json.dumps({"version": "1.0", "added_tokens": [], "model": model, **sections}))


def read(backend: Tokenizer, probes: Sequence[str] = PROBES) -> list[Any]:
    """How the probes are read, each alone and all but the first as a pair's second text; what fails is None."""
    found: list[Any] = []
    for text, pair in ((probes[0], None), *((probes[0], probe) for probe in probes[1:])):
        try:
            encoding = backend.encode(text, pair)
            found.append((encoding.ids, encoding.type_ids, encoding.offsets))
        except Exception:  # tokenizers raises no kind of its own, such as for a word without an unknown token
            found.append(None)
    return found
