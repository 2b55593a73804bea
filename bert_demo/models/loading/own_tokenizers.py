"""Tokenizers of families that have none in transformers which tells where a token stands in the text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, processors
from transformers import AutoTokenizer, BertTokenizer, PreTrainedTokenizerFast
from transformers.models.roc_bert.modeling_roc_bert import RoCBertEmbeddings

from bert_demo.core.errors import BrokenModelError
from bert_demo.models.loading.jieba_words import CLASSES, jieba_tokenizer

SPELT = {"shape_of": "word_shape.json", "pronunciation_of": "word_pronunciation.json"}
"""What RoCBert reads beside a token's id, and the files that give it for each token."""


def own_tokenizer(directory: Path, settings: Mapping[str, Any], model_type: str, name: str) -> Any:
    """The tokenizer of a directory whose family's class in transformers does not place tokens, or reads its vocabulary
    wrongly, made of that; None for all others. settings: of its tokenizer_config.json. Raises ModelKindError."""
    if model_type == "roformer" and settings.get("tokenizer_class") in CLASSES:
        return jieba_tokenizer(directory, settings, name)
    return _letters(directory / "vocab.txt", settings) if model_type == "esm" and _bare(directory) else None


def tokenizer_class(directory: Path, model_type: str) -> Any:
    """The class of transformers that reads the tokenizer of a directory."""
    return BertTokenizer if model_type == "roc_bert" and _bare(directory) else AutoTokenizer


def _bare(directory: Path) -> bool:
    return (directory / "vocab.txt").is_file() and not (directory / "tokenizer.json").is_file()


def _letters(vocabulary: Path, settings: Mapping[str, Any]) -> PreTrainedTokenizerFast:
    """ESM's: each letter is a token, and so is each longer entry; what is none of them is unknown up to the next."""
    entries = [line.strip() for line in vocabulary.read_text(encoding="utf-8").splitlines()]
    names = {"unk": "<unk>", "cls": "<cls>", "pad": "<pad>", "mask": "<mask>", "eos": "<eos>"}
    special = {f"{kind}_token": str(settings.get(f"{kind}_token") or name) for kind, name in names.items()}
    numbered = {entry: number for number, entry in enumerate(entries)}
    backend = Tokenizer(models.WordLevel(numbered, unk_token=special["unk_token"]))
    letters = "".join(rf"\x{{{ord(entry):x}}}" for entry in entries if len(entry) == 1)
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex(f"[{letters}]"), "isolated")]
    )
    backend.add_tokens([AddedToken(entry, normalized=False) for entry in entries if len(entry) > 1])
    first, last = special["cls_token"], special["eos_token"]
    backend.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}",
        pair=f"{first} $A {last} $B {last}",
        special_tokens=[(each, numbered[each]) for each in (first, last)],
    )
    most = settings.get("model_max_length")
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_input_names=["input_ids", "attention_mask"],
        **special,
        **({} if most is None else {"model_max_length": most}),
    )


class SpeltEmbeddings(RoCBertEmbeddings):  # type: ignore[misc,unused-ignore]
    """RoCBert's, given the shape and the pronunciation of each token, which follow from its id."""

    def forward(
        self,
        input_ids: Any = None,
        input_shape_ids: Any = None,
        input_pronunciation_ids: Any = None,
        token_type_ids: Any = None,
        position_ids: Any = None,
        inputs_embeds: Any = None,
        past_key_values_length: int = 0,
    ) -> torch.Tensor:
        """(batch, n, d), as transformers computes it from the ids of its own tokenizer."""
        if input_ids is not None:
            input_shape_ids, input_pronunciation_ids = self.shape_of[input_ids], self.pronunciation_of[input_ids]
        states: torch.Tensor = super().forward(
            input_ids,
            input_shape_ids,
            input_pronunciation_ids,
            token_type_ids,
            position_ids,
            inputs_embeds,
            past_key_values_length,
        )
        return states


def spell(model: Any, tokenizer: Any, directory: Path, name: str) -> None:
    """Let a RoCBert look up what else it reads of each token. Raises BrokenModelError where that cannot be had."""
    embeddings = model.base_model.embeddings
    for table, file in SPELT.items():
        path = directory / file
        if not path.is_file():
            raise BrokenModelError(
                f"The model {name!r} is incomplete: it has no {file}, which it reads beside the tokens. Save it again."
            )
        numbers = json.loads(path.read_text(encoding="utf-8"))
        other = numbers.get(str(tokenizer.unk_token), 0)
        found = torch.zeros(model.config.vocab_size, dtype=torch.long)
        for entry, number in tokenizer.get_vocab().items():
            found[number] = int(numbers.get(entry, other))
        found[[tokenizer.cls_token_id, tokenizer.sep_token_id]] = int(other)  # as its own tokenizer frames a text
        rows = getattr(embeddings, "shape_embed" if table == "shape_of" else "pronunciation_embed").num_embeddings
        if not 0 <= int(found.min()) <= int(found.max()) < rows:
            raise BrokenModelError(f"The {file} of the model {name!r} does not fit it: the model has {rows} rows.")
        embeddings.register_buffer(table, found, persistent=False)
    embeddings.__class__ = SpeltEmbeddings
