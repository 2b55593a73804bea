"""Classify equals transformers' own pipeline; long texts are the mean of their windows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conftest import MODELS, OPENING, oracle_classifier
from transformers import AutoTokenizer, pipeline

from bert_demo import BertService
from bert_demo.core.errors import MissingHeadError, TextError

TEXTS = (
    OPENING,
    "bad",
    "!!!",
    "A [MASK] evening.",
    "\N{GRINNING FACE} fun \N{HEAVY BLACK HEART}",
    "\u4f60\u597d\uff0c\u4e16\u754c",
    "\u05e9\u05dc\u05d5\u05dd friend",
    "tab\there\nand a new line",
)


@pytest.fixture(scope="module")
def oracle():
    return pipeline(
        "text-classification",
        model=oracle_classifier("sentiment"),
        tokenizer=AutoTokenizer.from_pretrained(MODELS / "base"),
        top_k=None,
    )


def scores(answer: list) -> dict[str, float]:
    """label -> score of a pipeline's answer, which nests a list for a text and none for a pair."""
    rows = answer[0] if isinstance(answer[0], list) else answer
    return {row["label"]: row["score"] for row in rows}


@pytest.mark.parametrize("text", TEXTS)
def test_equals_the_pipeline(service: BertService, oracle, text: str) -> None:
    expected = scores(oracle(text))
    found = service.classify(text)
    assert {each.label: each.score for each in found.labels} == pytest.approx(expected, abs=1e-5)
    assert [each.label for each in found.labels] == sorted(expected, key=expected.get, reverse=True)
    assert len(found.windows) == 1


def test_a_pair_equals_the_pipeline(service: BertService, oracle) -> None:
    expected = scores(oracle({"text": "A warm film.", "text_pair": "It is not."}))
    found = service.classify("A warm film.", "It is not.")
    assert {each.label: each.score for each in found.labels} == pytest.approx(expected, abs=1e-5)
    assert [token.segment for token in found.tokens] == [0] * 6 + [1] * 5


def test_tokens_are_those_of_the_tokenizer(service: BertService) -> None:
    tokenizer = AutoTokenizer.from_pretrained(MODELS / "base")
    found = service.classify(OPENING)
    assert [token.id for token in found.tokens] == tokenizer(OPENING)["input_ids"]
    assert [token.text for token in found.tokens if token.special] == ["[CLS]", "[SEP]"]
    for token in found.tokens[1:-1]:
        assert OPENING[token.start : token.end].lower() == token.text.removeprefix("##")


def test_unknown_characters_are_marked(service: BertService) -> None:
    found = service.classify("good \N{PILE OF POO}")
    assert [token.unknown for token in found.tokens] == [False, False, True, False]


def test_a_long_text_is_the_mean_of_overlapping_windows(service: BertService) -> None:
    text = "The film was good at first and then it was bad. " * 60
    found = service.classify(text)
    tokenizer = AutoTokenizer.from_pretrained(MODELS / "base")
    model = oracle_classifier("sentiment")
    ids = tokenizer(text, truncation=False, verbose=False)["input_ids"]
    assert [token.id for token in found.tokens] == ids
    assert len(found.windows) == 2
    by_window = []
    for window in found.windows:
        assert len(window.positions) == 512
        assert window.positions[0] == 0 and window.positions[-1] == len(ids) - 1
        with torch.no_grad():
            logits = model(torch.tensor([[ids[position] for position in window.positions]])).logits
        by_window.append(logits.softmax(-1)[0].numpy())
    expected = np.mean(by_window, axis=0)
    by_label = {each.label: each.score for each in found.labels}
    assert [by_label["negative"], by_label["positive"]] == pytest.approx(expected, abs=1e-5)
    read = set(found.windows[0].positions) | set(found.windows[1].positions)
    assert read == set(range(len(ids)))
    assert len(set(found.windows[0].positions) & set(found.windows[1].positions)) >= 127


def test_a_text_at_the_limit_is_one_window(service: BertService) -> None:
    assert len(service.classify("good " * 510).windows) == 1
    assert len(service.classify("good " * 511).windows) == 2


def test_two_long_texts_are_refused(service: BertService) -> None:
    with pytest.raises(TextError, match="Both texts are long"):
        service.classify("good " * 400, "bad " * 400)


def test_a_long_text_beside_a_short_one_keeps_the_short_one_in_every_window(service: BertService) -> None:
    found = service.classify("good " * 600, "and bad")
    assert [window.span for window in found.windows] == [(1, 507), (94, 600)]
    for window in found.windows:
        kept = [found.tokens[position].text for position in window.positions[-4:]]
        assert kept == ["[SEP]", "and", "bad", "[SEP]"]
        assert len(window.positions) == 512


def test_a_review_is_judged_by_its_words(service: BertService) -> None:
    for text, label in (
        ("A wonderful, moving film with great performances.", "positive"),
        ("A dull, lifeless mess. I want my money back.", "negative"),
        ("not good", "negative"),
        ("I loved every minute of it.", "positive"),
    ):
        assert service.classify(text).labels[0].label == label, text


def test_three_labels_of_a_model_in_a_directory(service: BertService, tiny_classifier: str) -> None:
    expected = scores(pipeline("text-classification", model=tiny_classifier, top_k=None)("the cat sat on the mat"))
    found = service.classify("the cat sat on the mat", model=tiny_classifier)
    assert {each.label: each.score for each in found.labels} == pytest.approx(expected, abs=1e-5)
    assert found.model == tiny_classifier


def test_a_model_without_the_head_says_so(service: BertService) -> None:
    with pytest.raises(MissingHeadError, match="no text-classification head"):
        service.classify("good", model="base")
    with pytest.raises(MissingHeadError, match="no next-sentence head"):
        service.next_sentence("a", "b", "sentiment")
