"""Labels of one's own against transformers' zero-shot pipeline 5.23.0; where that is wrong, against what is right."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import save_tokenizer, tiny_config
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertForSequenceClassification, pipeline

from bert_demo import BertService, Settings
from bert_demo.core.errors import ChoiceError, MissingHeadError
from bert_demo.web.components.zero_shot import labelled_text
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask

TEXT, LABELS, TEMPLATE = "the cat sat on the mat", ["good", "bad", "sad"], "the film is {} ."
USUAL = ("contradiction", "neutral", "entailment")


@pytest.fixture(scope="module")
def tiny() -> BertService:
    return BertService(Settings())


def save(directory: Path, labels: tuple[str, ...] = USUAL) -> str:
    save_tokenizer(directory)
    torch.manual_seed(5)
    config = tiny_config(id2label=dict(enumerate(labels)), label2id={name: place for place, name in enumerate(labels)})
    BertForSequenceClassification(config).save_pretrained(directory)
    return str(directory)


def oracle(place: str, several: bool = False, text: str = TEXT) -> dict[str, float]:
    ask = pipeline("zero-shot-classification", place)
    found = ask(text, LABELS, hypothesis_template=TEMPLATE, multi_label=several)
    return dict(zip(found["labels"], found["scores"], strict=True))


def scores(result: Any) -> dict[str, float]:
    return {each.label: each.score for each in result.labels}


@pytest.mark.parametrize("several", [False, True])
def test_labels_are_those_of_the_pipeline(tiny: BertService, tmp_path: Path, several: bool) -> None:
    place = save(tmp_path)
    found = tiny.zero_shot(TEXT, LABELS, place, TEMPLATE, several=several)
    assert scores(found) == pytest.approx(oracle(place, several), abs=1e-5)
    assert (found.entailment, found.contradiction) == ("entailment", "contradiction" if several else "")
    assert [each.score for each in found.labels] == sorted((each.score for each in found.labels), reverse=True)


def test_contradiction_is_found_by_its_name(tiny: BertService, tmp_path: Path) -> None:
    """`postprocess` takes label 0, or the last one where that is the entailment: here it is neutral that is set
    against (pipelines/zero_shot_classification.py)."""
    place = save(tmp_path, ("entailment", "contradiction", "neutral"))
    found = tiny.zero_shot(TEXT, LABELS, place, TEMPLATE, several=True)
    model = AutoModelForSequenceClassification.from_pretrained(place).eval()
    tokenizer = AutoTokenizer.from_pretrained(place)
    for label in LABELS:
        with torch.inference_mode():
            logits = model(**tokenizer(TEXT, TEMPLATE.format(label), return_tensors="pt")).logits[0].double()
        assert scores(found)[label] == pytest.approx(float(logits[[1, 0]].softmax(-1)[1]), abs=1e-5)
        wrong = float(logits[[2, 0]].softmax(-1)[1])
        assert oracle(place, True)[label] == pytest.approx(wrong, abs=1e-5), "transformers' pipeline has changed"


def test_long_text_is_read_whole(tiny: BertService, tmp_path: Path) -> None:
    """`_parse_and_tokenize` cuts the text in silence (truncation "only_first")."""
    place = save(tmp_path)
    ends = ["the dog ran . " * 12 + end for end in ("ice is water", "a cat is sad")]
    one, other = (tiny.zero_shot(text, LABELS, place, TEMPLATE) for text in ends)
    assert one.windows > 1 and scores(one) != pytest.approx(scores(other), abs=1e-4)
    assert oracle(place, text=ends[0]) == pytest.approx(oracle(place, text=ends[1]), abs=1e-6), "transformers changed"


def test_visitor_says_which_label_entails(tiny: BertService, tmp_path: Path, tiny_classifier: str) -> None:
    with pytest.raises(ChoiceError, match=r"is called entailment\. Say which of them means .* low, middle, high"):
        tiny.zero_shot(TEXT, LABELS, tiny_classifier)
    found = tiny.zero_shot(TEXT, LABELS, tiny_classifier, TEMPLATE, "high")
    assert found.entailment == "high" and sum(scores(found).values()) == pytest.approx(1)
    with pytest.raises(ChoiceError, match="is called contradiction"):
        tiny.zero_shot(TEXT, LABELS, tiny_classifier, TEMPLATE, "high", True)
    two = save(tmp_path, ("not_entailment", "entailment"))
    assert tiny.zero_shot(TEXT, LABELS, two, TEMPLATE, several=True).contradiction == "not_entailment"


def test_what_is_asked_is_checked(tiny: BertService, tmp_path: Path, tiny_masked: str) -> None:
    place = save(tmp_path)
    for labels, template, why in (
        ([], TEMPLATE, "labels must be a list"),
        (["good", "good"], TEMPLATE, "labels must differ"),
        (LABELS, "the film", "must have {} once"),
    ):
        with pytest.raises(ChoiceError, match=re.escape(why)):
            tiny.zero_shot(TEXT, labels, place, template)
    with pytest.raises(MissingHeadError, match="has no text-classification head"):
        tiny.zero_shot(TEXT, LABELS, tiny_masked)


def test_section_of_classify_shows_the_labels(tiny: BertService, tmp_path: Path) -> None:
    place = save(tmp_path)
    panel = labelled_text(tiny, Ask(TEXT, "", place), JobProgress(), "good, bad\nsad", TEMPLATE, "", False)
    expected = oracle(place)
    said = " ".join(re.sub(r"<[^>]+>", " ", panel).split())
    assert all(f"{label} {100 * expected[label]:.1f} %" in said for label in LABELS)
    assert np.isclose(sum(expected.values()), 1)
