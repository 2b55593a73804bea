"""Integrated Gradients equal captum's on the embedding module, and add up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
import torch
from captum.attr import LayerIntegratedGradients
from loaded import loaded
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from bert_demo import BertService, Settings
from bert_demo.attribution import METHODS
from bert_demo.attribution.base import Problem
from bert_demo.core.errors import CancelledError, ChoiceError, MissingHeadError, TextError
from bert_demo.results.attention_views import Choice, look
from bert_demo.tasks.attribution import attribute
from bert_demo.tasks.attribution_request import Question
from bert_demo.tasks.attribution_targets import Label
from bert_demo.tasks.classification import classify

TEXT = "the cat was not happy , a good film is very sad !"


@pytest.fixture(scope="module")
def parts(tiny_classifier: str):
    model = AutoModelForSequenceClassification.from_pretrained(tiny_classifier, attn_implementation="eager").eval()
    return model, AutoTokenizer.from_pretrained(tiny_classifier)


def captum_scores(parts, text, pair, target, stand_in, steps, probability=False):
    """captum's LayerIntegratedGradients on model.bert.embeddings, special tokens kept in the baseline."""
    model, tokenizer = parts
    inputs = tokenizer(text, pair, return_tensors="pt", return_special_tokens_mask=True)
    special = inputs.pop("special_tokens_mask").bool()
    ids = inputs.pop("input_ids")
    baseline = torch.where(special, ids, stand_in)

    def forward(ids):
        rows = {name: value.expand(len(ids), -1) for name, value in inputs.items()}
        logits = model(input_ids=ids, **rows).logits
        return logits.softmax(-1) if probability else logits

    scores = LayerIntegratedGradients(forward, model.bert.embeddings).attribute(
        ids, baseline, target=target, n_steps=steps, internal_batch_size=16
    )
    return scores.sum(-1)[0].detach().numpy()


@pytest.mark.parametrize("output", ["logit", "probability"])
@pytest.mark.parametrize("baseline", ["pad", "mask"])
@pytest.mark.parametrize(("text", "pair"), [(TEXT, None), ("bad", None), ("a good house .", "a bad film , sad .")])
def test_attribute_equals_captum_at_the_same_steps(
    service, tiny_classifier, parts, text, pair, baseline, output
) -> None:
    stand_in = {"pad": 0, "mask": parts[1].mask_token_id}[baseline]
    for target in (0, 1):
        kinds = {"target": target, "baseline": baseline, "output": output}
        found = service.attribute(text, pair, tiny_classifier, **kinds, steps=20)
        expected = captum_scores(parts, text, pair, target, stand_in, 20, output == "probability")
        assert np.abs(found.scores - expected).max() <= 1e-4
        assert found.steps == 20 and found.forward_passes == 22


def test_zero_baseline_equals_a_fine_sum_by_hand(service, tiny_classifier, parts) -> None:
    model, tokenizer = parts
    text = "not a bad film"
    ids = tokenizer(text, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        end = model.bert.embeddings(input_ids=ids)
    start = end.clone()
    start[0, 1:-1] = 0
    total = torch.zeros_like(end)
    count = 400
    for index in range(count):
        point = (start + (index + 0.5) / count * (end - start)).requires_grad_()
        hidden = point
        for layer in model.bert.encoder.layer:
            hidden = layer(hidden)
        pooled = model.bert.pooler(hidden)
        model.classifier(pooled)[0, 1].backward()
        total += point.grad
    expected = ((end - start) * total / count).sum(-1)[0].detach().numpy()
    found = service.attribute(text, None, tiny_classifier, target="middle", baseline="zero", tolerance=0.001)
    assert np.abs(found.scores - expected).max() <= 0.005 * np.abs(expected).max()


@pytest.mark.parametrize("text", [TEXT, "the dog is not in a bad house .", "bad"])
@pytest.mark.parametrize("output", ["logit", "probability"])
def test_attribute_closes_the_ledger_with_the_scores_of_many_steps(
    service, tiny_classifier, parts, text, output
) -> None:
    found = service.attribute(text, model=tiny_classifier, target="middle", output=output)
    assert found.converged
    fine = captum_scores(parts, text, None, 1, 0, 600, output == "probability")
    assert np.abs(found.scores - fine).max() <= 0.03 * np.abs(fine).max()
    if found.criterion == "difference":
        assert abs(found.delta) <= 0.01 * abs(found.difference)
    assert found.delta == pytest.approx(found.scores.sum() - (found.input_output - found.baseline_output), abs=1e-9)


def test_ends_of_the_ledger_are_the_models_own_outputs(service, tiny_classifier, parts) -> None:
    model, tokenizer = parts
    inputs = tokenizer(TEXT, return_tensors="pt")
    with torch.no_grad():
        logits = model(**inputs).logits[0]
        empty = inputs["input_ids"].clone()
        empty[0, 1:-1] = 0
        nothing = model(input_ids=empty).logits[0]
    found = service.attribute(TEXT, model=tiny_classifier, target="low")
    assert found.input_output == pytest.approx(float(logits[0]), abs=1e-5)
    assert found.baseline_output == pytest.approx(float(nothing[0]), abs=1e-5)
    best = service.classify(TEXT, model=tiny_classifier).labels[0].label
    assert service.attribute(TEXT, model=tiny_classifier).target == best


def test_words_are_the_sums_of_their_pieces_and_special_tokens_get_nothing(service, tiny_classifier) -> None:
    found = service.attribute("a cat playings in the house .", model=tiny_classifier)
    assert found.scores[0] == 0 and found.scores[-1] == 0
    assert [word.text for word in found.words][-5:] == ["playings", "in", "the", "house", "."]
    playings = next(word for word in found.words if word.text == "playings")
    assert len(playings.positions) == 3
    assert playings.score == pytest.approx(found.scores[list(playings.positions)].sum())
    assert sum(word.score for word in found.words) == pytest.approx(found.total)


def test_polynomial_whose_integral_is_known() -> None:
    """F = x0^2 x1 from (0, 0) to (1, 2): the first gets 4/3, the second 2/3."""
    inputs, baseline = torch.tensor([[[1.0], [2.0]]]), torch.zeros(1, 2, 1)
    solution = METHODS["integrated_gradients"].attribute(
        Problem(lambda x: x[:, 0, 0] ** 2 * x[:, 1, 0], inputs, baseline), 8
    )
    assert solution.scores.tolist() == pytest.approx([4 / 3, 2 / 3], abs=1e-6)


def test_text_of_several_windows_is_their_mean(service, tiny_classifier) -> None:
    text = "the good cat sat on the bad mat . " * 6
    found = service.attribute(text, model=tiny_classifier, target="high", output="probability", tolerance=0.02)
    classified = service.classify(text, model=tiny_classifier)
    assert found.windows == len(classified.windows) == 3
    high = next(each.score for each in classified.labels if each.label == "high")
    assert found.input_output == pytest.approx(high, abs=1e-5)
    assert found.converged and len(found.scores) == len(classified.tokens)


@pytest.mark.parametrize("method", ["integrated_gradients", "gradient_shap", "lime", "shapley_value_sampling"])
def test_concurrent_requests_of_any_method_give_what_they_give_alone(tiny_classifier: str, method: str) -> None:
    """The adaptive path, and methods that draw: six at once, on one model, with its attention asked for in between."""
    texts = [
        f"the {first} {second} was {kind}"
        for first in ("cat", "dog")
        for second in ("sat", "ran")
        for kind in ("good", "bad")
    ]
    shared = BertService(Settings(cache_mb=0))

    def ask(text: str) -> np.ndarray:
        shared.attention(text, model=tiny_classifier)
        return shared.attribute(text, model=tiny_classifier, target="high", method=method).scores

    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(ask, texts))
    alone = BertService(Settings(cache_mb=0))
    for text, scores in zip(texts, together, strict=True):
        expected = alone.attribute(text, model=tiny_classifier, target="high", method=method).scores
        assert np.abs(scores - expected).max() <= 1e-5


def test_attribute_names_a_tolerance_that_cannot_be_met(tiny_classifier: str) -> None:
    found = BertService(Settings(max_steps=9)).attribute(
        "the good cat sat on the bad mat", model=tiny_classifier, tolerance=1e-7
    )
    assert found.converged is False and found.criterion == "none" and found.steps == 9
    assert abs(found.delta) > 1e-7 * abs(found.difference)


def test_margin_is_the_target_less_the_strongest_other(service, tiny_classifier: str) -> None:
    text = "the cat was not happy"
    low, middle, high = (
        service.attribute(text, model=tiny_classifier, target=label, method="random").input_output
        for label in ("low", "middle", "high")
    )
    found = service.attribute(text, model=tiny_classifier, target="middle", output="margin", tolerance=0.005)
    assert found.input_output == pytest.approx(middle - max(low, high), abs=1e-5)
    assert found.converged and abs(found.delta) <= max(
        0.005 * abs(found.difference), 0.0005 * np.abs(found.scores).sum(), 2e-6
    )


def test_nothing_to_explain_is_no_failure(service) -> None:
    """A text of masks from the baseline of masks: no difference, no scores, and the ledger closes."""
    found = service.attribute("[MASK] [MASK]", baseline="mask")
    assert found.converged and np.abs(found.scores).max() < 1e-5 and found.forward_passes < 30


def test_what_would_take_minutes_is_refused(service) -> None:
    with pytest.raises(ChoiceError, match="Shapley value sampling would read"):
        service.attribute("good film " * 200, method="shapley_value_sampling")


def test_concurrent_attributions_are_those_of_one_at_a_time(service, tiny_classifier) -> None:
    texts = [f"{word} film , {word} house" for word in ("good", "bad", "sad", "happy", "very", "ice")]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda text: service.attribute(text, model=tiny_classifier, steps=9), texts))
    alone = BertService()
    for text, result in zip(texts, found, strict=True):
        expected = alone.attribute(text, model=tiny_classifier, steps=9).scores
        assert np.abs(result.scores - expected).max() <= 1e-5


def test_attribute_leaves_the_shared_model_as_it_was(tiny_classifier) -> None:
    model = loaded(tiny_classifier)
    before = classify(model, "the cat sat", None).labels
    module = model.encoder.module
    sums = {name: float(value.double().sum()) for name, value in module.state_dict().items()}
    question = Question(1, "integrated_gradients", "mask", "logit", 0.01, None, 500)
    attribute(Label(model), question, "the good dog sat", None, lambda *_: None)
    assert type(module.bert.embeddings).__name__ == "BertEmbeddings"
    assert {name: float(value.double().sum()) for name, value in module.state_dict().items()} == sums
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in module.parameters())
    assert classify(model, "the cat sat", None).labels == before


def test_attribute_reports_progress_and_can_be_stopped(service) -> None:
    seen = []
    service.attribute("a text nobody asked for yet", steps=12, on_progress=lambda *passes: seen.append(passes))
    assert seen[0] == (0, 14) and all(done <= planned for done, planned in seen)

    def stop(done: int, planned: int) -> None:
        if done >= 2:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        service.attribute("another text nobody asked for yet", steps=12, on_progress=stop)
    assert service.attribute("another text nobody asked for yet", steps=12).steps == 12


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "magic"}, "method must be one of: integrated_gradients"),
        ({"baseline": "noise"}, "baseline must be one of: pad, mask, zero"),
        ({"output": "vibes"}, "output must be one of: logit, probability, margin"),
        ({"target": "sarcastic"}, "target must be one of this model's labels: negative, positive"),
        ({"target": 2}, "target must be one of"),
        ({"steps": 0}, "steps must be from 1 to 256"),
        ({"steps": 10**9}, "steps must be from 1 to 256"),
        ({"tolerance": 0}, "tolerance must be a number between 0 and 1"),
        ({"tolerance": "low"}, "tolerance must be a number"),
        ({"tolerance": float("nan")}, "tolerance must be a number"),
    ],
)
def test_wrong_choices(service, changes, message) -> None:
    with pytest.raises(ChoiceError, match=message):
        service.attribute("good", **changes)


def test_text_too_long_to_be_explained(service) -> None:
    with pytest.raises(TextError, match="read in 10 windows; up to 8 can be explained"):
        service.attribute("good " * 3900)


def test_model_without_a_classifier(service) -> None:
    with pytest.raises(MissingHeadError, match="no text-classification head"):
        service.attribute("good", model="base")


SPOKEN = "it don't sit , 9.99 and #ice !"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("spaces", [["it"], ["don", "'", "t"], ["sit"], [","], ["9", ".", "99"], ["and"], ["#", "ice"], ["!"]]),
        (
            "tokenizer",
            [["it"], ["don"], ["'"], ["t"], ["sit"], [","], ["9"], ["."], ["99"], ["and"], ["#"], ["ice"], ["!"]],
        ),
    ],
)
def test_words_are_those_between_spaces_or_the_tokenizers(service, tiny_classifier, parts, rule, words) -> None:
    """Scores of words are the sums of their pieces', and a method that hides words hides all their pieces at once."""
    model, tokenizer = parts
    given = {} if rule == "spaces" else {"words": rule}
    found = service.attribute(SPOKEN, None, tiny_classifier, "low", **given)
    ends = np.cumsum([0, *map(len, words)]) + 1
    places = [tuple(range(first, last)) for first, last in pairwise(ends)]
    assert [word.positions for word in found.words] == places
    assert [word.text for word in found.words] == ["".join(pieces) for pieces in words]
    assert [word.score for word in found.words] == pytest.approx([found.scores[list(each)].sum() for each in places])

    def low(hidden: tuple[int, ...] = ()) -> float:
        ids = tokenizer(SPOKEN, return_tensors="pt")["input_ids"]
        ids[0, list(hidden)] = tokenizer.mask_token_id
        with torch.no_grad():
            return float(model(input_ids=ids).logits[0, 0])

    occluded = service.attribute(SPOKEN, None, tiny_classifier, "low", method="occlusion", **given)
    expected = [low() - low(each) for each in places]
    assert [word.score for word in occluded.words] == pytest.approx(expected, abs=1e-5)
    compared = service.compare(SPOKEN, None, tiny_classifier, "low", **given)
    assert list(compared.words) == ["".join(pieces) for pieces in words]
    trial = next(each for each in compared.trials if each.attribution.method == "occlusion")
    first = places[int(np.argmax(expected))]
    assert float(trial.curve[1]) == pytest.approx(_probability(parts, first), abs=1e-5)


def _probability(parts, hidden: tuple[int, ...]) -> float:
    """That of the first label with these tokens masked."""
    model, tokenizer = parts
    ids = tokenizer(SPOKEN, return_tensors="pt")["input_ids"]
    ids[0, list(hidden)] = tokenizer.mask_token_id
    with torch.no_grad():
        return float(model(input_ids=ids).logits[0].softmax(-1)[0])


def test_changed_word_is_one_between_spaces(service) -> None:
    text = "I don't pay $9.99."
    assert service.what_if(text, 1, "replace", "will").text == "I will pay $9.99."
    assert service.what_if(text, 4, "mask").word == "9.99"
    assert service.what_if(text, 1, "delete", words="tokenizer").text == "I 't pay $9.99."
    with pytest.raises(ChoiceError, match="word must be from 0 to 5"):
        service.what_if(text, 6)
    with pytest.raises(ChoiceError, match="words must be one of: spaces, tokenizer"):
        service.what_if(text, 0, words="letters")


def test_attention_by_words_has_the_same_words(service) -> None:
    text = "I don't pay."
    view = look(service.attention(text), Choice(level="words"))
    weights = service.attention(text).weights[0, 0].astype(np.float64)
    assert view.names == ("[CLS]", "i", "don't", "pay", ".", "[SEP]")
    to = np.stack([weights[:, [0]].sum(1), weights[:, [1]].sum(1), weights[:, [2, 3, 4]].sum(1)], axis=1)
    assert view.weights[2, :3] == pytest.approx(to[[2, 3, 4]].mean(0))
