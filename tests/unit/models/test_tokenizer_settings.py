"""Tokenizers whose settings are unusual but right: the same numbers as from ids put together by hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from loaded import loaded
from safetensors.torch import load_file, save_file
from transformers import AutoModelForMaskedLM, AutoModelForSequenceClassification, AutoTokenizer

from bert_demo import BertService
from bert_demo.core.errors import BrokenModelError, ChoiceError, TextError
from bert_demo.tasks.classification import label_logits
from bert_demo.tasks.fill_mask import fill_mask

TEXT = "the cat sat on the mat"


@pytest.fixture
def labels(tiny_classifier: str, tmp_path: Path) -> Path:
    """A classifier, which may be changed."""
    return Path(shutil.copytree(tiny_classifier, tmp_path / "labels"))


def settings(directory: Path, **fields: Any) -> None:
    """Fields of tokenizer_config.json, put in or replaced."""
    path = directory / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


@torch.inference_mode()
def logits_of(directory: Path, ids: list[int], segments: list[int] | None = None) -> np.ndarray:
    """What transformers computes of ids."""
    model = AutoModelForSequenceClassification.from_pretrained(directory).eval()
    more = {} if segments is None else {"token_type_ids": torch.tensor([segments])}
    return model(input_ids=torch.tensor([ids]), **more).logits[0].numpy()


def test_texts_are_padded_on_the_right_whatever_side_the_tokenizer_says(labels: Path) -> None:
    """Absolute positions are counted from the first column: padding on the left would move every token."""
    settings(labels, padding_side="left")
    model = loaded(str(labels))
    encodings = [model.encode(text) for text in (TEXT, "a dog", "the film was good")]
    expected = [logits_of(labels, [token.id for token in each.tokens]) for each in encodings]
    for places, found in model.heads["text-classification"].batched_logits(encodings):
        for place, row in zip(places, found, strict=True):
            np.testing.assert_allclose(row, expected[place], atol=1e-5)


def test_one_entry_may_begin_part_and_end_a_text(labels: Path) -> None:
    """As mmBERT's: <bos>, the separator and <eos> share one id."""
    sep = AutoTokenizer.from_pretrained(labels).sep_token_id
    path = labels / "tokenizer.json"
    whole = json.loads(path.read_text())
    whole["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                   {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
        "pair": [{"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                 {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}},
                 {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
        "special_tokens": {"[SEP]": {"id": "[SEP]", "ids": [sep], "tokens": ["[SEP]"]}},
    }  # fmt: skip
    path.write_text(json.dumps(whole))
    settings(labels, cls_token="[SEP]", bos_token="[SEP]", eos_token="[SEP]")
    model = loaded(str(labels))
    encoding = model.encode("the cat", "a dog")
    assert [token.text for token in encoding.tokens] == ["[SEP]", "the", "cat", "[SEP]", "a", "dog", "[SEP]"]
    assert [token.special for token in encoding.tokens] == [True, False, False, True, False, False, True]
    assert [token.segment for token in encoding.tokens] == [0, 0, 0, 0, 1, 1, 1]
    assert [token.word for token in encoding.tokens] == [None, 0, 1, None, 2, 3, None]
    expected = logits_of(labels, [token.id for token in encoding.tokens], list(encoding.segments))
    np.testing.assert_allclose(label_logits(model, encoding)[0], expected, atol=1e-5)
    assert model.control_tokens.count("[SEP]") == 1
    found = BertService().attribute("the cat", "a dog", str(labels), "low")
    assert found.input_output == pytest.approx(expected[0], abs=1e-4) and found.converged


@pytest.mark.parametrize("names", [["input_ids"], ["attention_mask", "input_ids", "token_type_ids"]])
def test_inputs_may_be_named_few_and_in_any_order(labels: Path, names: list[str]) -> None:
    settings(labels, model_input_names=names)
    model = loaded(str(labels))
    for pair in (None, "a dog"):
        encoding = model.encode(TEXT, pair)
        segments = list(encoding.segments) if "token_type_ids" in names else None
        expected = logits_of(labels, [token.id for token in encoding.tokens], segments)
        np.testing.assert_allclose(label_logits(model, encoding)[0], expected, atol=1e-5)


def test_mask_may_be_written_otherwise(tiny_masked: str, tmp_path: Path) -> None:
    """As EuroBERT's, <|mask|>."""
    directory = Path(shutil.copytree(tiny_masked, tmp_path / "words"))
    for file in ("tokenizer.json", "tokenizer_config.json"):
        path = directory / file
        path.write_text(path.read_text().replace("[MASK]", "<|mask|>"))
    model = loaded(str(directory))
    assert model.mask_token == "<|mask|>"
    found = fill_mask(model, "the cat <|mask|>", 3, None, ()).slots[0].candidates
    inputs = AutoTokenizer.from_pretrained(tiny_masked)("the cat [MASK]", return_tensors="pt")
    with torch.inference_mode():
        logits = AutoModelForMaskedLM.from_pretrained(tiny_masked).eval()(**inputs).logits[0, 3]
    best = logits.softmax(-1).topk(3)
    assert [each.token for each in found] == best.indices.tolist()
    assert [each.score for each in found] == pytest.approx(best.values.tolist(), abs=1e-5)


def test_classifier_without_a_mask_answers_and_says_what_it_lacks(labels: Path, tiny_classifier: str) -> None:
    settings(labels, mask_token=None)
    service = BertService()
    expected = service.classify(TEXT, None, tiny_classifier)
    found = service.classify(TEXT, None, str(labels))
    assert [each.score for each in found.labels] == pytest.approx([each.score for each in expected.labels])
    with pytest.raises(ChoiceError, match=r"This model has no mask token\. Choose the baseline pad or zero"):
        service.attribute(TEXT, None, str(labels), baseline="mask")
    with pytest.raises(ChoiceError, match=r"This model has no mask token\. Delete or replace the word instead"):
        service.what_if(TEXT, 1, model=str(labels))
    assert service.what_if(TEXT, 1, "delete", model=str(labels)).text == "the sat on the mat"


def test_weights_of_truth_values_are_refused(labels: Path) -> None:
    tensors = load_file(labels / "model.safetensors")
    tensors["classifier.weight"] = tensors["classifier.weight"] > 0
    save_file(tensors, labels / "model.safetensors", {"format": "pt"})
    with pytest.raises(BrokenModelError, match=r"classifier\.weight is stored as BOOL in model\.safetensors"):
        loaded(str(labels))


def test_hypothesis_as_long_as_the_text_is_refused(tiny_classifier: str) -> None:
    """transformers' zero-shot pipeline 5.23.0 cuts the text in silence to nothing beside a long hypothesis."""
    with pytest.raises(TextError, match="Both texts are long"):
        BertService().zero_shot("the cat " * 20, ["good " * 20, "bad"], tiny_classifier, entailment="high")
