"""Words as people mean them, worked by hand; then as the pieces of real tokenizers make them up."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from bert_demo import BertService
from bert_demo.core.errors import ChoiceError
from bert_demo.models.base import Encoding
from bert_demo.models.tokenizer import FastTokenizer
from bert_demo.models.words import in_words, words_in
from bert_demo.results import Token
from bert_demo.training.pretraining.vocabulary import for_transformers, unigram


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I don't pay 9.99.", ["I", "don't", "pay", "9.99", "."]),
        ("#tag, @name: 10:30!", ["#tag", ",", "@name", ":", "10:30", "!"]),
        ("(see https://a.org/b?c=1&d=(2).)", ["(", "see", "https://a.org/b?c=1&d=(2)", ".", ")"]),
        ("www.a.org/, a.org/b_(c)? me@a.org.", ["www.a.org/", ",", "a.org/b_(c)", "?", "me@a.org", "."]),
        ("the dog\N{RIGHT SINGLE QUOTATION MARK}s well-known R&D", ["the", "dog\u2019s", "well-known", "R&D"]),
        ("'quoted' \"text\u201d", ["'", "quoted", "'", '"', "text", "\u201d"]),
        ("it's\N{EM DASH}fine, really...no", ["it's", "\N{EM DASH}", "fine", ",", "really", ".", ".", ".", "no"]),
        ("1,000 of a,b a--b", ["1,000", "of", "a", ",", "b", "a", "-", "-", "b"]),
        ("the U.S. and e.g. $5 50%", ["the", "U.S.", "and", "e.g.", "$", "5", "50", "%"]),
        ("good\N{THUMBS UP SIGN}\U0001f3fd!", ["good", "\N{THUMBS UP SIGN}\U0001f3fd", "!"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("\u0928\u092e\u0938\u094d\u0924\u0947!", ["\u0928\u092e\u0938\u094d\u0924\u0947", "!"]),
        ("\ta\n\n#", ["a", "#"]),
        ("  ", []),
    ],
)
def test_words_stand_between_spaces_with_their_punctuation_apart(text: str, words: list[str]) -> None:
    assert [text[start:end] for start, end in words_in(text)] == words


def made_of(*pieces: tuple[int, int, int | None]) -> Encoding:
    """Tokens of (start, end, word of the tokenizer)."""
    tokens = tuple(Token("x", 5, start, end, 0, word, word is None, False) for start, end, word in pieces)
    return Encoding(tokens, (0,) * len(tokens), (tuple(range(len(tokens))),), ((0, len(tokens) - 1),))


@pytest.mark.parametrize(
    ("text", "pieces", "numbers"),
    [
        ("don't go", [(0, 3, 0), (3, 4, 1), (4, 5, 2), (6, 8, 3)], [0, 0, 0, 1]),
        # A piece over the border between two words makes them one.
        ("good). So", [(0, 4, 0), (4, 6, 1), (7, 9, 2)], [0, 1, 2]),
        ("go... on", [(0, 2, 0), (2, 4, 0), (4, 5, 0), (6, 8, 1)], [0, 1, 2, 3]),
        ("is.\nNo", [(0, 2, 0), (2, 4, 1), (4, 6, 2)], [0, 1, 2]),
        # Pieces that count the space before them in, and one that is only that.
        ("a don't", [(0, 1, 0), (1, 5, 1), (5, 7, 2)], [0, 1, 1]),
        ("a dog", [(0, 1, 0), (1, 2, 1), (2, 5, 1)], [0, 1, 1]),
        ("a\n\nb", [(0, 1, 0), (1, 3, 1), (3, 4, 2)], [0, 1, 2]),
        # Three bytes of one character, and a second one.
        ("\u6771\u4eac", [(0, 1, 0), (0, 1, 0), (0, 1, 0), (1, 2, 0)], [0, 0, 0, 1]),
        # Scripts without spaces: each piece by itself.
        ("\u30d0\u30b9\u3067", [(0, 2, 0), (2, 3, 0)], [0, 1]),
        ("\u0e01\u0e32\u0e23\u0e14\u0e35", [(0, 3, 0), (3, 5, 0)], [0, 1]),
        # Letters that the tokenizer itself counts as words, as one of proteins does; two pieces of one of its words.
        ("MKT", [(0, 1, 0), (1, 2, 1), (2, 3, 2)], [0, 1, 2]),
        ("MKT", [(0, 1, 0), (1, 2, 0), (2, 3, 0)], [0, 0, 0]),
        ("iPad\u5f88\u597d", [(0, 1, 0), (1, 4, 0), (4, 6, 1)], [0, 0, 1]),
    ],
)
def test_words_are_made_of_pieces(text: str, pieces: list[tuple[int, int, int]], numbers: list[int]) -> None:
    framed = made_of((0, 0, None), *pieces, (0, 0, None))
    found = in_words(framed, (text, None))
    assert [token.word for token in found.tokens] == [None, *numbers, None]
    assert in_words(framed, (text, None), "tokenizer") is framed
    assert [(token.start, token.end) for token in found.tokens] == [(token.start, token.end) for token in framed.tokens]


def test_words_of_both_texts_are_counted_through(service: BertService) -> None:
    texts = "I don't.", "You don't!"
    encoding = in_words(service.model("base").encode(*texts), texts)
    assert [token.word for token in encoding.tokens] == [None, 0, 1, 1, 1, 2, None, 3, 4, 4, 4, 5, None]


def test_words_of_a_byte_level_tokenizer_are_the_same() -> None:
    """Every byte is a piece of its own, and so are spaces, which the tokenizer counts to the word behind them."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE({letter: number for number, letter in enumerate(alphabet)}, []))
    backend.pre_tokenizer, backend.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    text = "I don't \u6771\u4eac, 9.99"
    encoding = FastTokenizer(PreTrainedTokenizerFast(tokenizer_object=backend), 64).encode(text)
    found = in_words(encoding, (text, None))
    spans: dict[int, list[Token]] = {}
    for token in found.tokens:
        spans.setdefault(token.word or 0, []).append(token)
    assert list(spans) == list(range(len(spans)))
    assert [text[group[0].start : group[-1].end].strip() for group in spans.values()] == [
        "I", "don't", "\u6771", "\u4eac", ",", "9.99",
    ]  # fmt: skip


def test_chinese_words_are_as_the_tokenizer_gives_them(service: BertService) -> None:
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "\u2581", "\u9152\u5e97", "\u7684", "\u5f88\u597d", "<mask>"]
    tokenizer = FastTokenizer(for_transformers(unigram(pieces, [0.0] * 4 + [-1.0] * 4 + [0.0]), 64), 64)
    text = "\u9152\u5e97\u7684\u5f88\u597d"
    for encoding in (tokenizer.encode(text), service.model("base").encode(text)):
        assert in_words(encoding, (text, None)).tokens == encoding.tokens


def test_service_has_both_words(service: BertService) -> None:
    text = "Outstays its welcome, don't it?"
    whole = ["Outstays", "its", "welcome", ",", "don't", "it", "?"]
    parted = ["Outstays", "its", "welcome", ",", "don", "'", "t", "it", "?"]
    for rule, words in (("spaces", whole), ("tokenizer", parted)):
        assert [text[start:end] for start, end in service.words(text, rule=rule)] == words
    with pytest.raises(ChoiceError, match="rule must be one of: spaces, tokenizer"):
        service.words(text, rule="letters")
