"""A tiny random checkpoint of every family in the registry, with the kind of tokenizer that its real ones have."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from conftest import WORDS
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

from bert_demo.registry.families import FAMILIES, Family

LABELS = {0: "low", 1: "middle", 2: "high"}
SIZES = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
NARROW: dict[str, dict[str, Any]] = {
    "modernbert": {"local_attention": 4, "global_attn_every_n_layers": 2},
    "deberta": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_biased_input": False},
    "deberta-v2": {
        "relative_attention": True,
        "pos_att_type": ["c2p", "p2c"],
        "position_biased_input": False,
        "position_buckets": 8,
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
        "conv_kernel_size": 3,
    },
    "eurobert": {"num_key_value_heads": 1},
    "convbert": {"embedding_size": 8, "num_attention_heads": 4, "conv_kernel_size": 3},
    "squeezebert": {"embedding_size": 16},
    "roformer": {"embedding_size": 8},
    "xmod": {"languages": ["en_XX", "de_DE"]},
    "esm": {
        "position_embedding_type": "rotary",
        "token_dropout": True,
        "mask_token_id": 4,
        "emb_layer_norm_before": False,
    },
    "roc_bert": {
        "pronunciation_embed_dim": 4,
        "shape_embed_dim": 4,
        "pronunciation_vocab_size": 9,
        "shape_vocab_size": 9,
    },
    "albert": {"embedding_size": 8},
    "electra": {"embedding_size": 8},
    "rembert": {"input_embedding_size": 8, "output_embedding_size": 12},
    "mobilebert": {
        "embedding_size": 8,
        "intermediate_size": 16,
        "intra_bottleneck_size": 8,
        "true_hidden_size": 8,
    },
}
"""Sizes that a family has besides."""
CHINESE = "\u732b \u72d7 \u5750 \u5728 \u57ab \u5b50 \u4e0a \u597d \u574f \u7535 \u5f71 \u7684 \u5f88 \u662f"
MANY = "\u0434\u043e\u043c \u043a\u043e\u0442 \u03c3\u03c0\u03af\u03c4\u03b9 maison chat H\u00e4us ##er \u00f1"
KINDS = ("ForSequenceClassification", "ForMaskedLM", "ForNextSentencePrediction", "ForPreTraining")
EVERY = ("ForTokenClassification", "ForQuestionAnswering")
"""Further heads that all families have for which transformers has the class."""
SPECIAL = {
    "wordpiece": ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    "bytes": ("<s>", "<pad>", "</s>", "<unk>", "<mask>"),
    "unigram": ("<s>", "<pad>", "</s>", "<unk>"),
    "MPNetTokenizer": ("<s>", "<pad>", "</s>", "[UNK]", "<mask>"),
    "AlbertTokenizer": ("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"),
    "DebertaTokenizer": ("[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"),
    "DebertaV2Tokenizer": ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"),
    "FNetTokenizer": ("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"),
    "BigBirdTokenizer": ("<pad>", "</s>", "<s>", "<unk>", "[SEP]", "[MASK]", "[CLS]"),
    "letters": ("<cls>", "<pad>", "<eos>", "<unk>", "<mask>"),
    "PreTrainedTokenizerFast": ("[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"),
    "RemBertTokenizer": ("<pad>", "[CLS]", "<unk>", "[SEP]", "[MASK]"),
    "CamembertTokenizer": ("<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>"),
}
"""The first entries of a vocabulary, by tokenizer class or by its kind."""
POSITIONS = 128


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a tiny model of a family is called, and what it reads. texts: three sentences of its words."""

    name: str
    family: Family
    words: str = WORDS
    texts: tuple[str, str, str] = ("the cat sat on the mat", "a good film", "the dog ran home")
    cased: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """The heads that the family has."""
        further = (kind for kind in EVERY if hasattr(transformers, f"{self.family.prefix}{kind}"))
        return (*(KINDS if self.family.next_sentence else KINDS[:2]), *further)


PROTEINS = Checkpoint("esm", FAMILIES["esm"], " ".join("LAGVSERTIDPKQNFYMHWC"), ("MKTAYIAKQR", "LAGV", "SERTID"))
CHECKPOINTS = (
    *(Checkpoint(name, family) if name != "esm" else PROTEINS for name, family in FAMILIES.items()),
    Checkpoint(
        "chinese", FAMILIES["bert"], f"{WORDS} {CHINESE}",
        ("\u732b\u5750\u5728\u57ab\u5b50\u4e0a", "\u597d\u7535\u5f71", "\u72d7\u5f88\u597d"),
    ),
    Checkpoint(
        "multilingual", FAMILIES["bert"], f"{WORDS} {MANY}",
        ("\u0434\u043e\u043c the H\u00e4user", "maison \u03c3\u03c0\u03af\u03c4\u03b9", "\u043a\u043e\u0442 \u00f1"),
        cased=True,
    ),
)  # fmt: skip


def build(checkpoint: Checkpoint, kind: str, directory: Path) -> None:
    """Save a checkpoint with that head and its tokenizer. Wide random weights, so that answers differ."""
    family = checkpoint.family
    tokenizer = _tokenizer(checkpoint, directory)
    tokenizer.save_pretrained(directory)
    sizes = {family.names.get(name, name): size for name, size in SIZES.items()} | NARROW.get(family.model_type, {})
    config = getattr(transformers, f"{family.prefix}Config")(
        vocab_size=len(tokenizer),
        **({"type_vocab_size": family.segments} if family.segments else {}),
        max_position_embeddings=POSITIONS + family.position(tokenizer.pad_token_id),
        initializer_range=0.3,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        id2label={0: "begins", 1: "ends"} if kind == "ForQuestionAnswering" else LABELS,
        **sizes,
    )
    torch.manual_seed(7)
    model = getattr(transformers, f"{family.prefix}{kind}")(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("bias"):
                weight.add_(0.3 * torch.randn_like(weight))
    model.save_pretrained(directory)


def _tokenizer(checkpoint: Checkpoint, directory: Path) -> Any:
    family, words = checkpoint.family, checkpoint.words.split()
    kind = getattr(transformers, family.tokenizer_class)
    if family.model_type in ("esm", "roc_bert"):
        return _of_files(kind, words, SPECIAL[family.tokenizer], directory)
    special = SPECIAL.get(family.tokenizer_class, SPECIAL[family.tokenizer])
    if family.tokenizer == "wordpiece":
        numbered = {word: number for number, word in enumerate([*special, *words])}
        return kind(vocab=numbered, do_lower_case=not checkpoint.cased, model_max_length=POSITIONS)
    if family.tokenizer_class == "PreTrainedTokenizerFast":
        return _generic(_pairs_of_bytes(words, special), special)
    if family.tokenizer == "bytes":
        return kind(**_pairs_of_bytes(words, special), model_max_length=POSITIONS)
    letters = sorted(set("".join(words).replace("#", "")))
    plain = [word for word in words if not word.startswith("##")]
    scored = [*((f"\u2581{word}", -3.0) for word in plain), ("\u2581", -6.0), *((each, -9.0) for each in letters)]
    mask = [] if "[MASK]" in special else [("<mask>", 0.0)]
    return kind(vocab=[*((each, 0.0) for each in special), *scored, *mask], model_max_length=POSITIONS)


def _of_files(kind: Any, words: list[str], special: tuple[str, ...], directory: Path) -> Any:
    """Of a class that reads its vocabulary line by line, and beside it what RoCBert reads of each entry."""
    directory.mkdir(parents=True, exist_ok=True)
    entries = [*special, *words]
    (directory / "vocab.txt").write_text("\n".join(entries))
    files = {"vocab_file": directory / "vocab.txt"}
    if "RoCBert" in kind.__name__:
        for place, file in enumerate(("word_shape", "word_pronunciation")):
            numbers = {entry: (number * (place + 2)) % 9 for number, entry in enumerate(entries)}
            (directory / f"{file}.json").write_text(json.dumps(numbers))
            files[f"{file}_file"] = directory / f"{file}.json"
    return kind(**{name: str(file) for name, file in files.items()}, model_max_length=POSITIONS)


def _generic(pairs: dict[str, Any], special: tuple[str, ...]) -> Any:
    """A tokenizer of no class of its own, whose file says all."""
    first, pad, last, unknown, mask = special
    backend = Tokenizer(models.BPE(**pairs))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}",
        pair=f"{first} $A {last} $B {last}",
        special_tokens=[(each, pairs["vocab"][each]) for each in (first, last)],
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend,
        cls_token=first,
        pad_token=pad,
        sep_token=last,
        unk_token=unknown,
        mask_token=AddedToken(mask, lstrip=True, normalized=False),
        model_max_length=POSITIONS,
        model_input_names=["input_ids", "attention_mask"],
    )


def _pairs_of_bytes(words: list[str], special: tuple[str, ...]) -> dict[str, Any]:
    """Byte-level BPE that joins each word letter by letter, with the space before it."""
    vocabulary = list(special)
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
