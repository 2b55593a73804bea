"""Directories of models altered in ways that their formats allow: what people save, edit, convert and cut short.

Every file stays of its format (JSON is JSON, safetensors is safetensors); whether the model still makes sense is not
asked. An alteration is a function of a directory and a random.Random, so that a number says which directory it was.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tiny_families import CHECKPOINTS, Checkpoint, build

Alter = Callable[[Path, random.Random], str]
"""Alters a directory in place, and says how."""

CONFIG_VALUES: dict[str, tuple[Any, ...]] = {
    "architectures": (None, [], ["BertModel"], ["BertForMaskedLM"], ["BertForSequenceClassification"], ["X", 7]),
    "model_type": ("bert", "roberta", "distilbert", "electra", "gpt2", ""),
    "num_hidden_layers": (0, 1, 2, 4, 12),
    "num_attention_heads": (1, 2, 3, 4, 16),
    "hidden_size": (8, 16, 32, 768),
    "intermediate_size": (0, 16, 32, 64),
    "vocab_size": (8, 20, 31, 37, 40, 30522),
    "max_position_embeddings": (4, 8, 32, 64, 128, 130, 512),
    "type_vocab_size": (0, 1, 2, 3),
    "hidden_act": ("gelu", "relu", "silu", "gelu_new", "tanh", "linear", "none", "GELU"),
    "layer_norm_eps": (0, 1e-12, 1e-5, 1.0, "1e-12", None),
    "pad_token_id": (None, 0, 1, 3, 5, 99, -1, "0"),
    "bos_token_id": (None, 0, 5, 999),
    "mask_token_id": (None, 3, 999),
    "problem_type": (None, "regression", "single_label_classification", "multi_label_classification", "other"),
    "id2label": (None, {"0": "a"}, {"0": "a", "1": "a", "2": "a"}, {"0": "a ", "1": "b", "2": "c", "3": "d"}, {}, []),
    "label2id": (None, {}, {"a": 0}, {"a": "x"}),
    "num_labels": (1, 2, 3, 5),
    "return_dict": (False, True, None),
    "output_attentions": (True,),
    "output_hidden_states": (True,),
    "torchscript": (True,),
    "tie_word_embeddings": (True, False, None),
    "is_decoder": (False, True),
    "use_cache": (True, False),
    "hidden_dropout_prob": (0.0, 0.5, 1.0),
    "attention_probs_dropout_prob": (0.0, 0.9),
    "classifier_dropout": (None, 0.0, 0.9),
    "initializer_range": (0.0, 5.0),
    "torch_dtype": ("float16", "bfloat16", "float32", "float64", "int8"),
    "dtype": ("float16", "bfloat16", "auto"),
    "position_embedding_type": ("absolute", "relative_key", "relative_key_query", None),
    "chunk_size_feed_forward": (0, 1, 2, 7),
    "attn_implementation": ("eager", "sdpa", "flash_attention_2"),
    "_attn_implementation": ("sdpa", "flash_attention_2"),
    "rope_theta": (10000.0, 1.0),
    "rope_scaling": (None, {"type": "linear", "factor": 2.0}, {"rope_type": "dynamic", "factor": 2.0}),
    "local_attention": (1, 2, 4, 128),
    "global_attn_every_n_layers": (1, 2, 3),
    "embedding_size": (4, 8, 16),
    "transformers_version": ("3.0.2", "4.57.1", "9.9"),
    "auto_map": ({"AutoModel": "modeling.Model"},),
    "pruned_heads": ({}, {"0": [1]}),
    "summary_type": ("first", "cls_index"),
    "unknown_field": ("anything", 7, {"deep": [1]}),
    "gradient_checkpointing": (True,),
    "sentence_transformers": ({"activation_fn": "torch.nn.modules.activation.Sigmoid"}, {}),
    "task_specific_params": ({"x": {}},),
}  # fmt: skip
SETTING_VALUES: dict[str, tuple[Any, ...]] = {
    "do_lower_case": (True, False, None),
    "strip_accents": (True, False, None),
    "tokenize_chinese_chars": (True, False, None),
    "add_prefix_space": (True, False),
    "trim_offsets": (True, False),
    "model_max_length": (None, 1, 4, 8, 16, 64, 512, 10**30, 1e30, 8.5),
    "max_len": (8, 64),
    "tokenizer_class": (None, "BertTokenizer", "BertTokenizerFast", "RobertaTokenizer", "PreTrainedTokenizerFast",
                        "DistilBertTokenizer", "AlbertTokenizer", "XLMRobertaTokenizer", "MyTokenizer",
                        "TokenizersBackend", "DebertaTokenizer", "MPNetTokenizer"),
    "model_input_names": (["input_ids"], ["input_ids", "attention_mask"],
                          ["input_ids", "token_type_ids", "attention_mask"], ["attention_mask", "input_ids"]),
    "padding_side": ("left", "right"),
    "truncation_side": ("left",),
    "clean_up_tokenization_spaces": (True, False),
    "never_split": ([], ["cat"]),
    "split_special_tokens": (True, False),
    "additional_special_tokens": ([], ["[E1]", "cat"]),
    "extra_special_tokens": ([], {"e": "[E1]"}, ["[E1]"]),
    "added_tokens_decoder": ({}, {"5": {"content": "the", "special": True}},
                             {"999": {"content": "[NEW]", "special": False, "lstrip": True}}),
    "tokenizer_file": ("/nowhere/tokenizer.json",),
    "vocab_file": ("/nowhere/vocab.txt",),
    "name_or_path": ("bert-base-cased",),
    "backend": ("tokenizers", "sentencepiece"),
    "legacy": (True, False),
    "auto_map": ({"AutoTokenizer": ["x.Y", None]},),
    **{f"{kind}_token": (None, "[NEW]", "the", "", {"content": "[X]", "lstrip": True, "__type": "AddedToken"})
       for kind in ("unk", "pad", "cls", "sep", "mask", "bos", "eos")},
}  # fmt: skip
NORMALIZERS: tuple[Any, ...] = (
    None,
    {"type": "Lowercase"},
    {"type": "NFC"},
    {"type": "NFKD"},
    {"type": "StripAccents"},
    {"type": "BertNormalizer", "clean_text": False, "handle_chinese_chars": False, "strip_accents": True,
     "lowercase": False},
    {"type": "Replace", "pattern": {"String": "cat"}, "content": "dog"},
    {"type": "Replace", "pattern": {"Regex": "[a-z]"}, "content": ""},
    {"type": "Prepend", "prepend": "\u2581"},
    {"type": "Strip", "strip_left": True, "strip_right": True},
    {"type": "Sequence", "normalizers": []},
    {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "Lowercase"}, {"type": "StripAccents"}]},
    {"type": "ByteLevel"},
    {"type": "Nmt"},
)  # fmt: skip
PRE_TOKENIZERS: tuple[Any, ...] = (
    None,
    {"type": "Whitespace"},
    {"type": "WhitespaceSplit"},
    {"type": "BertPreTokenizer"},
    {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": False},
    {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "never", "split": True},
    {"type": "Digits", "individual_digits": True},
    {"type": "Punctuation", "behavior": "Removed"},
    {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithNext", "invert": False},
    {"type": "CharDelimiterSplit", "delimiter": "a"},
    {"type": "UnicodeScripts"},
    {"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}, {"type": "Digits", "individual_digits": False}]},
)  # fmt: skip
DECODERS: tuple[Any, ...] = (
    None,
    {"type": "ByteLevel"},
    {"type": "Fuse"},
    {"type": "WordPiece", "prefix": "##", "cleanup": False},
    {"type": "BPEDecoder", "suffix": "</w>"},
    {"type": "ByteFallback"},
)


def bases() -> list[tuple[Checkpoint, str]]:
    """The checkpoints that are altered: every family, each with one of its heads in turn."""
    return [
        (each, each.kinds[(place + turn) % len(each.kinds)])
        for turn in (0, 1)
        for place, each in enumerate(CHECKPOINTS)
    ]


@cache
def built(root: Path, place: int) -> Path:
    checkpoint, kind = bases()[place]
    directory = root / f"base-{checkpoint.name}-{kind}"
    build(checkpoint, kind, directory)
    return directory


def odd_directory(root: Path, number: int) -> tuple[Path, Checkpoint, str]:
    """The directory of that number, of which checkpoint it was made, and what was altered, from one to three things."""
    chance = random.Random(number)
    place = chance.randrange(len(bases()))
    directory = Path(shutil.copytree(built(root, place), root / f"odd-{number}"))
    done = []
    for _ in range(chance.choice((1, 1, 2, 3))):
        kind = chance.choice(tuple(ALTERATIONS))
        done.append(f"{kind}: {ALTERATIONS[kind](directory, chance)}")
    return directory, bases()[place][0], f"{bases()[place][0].name} {bases()[place][1]}; {'; '.join(done)}"


def _json(directory: Path, file: str, change: Callable[[dict[str, Any]], Any]) -> None:
    path = directory / file
    whole = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    change(whole)
    path.write_text(json.dumps(whole), encoding="utf-8")


def _field(file: str, values: dict[str, tuple[Any, ...]]) -> Alter:
    def alter(directory: Path, chance: random.Random) -> str:
        key = chance.choice(tuple(values))
        value = chance.choice(values[key])
        _json(directory, file, lambda whole: whole.update({key: value}))
        return f"{key} = {value!r}"

    return alter


def _without(file: str) -> Alter:
    def alter(directory: Path, chance: random.Random) -> str:
        found: list[str] = []

        def drop(whole: dict[str, Any]) -> None:
            if whole:
                found.append(chance.choice(sorted(whole)))
                del whole[found[0]]

        _json(directory, file, drop)
        return f"no {', '.join(found)}"

    return alter


def _section(directory: Path, chance: random.Random) -> str:
    name, values = chance.choice(
        (("normalizer", NORMALIZERS), ("pre_tokenizer", PRE_TOKENIZERS), ("decoder", DECODERS))
    )
    value = chance.choice(values)
    _json(directory, "tokenizer.json", lambda whole: whole.update({name: value}))
    return f"{name} = {value}"


def _template(directory: Path, chance: random.Random) -> str:
    """Special tokens in another order, of other segments, missing, twice, or of another number."""
    said = ""

    def change(whole: dict[str, Any]) -> None:
        nonlocal said
        part = whole.get("post_processor")
        if not isinstance(part, dict) or part.get("type") != "TemplateProcessing" or chance.random() < 0.2:
            whole["post_processor"], said = None, "none"
            return
        form = chance.choice(("single", "pair"))
        items = part[form]
        deed = chance.choice(("drop", "twice", "reverse", "segment", "number"))
        place = chance.randrange(len(items)) if items else 0
        if deed == "drop" and items:
            items.pop(place)
        elif deed == "twice" and items:
            items.insert(place, items[place])
        elif deed == "reverse":
            items.reverse()
        elif deed == "segment" and items:
            next(iter(items[place].values()))["type_id"] = chance.choice((1, 2, 7))
        elif part["special_tokens"]:
            next(iter(part["special_tokens"].values()))["ids"] = [chance.choice((0, 7, 31, 999))]
        said = f"{deed} of {form}"

    _json(directory, "tokenizer.json", change)
    return said


def _added(directory: Path, chance: random.Random) -> str:
    flags = {name: chance.random() < 0.4 for name in ("single_word", "lstrip", "rstrip", "normalized", "special")}
    content = chance.choice(("cat", "the cat", " ", "[E1]", "\u732b", "a", "[UNK]", "s"))
    number = chance.choice((0, 5, 40, 999))

    def change(whole: dict[str, Any]) -> None:
        entries = whole.setdefault("added_tokens", [])
        if entries and chance.random() < 0.5:
            chance.choice(entries).update(flags)
        elif entries and chance.random() < 0.3:
            entries.pop(chance.randrange(len(entries)))
        else:
            entries.append({"id": number, "content": content, **flags})

    _json(directory, "tokenizer.json", change)
    return f"{content!r} as {number}, {[name for name, is_set in flags.items() if is_set]}"


def _vocabulary(directory: Path, chance: random.Random) -> str:
    """Entries taken out, renamed, or with numbers changed."""
    deed = chance.choice(("drop", "drop", "rename", "swap", "many"))
    said = ""

    def change(whole: dict[str, Any]) -> None:
        nonlocal said
        vocabulary = whole.get("model", {}).get("vocab")
        if isinstance(vocabulary, dict) and vocabulary:
            names = sorted(vocabulary)
            one, other = chance.choice(names), chance.choice(names)
            if deed == "rename":
                vocabulary["\u732b" + one] = vocabulary.pop(one)
            elif deed == "swap":
                vocabulary[one], vocabulary[other] = vocabulary[other], vocabulary[one]
            else:
                for name in [one] if deed == "drop" else chance.sample(names, len(names) // 3):
                    del vocabulary[name]
        elif isinstance(vocabulary, list) and vocabulary:
            one = vocabulary.pop(chance.randrange(len(vocabulary)))[0]
            if deed == "rename":
                vocabulary.append(["\u732b" + one, -2.0])
        else:
            one = "nothing"
        said = f"{deed} {one!r}"

    _json(directory, "tokenizer.json", change)
    return said


def _rules(directory: Path, chance: random.Random) -> str:
    key, value = chance.choice(
        (
            ("unk_token", None), ("unk_token", "the"), ("continuing_subword_prefix", ""),
            ("max_input_chars_per_word", 2),
            ("dropout", 0.5), ("byte_fallback", True), ("fuse_unk", True), ("unk_id", None), ("ignore_merges", True),
            ("merges", []), ("end_of_word_suffix", "</w>"),
        )
    )  # fmt: skip
    _json(directory, "tokenizer.json", lambda whole: whole.get("model", {}).update({key: value}))
    return f"model.{key} = {value!r}"


def _whole(directory: Path, chance: random.Random) -> str:
    key, value = chance.choice(
        (
            ("truncation", {"direction": "Right", "max_length": 6, "strategy": "LongestFirst", "stride": 0}),
            ("padding", {"strategy": {"Fixed": 16}, "direction": "Left", "pad_to_multiple_of": None, "pad_id": 0,
                         "pad_type_id": 0, "pad_token": "[PAD]"}),
            ("padding", {"strategy": "BatchLongest", "direction": "Right", "pad_to_multiple_of": 8, "pad_id": 3,
                         "pad_type_id": 1, "pad_token": "x"}),
            ("version", "1.0"),
            ("added_tokens", []),
        )
    )  # fmt: skip
    _json(directory, "tokenizer.json", lambda whole: whole.update({key: value}))
    return f"{key} = {value}"


def _bare(directory: Path, chance: random.Random) -> str:
    """The vocabulary in the files of old, without tokenizer.json; or no settings of the tokenizer."""
    path = directory / "tokenizer.json"
    if chance.random() < 0.3 or not path.is_file():
        (directory / "tokenizer_config.json").unlink(missing_ok=True)
        return "no tokenizer_config.json"
    model = json.loads(path.read_text(encoding="utf-8")).get("model", {})
    path.unlink()
    if isinstance(model.get("vocab"), dict):
        words = sorted(model["vocab"], key=model["vocab"].__getitem__)
        if "merges" in model:
            (directory / "vocab.json").write_text(json.dumps(model["vocab"]))
            lines = [each if isinstance(each, str) else " ".join(each) for each in model["merges"]]
            (directory / "merges.txt").write_text("\n".join(["#version: 0.2", *lines]), encoding="utf-8")
        else:
            ends = chance.choice(("\n", "\r\n"))
            (directory / "vocab.txt").write_bytes(ends.join(words).encode())
    return "vocabulary alone"


def _special_map(directory: Path, chance: random.Random) -> str:
    kind = chance.choice(("unk", "pad", "cls", "sep", "mask"))
    value = chance.choice(("the", "[NEW]", None, {"content": "[MASK]", "lstrip": True, "normalized": True}))
    _json(directory, "special_tokens_map.json", lambda whole: whole.update({f"{kind}_token": value}))
    return f"{kind}_token = {value}"


def _weights(directory: Path, chance: random.Random) -> str:
    path = directory / "model.safetensors"
    if not path.is_file():
        return "no file"
    tensors = load_file(path)
    name = chance.choice(sorted(tensors))
    deed = chance.choice(tuple(DEEDS))
    DEEDS[deed](tensors, name, chance)
    save_file({key: each.contiguous().clone() for key, each in tensors.items()}, path, {"format": "pt"})
    return f"{deed} {name}"


Tensors = dict[str, torch.Tensor]


def _each(change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Tensors, str, random.Random], None]:
    def alter(tensors: Tensors, name: str, chance: random.Random) -> None:
        tensors.update({key: change(each) for key, each in tensors.items()})

    return alter


def _one(change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Tensors, str, random.Random], None]:
    def alter(tensors: Tensors, name: str, chance: random.Random) -> None:
        tensors[name] = change(tensors[name])

    return alter


def _prefix(tensors: Tensors, name: str, chance: random.Random) -> None:
    prefix = chance.choice(("module.", "bert.", "model.", ""))
    old = dict(tensors)
    tensors.clear()
    tensors.update({(prefix + key if prefix else key.partition(".")[2] or key): each for key, each in old.items()})


def _more(tensors: Tensors, name: str, chance: random.Random) -> None:
    tensors[chance.choice(("extra.weight", f"{name}.weight", "bert.encoder.layer.9.output.dense.bias"))] = torch.ones(4)


def _first_nan(value: float) -> Callable[[torch.Tensor], torch.Tensor]:
    def change(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.is_floating_point() and tensor.numel():
            tensor = tensor.clone()
            tensor.view(-1)[0] = value
        return tensor

    return change


DEEDS: dict[str, Callable[[Tensors, str, random.Random], None]] = {
    "half": _each(lambda each: each.half() if each.is_floating_point() else each),
    "bfloat16": _each(lambda each: each.bfloat16() if each.is_floating_point() else each),
    "double": _each(lambda each: each.double() if each.is_floating_point() else each),
    "large": _each(lambda each: each * 1e30 if each.is_floating_point() else each),
    "larger": _each(lambda each: each * 1e8 if each.is_floating_point() else each),
    "zero": _each(torch.zeros_like),
    "one large": _one(lambda each: each * 1e30 if each.is_floating_point() else each),
    "one huge": _one(lambda each: each * 3e37 if each.is_floating_point() else each),
    "one zero": _one(torch.zeros_like),
    "nan in": _one(_first_nan(float("nan"))),
    "infinite": _one(_first_nan(float("inf"))),
    "transposed": _one(lambda each: each.t() if each.ndim == 2 else each),
    "whole": _one(lambda each: each.long()),
    "flat": _one(lambda each: each.reshape(-1)),
    "shorter": _one(lambda each: each[: max(1, each.shape[0] // 2)] if each.ndim else each),
    "longer": _one(lambda each: torch.cat([each, each]) if each.ndim else each),
    "no": lambda tensors, name, chance: tensors.pop(name) if len(tensors) > 1 else None,
    "prefix": _prefix,
    "more": _more,
}
ALTERATIONS: dict[str, Alter] = {
    "config": _field("config.json", CONFIG_VALUES),
    "config ": _field("config.json", CONFIG_VALUES),
    "config less": _without("config.json"),
    "settings": _field("tokenizer_config.json", SETTING_VALUES),
    "settings less": _without("tokenizer_config.json"),
    "section": _section,
    "template": _template,
    "added": _added,
    "vocabulary": _vocabulary,
    "rules": _rules,
    "tokenizer": _whole,
    "tokenizer less": _without("tokenizer.json"),
    "bare": _bare,
    "special map": _special_map,
    "weights": _weights,
    "weights ": _weights,
}


def numbers(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """(path, number or array) of everything in an answer."""
    if isinstance(value, bool | str | type(None)):
        return
    if isinstance(value, int | float | np.ndarray | np.generic):
        yield place, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from numbers(each, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for each in value:
            yield from numbers(each, place)
    else:
        for name in getattr(value, "__match_args__", ()):
            yield from numbers(getattr(value, name), f"{place}.{name}")
