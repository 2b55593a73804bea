"""A vocabulary of word pieces that keeps what the rows need, and the rows of the embeddings with it.

The answers on the rows stay what they were; words of other texts may fall into other pieces, or be unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn

from bert_demo.core.errors import ModelKindError
from bert_demo.training.smaller.draft import Draft

_IDS = tuple(f"{kind}_token_id" for kind in ("pad", "unk", "cls", "sep", "mask", "bos", "eos"))
_FIT = ("TemplateProcessing", "BertProcessing", "RobertaProcessing")
"""What puts special tokens around a text; whatever else may stand there knows no numbers of entries."""


def trim_vocabulary(draft: Draft, texts: Sequence[tuple[str, ...]]) -> str:
    """Strike what these texts (single or in pairs) do not need; a sentence about it. Raises ModelKindError.

    Numbers of added tokens, of the template around a text and of the configuration follow: tokenizers 0.23 would read
    a stale template without a word.
    """
    spelled = _spelled(draft)
    numbers: dict[str, int] = dict(spelled["model"]["vocab"])
    numbers |= {each["content"]: each["id"] for each in spelled["added_tokens"]}
    config, table = draft.module.config, draft.module.get_input_embeddings()
    names = {number: entry for entry, number in numbers.items()}
    needed = {each["content"] for each in spelled["added_tokens"]} | {spelled["model"]["unk_token"]}
    needed |= {names[number] for name in _IDS if (number := getattr(config, name, None)) in names}
    needed |= _pieces(draft.tokenizer, spelled["model"], texts)
    kept = sorted(needed & set(numbers), key=lambda entry: numbers[entry])
    places = {entry: place for place, entry in enumerate(kept)}
    rows = torch.tensor([numbers[entry] for entry in kept])
    for name in _IDS:
        if (number := getattr(config, name, None)) is not None:
            setattr(config, name, places.get(names.get(number, "")))
    padding = table.padding_idx
    table.weight = nn.Parameter(table.weight.data[rows], requires_grad=False)
    table.num_embeddings, table.padding_idx = len(kept), None if padding is None else places.get(names[padding])
    config.vocab_size = len(kept)
    _renumber(spelled, places)
    draft.tokenizer, draft.renumbered = Tokenizer.from_str(json.dumps(spelled)), True
    return f"{len(kept):,} of {len(numbers):,} entries are kept; other texts may hold words that are unknown now"


def _spelled(draft: Draft) -> dict[str, Any]:
    """The tokenizer as tokenizer.json writes it. Raises ModelKindError for one of another algorithm."""
    try:
        spelled: dict[str, Any] = json.loads(draft.tokenizer.to_str())
    except Exception:  # with a part in Python, such as RoFormer's, the library raises a bare Exception
        spelled = {"model": {}}
    table = draft.module.get_input_embeddings()
    alone = isinstance(table, nn.Embedding) and draft.module.config.model_type != "roc_bert"
    if spelled["model"].get("type") != "WordPiece" or not alone:
        raise ModelKindError(
            "The vocabulary of this kind of model cannot be trimmed: that is done where words are cut into word "
            "pieces, each with one vector. Leave --way vocabulary out."
        )
    return spelled


def _pieces(tokenizer: Tokenizer, model: Mapping[str, Any], texts: Sequence[tuple[str, ...]]) -> set[str]:
    """Entries that the texts are cut into, and those by which a word that is unknown came to be so."""
    found: set[str] = set()
    words: set[str] = set()
    for each in texts:
        found.update(tokenizer.encode(each[0], each[1] if len(each) > 1 else None).tokens)
        for text in each:
            plain = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text
            parts = tokenizer.pre_tokenizer.pre_tokenize_str(plain) if tokenizer.pre_tokenizer else [(plain, (0, 0))]
            words.update(word for word, _ in parts)
    for word in words:
        found.update(longest_first(word, model["vocab"], model["continuing_subword_prefix"]))
    return found


def longest_first(word: str, vocabulary: Mapping[str, int], prefix: str) -> Iterable[str]:
    """The pieces of a word as WordPiece takes them, up to where none fits.

    Of an unknown word they are kept, too: without "ab", "abc" would become "a" and "##bc" where it was unknown.
    """
    start = 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = (prefix if start else "") + word[start:end]
            if piece in vocabulary:
                yield piece
                start = end
                break
        else:
            return


def _renumber(spelled: dict[str, Any], places: Mapping[str, int]) -> None:
    spelled["model"]["vocab"] = dict(places)
    for each in spelled["added_tokens"]:
        each["id"] = places[each["content"]]
    whole = spelled.get("post_processor") or {}
    for processor in whole.get("processors", [whole]):
        if processor.get("type") not in _FIT:
            continue
        for each in processor.get("special_tokens", {}).values():
            each["ids"] = [places[entry] for entry in each["tokens"]]
        for name in ("sep", "cls"):
            if name in processor:
                processor[name] = [processor[name][0], places[processor[name][0]]]
