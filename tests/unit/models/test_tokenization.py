"""Words of a text in which no spaces stand, worked by hand on a small Unigram vocabulary."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from bert_demo.models.byte_pieces import of_bytes, readable
from bert_demo.models.tokenization import encode
from bert_demo.models.tokenizer import FastTokenizer
from bert_demo.registry.languages import mostly_chinese
from bert_demo.training.pretraining.vocabulary import for_transformers, unigram

PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    "▁the",
    "▁ca",
    "t",
    "酒店",
    "的",
    "很好",
    "这家",
    "。",
    "i",
    "Pad",
    "<mask>",
]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("这家酒店的很好。", ["这家", "酒店", "的", "很好", "。"]),
        ("这家<mask>很好", ["这家", "<mask>", "很好"]),
        ("the cat", ["the", " cat"]),
        ("the 酒店", ["the", " 酒店"]),
        ("iPad很好 the cat", ["iPad", "很好", " the", " cat"]),
    ],
)
def test_words_between_which_no_spaces_stand_are_pieces(text: str, words: list[str]) -> None:
    tokenizer = for_transformers(unigram(PIECES, [0.0] * 4 + [-1.0] * 11 + [0.0]), 64)
    tokens = [token for token in encode(tokenizer, text, None, 64).tokens if not token.special]
    numbers = [token.word for token in tokens]
    assert sorted(set(numbers)) == list(range(len(words))) and numbers == sorted(numbers)
    groups = [[token for token in tokens if token.word == number] for number in range(len(words))]
    assert [text[group[0].start : group[-1].end] for group in groups] == words


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("这家酒店很好", True),
        ("我的MacBook Pro坏了", True),
        ("北京, 2008", True),
        ("I like 北京", False),
        ("The word 好 means good.", False),
        ("東京の天気はいいですね", False),
        ("Das ist gut", False),
        ("2008!", False),
        ("", False),
    ],
)
def test_mostly_chinese(text: str, chinese: bool) -> None:
    assert mostly_chinese(text) is chinese


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["The", "\u0120cat"], ["", "␣cat"]),
        (["f\u00c3", "\u00a9", "e"], ["fé₁", "é₂", ""]),  # C3 A9
        (["na\u00c3\u00afve"], ["naïve"]),
        (["\u0120\u00e6\u013f", "\u00b1\u00e4", "\u00ba\u00ac"], ["␣東₁₂", "東₃京₁", "京₂₃"]),  # E6 9D B1 E4 BA AC
        (["\u010a\u0109"], ["↵⇥"]),
        (["\u00e9"], ["<E9>"]),  # a byte that is no UTF-8 by itself
        (["\u00c3", "<mask>", "\u00a9"], ["<C3>", "", "<A9>"]),  # what stands between parts them
        (["東", "m\u00c2\u00b2"], ["", "m²"]),
    ],
)
def test_byte_pieces_are_shown_as_their_characters(pieces: list[str], shown: list[str]) -> None:
    assert readable(pieces, [piece == "<mask>" for piece in pieces]) == shown


def test_pieces_of_a_byte_level_tokenizer_say_the_text() -> None:
    """Every byte is an entry of its own, so that all beyond ASCII is in parts; an added token stays as it is."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE({letter: number for number, letter in enumerate(alphabet)}, []))
    backend.pre_tokenizer, backend.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    backend.add_tokens(["\u00e9t\u00e9"])
    assert of_bytes(backend)
    tokenizer = FastTokenizer(PreTrainedTokenizerFast(tokenizer_object=backend), 64)
    tokens = tokenizer.encode("a \u6771\u00e9t\u00e9").tokens
    assert [token.shown for token in tokens] == ["a", "␣", "東₁", "東₂", "東₃", "\u00e9t\u00e9"]
    assert [token.text for token in tokens][1:3] == ["\u0120", "\u00e6"]
    unigrams = for_transformers(unigram(PIECES, [0.0] * 4 + [-1.0] * 11 + [0.0]), 64)
    assert [token.shown for token in FastTokenizer(unigrams, 64).encode("the cat").tokens][1:3] == ["▁the", "▁ca"]
