"""Integrated Gradients equal captum's on the embedding module, and add up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from captum.attr import LayerIntegratedGradients
from conftest import MODELS, OPENING, oracle_classifier
from transformers import AutoTokenizer

from bert_demo import BertService, Settings
from bert_demo.attribution import METHODS
from bert_demo.attribution.base import Problem
from bert_demo.errors import CancelledError, ChoiceError, MissingHeadError, TextError


@pytest.fixture(scope="module")
def parts():
    return oracle_classifier("sentiment"), AutoTokenizer.from_pretrained(MODELS / "base")


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
@pytest.mark.parametrize(("text", "pair"), [(OPENING, None), ("bad", None), ("A good start.", "A bad end, sadly.")])
def test_equals_captum_at_the_same_steps(service, parts, text, pair, baseline, output) -> None:
    stand_in = {"pad": 0, "mask": 103}[baseline]
    for target in (0, 1):
        found = service.attribute(text, pair, target=target, baseline=baseline, output=output, steps=20)
        expected = captum_scores(parts, text, pair, target, stand_in, 20, output == "probability")
        assert np.abs(found.scores - expected).max() <= 1e-4
        assert found.steps == 20 and found.forward_passes == 22


def test_the_zero_baseline_equals_a_fine_sum_by_hand(service, parts) -> None:
    model, tokenizer = parts
    ids = tokenizer("not a bad film", return_tensors="pt")["input_ids"]
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
    found = service.attribute("not a bad film", target="positive", baseline="zero", tolerance=0.001)
    assert np.abs(found.scores - expected).max() <= 0.005 * np.abs(expected).max()


@pytest.mark.parametrize("text", [OPENING, "I would not say that this was a bad evening.", "Dull."])
@pytest.mark.parametrize("output", ["logit", "probability"])
def test_the_ledger_closes_and_scores_are_those_of_many_steps(service, parts, text, output) -> None:
    found = service.attribute(text, target="positive", output=output)
    assert found.converged
    fine = captum_scores(parts, text, None, 1, 0, 600, output == "probability")
    assert np.abs(found.scores - fine).max() <= 0.03 * np.abs(fine).max()
    if found.criterion == "difference":
        assert abs(found.delta) <= 0.01 * abs(found.difference)
    assert found.delta == pytest.approx(found.scores.sum() - (found.input_output - found.baseline_output), abs=1e-9)


def test_the_ends_of_the_ledger_are_the_models_own_outputs(service, parts) -> None:
    model, tokenizer = parts
    inputs = tokenizer(OPENING, return_tensors="pt")
    with torch.no_grad():
        logits = model(**inputs).logits[0]
        empty = inputs["input_ids"].clone()
        empty[0, 1:-1] = 0
        nothing = model(input_ids=empty).logits[0]
    found = service.attribute(OPENING, target="negative")
    assert found.input_output == pytest.approx(float(logits[0]), abs=1e-5)
    assert found.baseline_output == pytest.approx(float(nothing[0]), abs=1e-5)
    assert service.attribute(OPENING).target == service.classify(OPENING).labels[0].label


def test_special_tokens_get_nothing_and_words_are_the_sums_of_their_pieces(service) -> None:
    found = service.attribute(OPENING)
    assert found.scores[0] == 0 and found.scores[-1] == 0
    assert [word.text for word in found.words][-5:] == ["never", "outstays", "its", "welcome", "."]
    outstays = next(word for word in found.words if word.text == "outstays")
    assert len(outstays.positions) == 3
    assert outstays.score == pytest.approx(found.scores[list(outstays.positions)].sum())
    assert sum(word.score for word in found.words) == pytest.approx(found.total)


def test_a_polynomial_whose_integral_is_known() -> None:
    """F = x0^2 x1 from (0, 0) to (1, 2): the first gets 4/3, the second 2/3."""
    inputs, baseline = torch.tensor([[[1.0], [2.0]]]), torch.zeros(1, 2, 1)
    solution = METHODS["integrated_gradients"].attribute(
        Problem(lambda x: x[:, 0, 0] ** 2 * x[:, 1, 0], inputs, baseline), 8
    )
    assert solution.scores.tolist() == pytest.approx([4 / 3, 2 / 3], abs=1e-6)


def test_a_text_of_several_windows_is_their_mean(service, tiny_classifier) -> None:
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


def test_a_tolerance_that_cannot_be_met_is_said(tiny_classifier: str) -> None:
    found = BertService(Settings(max_steps=9)).attribute(
        "the good cat sat on the bad mat", model=tiny_classifier, tolerance=1e-7
    )
    assert found.converged is False and found.criterion == "none" and found.steps == 9
    assert abs(found.delta) > 1e-7 * abs(found.difference)


def test_the_margin_is_the_target_less_the_strongest_other(service, tiny_classifier: str) -> None:
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


def test_concurrent_attributions_are_those_of_one_at_a_time(service) -> None:
    texts = [f"{word} film, I would say, and {word} again" for word in ("good", "bad", "dull", "warm", "odd", "fine")]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda text: service.attribute(text, steps=9), texts))
    from bert_demo import BertService as Fresh

    alone = Fresh()
    for text, result in zip(texts, together, strict=True):
        assert np.abs(result.scores - alone.attribute(text, steps=9).scores).max() <= 1e-5


def test_the_shared_model_is_left_as_it_was(service) -> None:
    before = service.classify("a plain text").labels
    weights = service._backend("sentiment")._model.state_dict()
    sums = {name: float(value.double().sum()) for name, value in weights.items()}
    service.attribute("another plain text", baseline="mask")
    model = service._backend("sentiment")._model
    assert type(model.bert.embeddings).__name__ == "BertEmbeddings"
    assert {name: float(value.double().sum()) for name, value in model.state_dict().items()} == sums
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in model.parameters())
    assert BertService().classify("a plain text").labels == before


def test_progress_is_told_and_the_work_can_be_stopped(service) -> None:
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


def test_a_text_too_long_to_be_explained(service) -> None:
    with pytest.raises(TextError, match="read in 10 windows; up to 8 can be explained"):
        service.attribute("good " * 3900)


def test_a_model_without_a_classifier(service) -> None:
    with pytest.raises(MissingHeadError, match="no text-classification head"):
        service.attribute("good", model="base")
