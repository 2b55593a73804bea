"""Words of a text in which no spaces stand, worked by hand on a small Unigram vocabulary."""

from __future__ import annotations

import pytest

from bert_demo.models.tokenization import encode
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
