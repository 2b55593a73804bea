"""The lens Fill-mask says which words are hidden, and what to do where there is none."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from bert_demo import BertService
from bert_demo.views.panels.fill_mask import words_panel
from bert_demo.web.examples import load_examples
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask, Hidden
from bert_demo.web.tabs.fill_mask import FillMaskTab, clickable

OPENING = load_examples()[0]


def plain(markup: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", markup))).strip()


def claim(panel: str) -> str:
    return plain(re.search(r'<p class="claim".*?</p>', panel, re.S).group())


def answer(service: BertService, text: str, hidden: Hidden) -> list[str]:
    return FillMaskTab().answer(service, Ask(text, "", "base"), hidden, [3], JobProgress())


def test_hidden_word_of_the_opening_is_named(service: BertService) -> None:
    words, slots, _ = answer(service, OPENING.ask.text, OPENING.hide)
    assert claim(words) == "“film” is hidden; click a word to hide another, or the mask to bring it back."
    assert "The hidden word film" in plain(slots)


def test_own_text_says_at_once_what_to_do(service: BertService) -> None:
    text = "The waiter brought the soup."
    words, slots, _ = answer(service, text, ())
    assert claim(words) == "Nothing is hidden yet: click a word, and the model guesses it. For example brought"
    offered = json.loads(unescape(re.search(r'class="offer" data-pick="([^"]+)"', words).group(1)))
    assert offered == {"hide": [[text.index("brought"), text.index("brought") + 7]]}
    assert "No mask yet" in plain(slots)
    words, slots, _ = answer(service, text, tuple(map(tuple, offered["hide"])))
    assert claim(words).startswith("“brought” is hidden;") and "The hidden word brought" in plain(slots)


def test_mask_of_the_text_needs_no_word_hidden(service: BertService) -> None:
    words, slots, _ = answer(service, "Water freezes into [MASK].", ())
    assert claim(words) == "The text has a mask of its own; click a word to hide another."
    assert "Mask 1" in plain(slots) and "offer" not in words


@pytest.mark.parametrize(
    ("count", "said"), [(2, "“a”, “b” are hidden;"), (7, "“a”, “b”, “c”, “d”, “e” and 2 more are")]
)
def test_several_hidden_words_are_named(count: int, said: str) -> None:
    spans = [(2 * place, 2 * place + 1) for place in range(8)]
    assert claim(words_panel("a b c d e f g h", spans, spans[:count], "[MASK]")).startswith(said)


def test_words_of_a_link_that_are_none_can_be_clicked_as_they_are(service: BertService) -> None:
    """A link may hide the tokenizer's words: of "don't" the first three letters."""
    assert clickable(((0, 1), (2, 7), (7, 8)), ((2, 5),)) == ((0, 1), (2, 5), (7, 8))
    assert clickable(((0, 1), (2, 7), (7, 8)), ((2, 7),)) == ((0, 1), (2, 7), (7, 8))
    words, _, _ = answer(service, "I don't.", ((2, 5),))
    assert claim(words).startswith("\u201cdon\u201d is hidden")
    spans = [json.loads(unescape(each))["hide"] for each in re.findall(r'data-pick="(.*?)"', words)]
    assert spans == [[[0, 1], [2, 5]], [], [[2, 5], [7, 8]]]
