"""A tiny random checkpoint of every architecture of the family, with the kind of tokenizer that its real ones have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from conftest import WORDS

LABELS = {0: "low", 1: "middle", 2: "high"}
SIZES = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
CHINESE = "\u732b \u72d7 \u5750 \u5728 \u57ab \u5b50 \u4e0a \u597d \u574f \u7535 \u5f71 \u7684 \u5f88 \u662f"
MANY = "\u0434\u043e\u043c \u043a\u043e\u0442 \u03c3\u03c0\u03af\u03c4\u03b9 maison chat H\u00e4us ##er \u00f1"
KINDS = ("ForSequenceClassification", "ForMaskedLM", "ForNextSentencePrediction", "ForPreTraining")


@dataclass(frozen=True, slots=True)
class Family:
    """prefix: of its classes; tokens: "wordpiece", "bytes" or "unigram"; changes: to SIZES; texts: three sentences."""

    name: str
    prefix: str
    tokens: str
    kinds: tuple[str, ...]
    changes: dict[str, Any]
    words: str = WORDS
    texts: tuple[str, str, str] = ("the cat sat on the mat", "a good film", "the dog ran home")


DISTIL = {"dim": 16, "n_layers": 3, "n_heads": 2, "hidden_dim": 32}
MOBILE = {
    "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 16,
    "embedding_size": 8, "intra_bottleneck_size": 8, "true_hidden_size": 8,
}  # fmt: skip
FAMILIES = (
    Family("bert", "Bert", "wordpiece", KINDS, SIZES),
    Family("distilbert", "DistilBert", "wordpiece", KINDS[:2], DISTIL),
    Family("roberta", "Roberta", "bytes", KINDS[:2], SIZES),
    Family("albert", "Albert", "unigram", KINDS[:2], SIZES | {"embedding_size": 8}),
    Family("electra", "Electra", "wordpiece", KINDS[:2], SIZES | {"embedding_size": 8}),
    Family("mobilebert", "MobileBert", "wordpiece", KINDS, MOBILE),
    Family("xlm-roberta", "XLMRoberta", "unigram", KINDS[:2], SIZES),
    Family("camembert", "Camembert", "unigram", KINDS[:2], SIZES),
    Family(
        "chinese", "Bert", "wordpiece", KINDS[:3], SIZES, f"{WORDS} {CHINESE}",
        ("\u732b\u5750\u5728\u57ab\u5b50\u4e0a", "\u597d\u7535\u5f71", "\u72d7\u5f88\u597d"),
    ),
    Family(
        "multilingual", "Bert", "cased", KINDS[:2], SIZES, f"{WORDS} {MANY}",
        ("\u0434\u043e\u043c the H\u00e4user", "maison \u03c3\u03c0\u03af\u03c4\u03b9", "\u043a\u043e\u0442 \u00f1"),
    ),
)  # fmt: skip


def build(family: Family, kind: str, directory: Path) -> None:
    """Save a checkpoint with that head and its tokenizer. Wide random weights, so that answers differ."""
    tokenizer = _tokenizer(family)
    tokenizer.save_pretrained(directory)
    config_type = getattr(transformers, f"{family.prefix}Config")
    rows = 130 if family.prefix in ("Roberta", "XLMRoberta", "Camembert") else 128
    config = config_type(
        vocab_size=len(tokenizer),
        **({} if "dim" in family.changes else {"type_vocab_size": 1 if rows == 130 else 2}),
        max_position_embeddings=rows,
        initializer_range=0.3,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        id2label=LABELS,
        **family.changes,
    )
    torch.manual_seed(7)
    model = getattr(transformers, f"{family.prefix}{kind}")(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("bias"):
                weight.add_(0.3 * torch.randn_like(weight))
    model.save_pretrained(directory)


def _tokenizer(family: Family) -> Any:
    words = family.words.split()
    options: dict[str, Any] = {"model_max_length": 128}
    if family.tokens in ("wordpiece", "cased"):
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
        kind = {"DistilBert": "DistilBertTokenizer", "Electra": "ElectraTokenizer"}.get(family.prefix, "BertTokenizer")
        numbered = {word: number for number, word in enumerate(vocabulary)}
        return getattr(transformers, kind)(vocab=numbered, do_lower_case=family.tokens == "wordpiece", **options)
    if family.tokens == "bytes":
        return transformers.RobertaTokenizer(**_pairs_of_bytes(words), **options)
    letters = sorted(set("".join(words).replace("#", "")))
    plain = [word for word in words if not word.startswith("##")]
    scored = [*((f"\u2581{word}", -3.0) for word in plain), ("\u2581", -6.0), *((each, -9.0) for each in letters)]
    if family.prefix == "Albert":
        special = [(each, 0.0) for each in ("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]")]
        return transformers.AlbertTokenizer(vocab=[*special, *scored], **options)
    special = [(each, 0.0) for each in ("<s>", "<pad>", "</s>", "<unk>")]
    if family.prefix == "Camembert":
        special = [
            (each, 0.0) for each in ("<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>")
        ]
        return transformers.CamembertTokenizer(vocab=[*special, *scored, ("<mask>", 0.0)], **options)
    return transformers.XLMRobertaTokenizer(vocab=[*special, *scored, ("<mask>", 0.0)], **options)


def _pairs_of_bytes(words: list[str]) -> dict[str, Any]:
    """Byte-level BPE that joins each word letter by letter, with the space before it."""
    vocabulary = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    merges: list[tuple[str, str]] = []
    for word in words:
        if word.startswith("##"):
            continue
        letters = ["\u0120", *word]
        vocabulary += [each for each in dict.fromkeys(letters) if each not in vocabulary]
        whole = letters[0]
        for letter in letters[1:]:
            if (whole, letter) not in merges:
                merges.append((whole, letter))
            whole += letter
            if whole not in vocabulary:
                vocabulary.append(whole)
    return {"vocab": {each: number for number, each in enumerate(vocabulary)}, "merges": merges}
