"""Why that word, and what if it were another one: against captum and the plain model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import LayerIntegratedGradients
from conftest import MODELS, OPENING, oracle_classifier
from transformers import AutoModelForPreTraining, AutoModelForSequenceClassification, AutoTokenizer

from bert_demo import BertService
from bert_demo.core.errors import ChoiceError, MaskError, MissingHeadError, TextError

CLOZE = "The capital of France is [MASK], and I like it."


@pytest.fixture(scope="module")
def base():
    model = AutoModelForPreTraining.from_pretrained(MODELS / "base", dtype=torch.float32).eval()
    return model, AutoTokenizer.from_pretrained(MODELS / "base")


def captum_at_the_mask(base, tokens: tuple[str, ...], steps: int) -> np.ndarray:
    """captum on the embedding module; the mask and the special tokens are kept in the baseline."""
    model, tokenizer = base
    ids = tokenizer(CLOZE, return_tensors="pt")["input_ids"]
    place = int((ids[0] == 103).nonzero())
    baseline = torch.where((ids == 103) | (ids == 101) | (ids == 102), ids, 0)
    chosen = tokenizer.convert_tokens_to_ids(list(tokens))

    def forward(ids: torch.Tensor) -> torch.Tensor:
        logits = model(input_ids=ids).prediction_logits[:, place]
        return logits[:, chosen[0]] - (logits[:, chosen[1]] if len(chosen) > 1 else 0)

    scores = LayerIntegratedGradients(forward, model.bert.embeddings).attribute(
        ids, baseline, n_steps=steps, internal_batch_size=16
    )
    return scores.sum(-1)[0].detach().numpy()


@pytest.mark.parametrize("tokens", [("paris",), ("london",), ("paris", "london")])
def test_filling_is_explained_as_captum_does(service: BertService, base, tokens) -> None:
    found = service.attribute_mask(CLOZE, *tokens, steps=20)
    assert np.abs(found.scores - captum_at_the_mask(base, tokens, 20)).max() <= 1e-4
    assert found.mask == 6 and found.scores[6] == 0 and found.model == "base"
    assert found.target == " \N{MINUS SIGN} ".join(tokens)
    assert found.output == ("difference" if len(tokens) > 1 else "logit")


def test_difference_is_the_difference_of_both(service: BertService) -> None:
    one, other = (service.attribute_mask(CLOZE, word, steps=24) for word in ("paris", "london"))
    both = service.attribute_mask(CLOZE, "paris", "london", steps=24)
    assert np.abs(both.scores - (one.scores - other.scores)).max() <= 1e-4
    assert both.input_output == pytest.approx(one.input_output - other.input_output, abs=1e-5)


def test_ledger_of_a_filling_closes(service: BertService, base) -> None:
    model, tokenizer = base
    found = service.attribute_mask(CLOZE, "paris", tolerance=0.02)
    assert found.converged
    with torch.no_grad():
        logits = model(**tokenizer(CLOZE, return_tensors="pt")).prediction_logits[0, 6]
    assert found.input_output == pytest.approx(float(logits[tokenizer.convert_tokens_to_ids("paris")]), abs=1e-4)
    chance = service.attribute_mask(CLOZE, "paris", output="probability", steps=4)
    assert chance.input_output == pytest.approx(
        float(logits.softmax(-1)[tokenizer.convert_tokens_to_ids("paris")]), abs=1e-5
    )


def test_attention_is_read_where_the_head_reads(service: BertService) -> None:
    found = service.attribute_mask(CLOZE, "paris", method="attention_last_layer")
    weights = service.attention(CLOZE, model="base").weights
    assert found.scores == pytest.approx(weights[-1].mean(0)[6], abs=1e-6)


def test_second_of_two_masks(service: BertService) -> None:
    found = service.attribute_mask("The [MASK] sat on the [MASK].", "table", mask=1, method="saliency")
    assert found.mask == 6 and found.converged is None


@pytest.mark.parametrize(
    ("error", "changes", "message"),
    [
        (MaskError, {"text": "No mask here."}, r"There is no \[MASK\] in the text"),
        (ChoiceError, {"mask": 1}, "mask must be from 0 to 0"),
        (ChoiceError, {"mask": -1}, "mask must be from 0"),
        (ChoiceError, {"candidate": "unbelievable story"}, "is 2 tokens of this model|is 3 tokens"),
        (ChoiceError, {"candidate": ""}, "candidate must be a word"),
        (ChoiceError, {"against": 5}, "against must be a word"),
        (TextError, {"candidate": "\ud83d"}, "half of a surrogate pair"),
        (ChoiceError, {"candidate": "\N{SNOWMAN}"}, "is not in this model's vocabulary"),
        (ChoiceError, {"method": "magic"}, "method must be one of"),
        (MaskError, {"text": "good " * 600 + "[MASK]"}, "longer than the 512 tokens"),
        (MissingHeadError, {"model": "sentiment"}, "no fill-mask head"),
    ],
)
def test_wrong_questions_about_a_filling(service: BertService, error, changes, message) -> None:
    with pytest.raises(error, match=message):
        service.attribute_mask(**{"text": CLOZE, "candidate": "paris", **changes})


def test_attribute_layers_equals_captum_at_each_layer(service: BertService, tiny_classifier: str) -> None:
    """captum on the input of each layer, with the same special tokens; every row closes the same ledger."""
    model = AutoModelForSequenceClassification.from_pretrained(tiny_classifier).eval()
    kinds = {"model": tiny_classifier, "target": "middle", "tolerance": 0.002}
    found = service.attribute_layers("not a bad film", **kinds)
    whole = service.attribute("not a bad film", **kinds)
    ids = AutoTokenizer.from_pretrained(tiny_classifier)("not a bad film", return_tensors="pt")["input_ids"]
    baseline = ids.clone()
    baseline[0, 1:-1] = 0
    assert found.scores.shape == (3, 6) and all(found.converged)
    assert np.abs(found.scores[0] - whole.scores).max() < 1e-5
    assert found.input_output == pytest.approx(whole.input_output, abs=1e-5)
    scores = LayerIntegratedGradients(lambda ids: model(input_ids=ids).logits, model.bert.encoder.layer[0]).attribute(
        ids, baseline, target=1, n_steps=400, internal_batch_size=50
    )
    expected = scores.sum(-1)[0].detach().numpy()
    assert np.abs(found.scores[1] - expected).max() <= 0.01 * np.abs(expected).max()
    assert np.abs(found.scores[2, 1:]).max() < 1e-6
    assert found.scores[2, 0] == pytest.approx(found.input_output - found.baseline_output, rel=0.01)
    difference = abs(found.input_output - found.baseline_output)
    for delta, row in zip(found.deltas, found.scores, strict=True):
        assert abs(delta) <= 0.002 * max(difference, np.abs(row).sum() / 10)


@pytest.mark.parametrize(
    ("change", "replacement", "text"),
    [
        ("mask", "", "Not a masterpiece, but a warm and [MASK] film that never outstays its welcome."),
        ("delete", "", "Not a masterpiece, but a warm and film that never outstays its welcome."),
        ("replace", "dull", "Not a masterpiece, but a warm and dull film that never outstays its welcome."),
    ],
)
def test_changed_word_is_asked_again(service: BertService, change, replacement, text) -> None:
    model, tokenizer = oracle_classifier("sentiment"), AutoTokenizer.from_pretrained(MODELS / "base")
    words = [word.text for word in service.attribute(OPENING, method="random").words]
    found = service.what_if(OPENING, words.index("funny"), change, replacement, target="positive")
    assert found.text == text and found.word == "funny"
    with torch.no_grad():
        for said, asked in ((found.before, OPENING), (found.after, text)):
            assert said == pytest.approx(float(model(**tokenizer(asked, return_tensors="pt")).logits[0, 1]), abs=1e-4)
    assert found.after_label == service.classify(text).labels[0].label


def test_first_last_and_second_text(service: BertService) -> None:
    assert service.what_if("Good film", 0, "delete").text == "film"
    assert service.what_if("Good film", 1, "delete").text == "Good"
    assert service.what_if("Good film, really", 2, "delete").text == "Good film really"
    pair = service.what_if("Good film", 2, "replace", "bad", pair="nice cast")
    assert pair.text == "bad cast" and pair.word == "nice"


def test_change_may_not_spell_a_control_token(service: BertService) -> None:
    words = [word.text for word in service.attribute("a [SxEP] b", method="random").words]
    with pytest.raises(TextError, match=r"changed text spells \[SEP\]"):
        service.what_if("a [SxEP] b", words.index("SxEP"), "replace", "SEP")


@pytest.mark.parametrize(
    ("error", "changes", "message"),
    [
        (ChoiceError, {"word": 2}, "word must be from 0 to 1"),
        (ChoiceError, {"word": -1}, "word must be from 0"),
        (ChoiceError, {"word": "first"}, "word must be a whole number"),
        (ChoiceError, {"change": "shout"}, "change must be one of: mask, delete, replace"),
        (TextError, {"change": "replace"}, "replacement is empty"),
        (TextError, {"change": "replace", "replacement": "[SEP]"}, r"replacement spells \[SEP\]"),
        (TextError, {"text": "good", "word": 0, "change": "delete"}, "the text is empty"),
    ],
)
def test_wrong_changes(service: BertService, error, changes, message) -> None:
    with pytest.raises(error, match=message):
        service.what_if(**{"text": "good film", "word": 0, **changes})
