"""A tiny BERT with both heads of its pre-training, its tokenizer, and some text to read."""

from __future__ import annotations

import lzma
from pathlib import Path

import torch
from transformers import BertConfig, BertForPreTraining, BertTokenizer

from bert_demo.training.pretraining import corpus
from bert_demo.training.pretraining.packing import Mixture

_WRITTEN = "the a cat dog sat ran on in mat house good bad film was is not very happy sad ice water play . , !"
WORDS = _WRITTEN.split()
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MIXTURE = Mixture(29, single_probability=0.5, pair_probability=0.3, short_pairs=0.5)


def tokenizer() -> BertTokenizer:
    return BertTokenizer(vocab={word: number for number, word in enumerate([*SPECIAL, *WORDS])}, do_lower_case=True)


def model(**changes: object) -> BertForPreTraining:
    """2 layers, 2 heads, 16 hidden, 32 positions, no dropout."""
    torch.manual_seed(1)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    none = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    options = {"max_position_embeddings": 32, "initializer_range": 0.3, **sizes, **none, **changes}
    return BertForPreTraining(BertConfig(vocab_size=len(SPECIAL) + len(WORDS), **options))


def documents() -> list[list[str]]:
    """Paragraphs of one to four sentences of two to nine words, always the same."""
    generator = torch.Generator().manual_seed(3)

    def number(end: int) -> int:
        return int(torch.randint(end, (1,), generator=generator))

    def sentence() -> str:
        return " ".join(WORDS[number(22)] for _ in range(2 + number(8))).capitalize() + "."

    return [[" ".join(sentence() for _ in range(1 + number(4))) for _ in range(1 + number(3))] for _ in range(120)]


def text() -> corpus.Corpus:
    return corpus.encode(documents(), tokenizer())


def save(directory: Path) -> tuple[Path, Path]:
    """(directory of the model, directory of the data with the three texts that `base` reads)."""
    start, data = directory / "start", directory / "data"
    model(max_position_embeddings=128).save_pretrained(start)
    tokenizer().save_pretrained(start)
    (data / "general").mkdir(parents=True)
    written = "\n\n".join("\n".join(paragraphs) for paragraphs in documents())
    for name in ("wiki_leads", "books_pd", "movie_reviews_unlabelled"):
        (data / "general" / f"{name}.txt.xz").write_bytes(lzma.compress(written.encode("utf-8")))
    return start, data
