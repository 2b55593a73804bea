"""Methods compared: curves are the model's own answers to masked texts, ERASER's measures those of ferret's rule."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from bert_demo import BertService
from bert_demo.attribution import METHODS
from bert_demo.core.errors import CancelledError, ChoiceError, MissingHeadError, TextError
from bert_demo.models.embedding import embed
from bert_demo.results.attributions import RANDOM_STEPS
from bert_demo.tasks.method_comparison import RANDOM_ORDERS
from bert_demo.tasks.read_variants import read_once
from bert_demo.views.panels import method_comparison

TEXT = "the film was bad , a cat playings was not happy ."


@pytest.fixture(scope="module")
def parts(tiny_classifier: str):
    model = AutoModelForSequenceClassification.from_pretrained(tiny_classifier).eval()
    return model, AutoTokenizer.from_pretrained(tiny_classifier)


@pytest.fixture(scope="module")
def compared(service: BertService, tiny_classifier: str):
    return service.compare(TEXT, model=tiny_classifier, target="low")


@torch.no_grad()
def low(model, tokenizer, ids: list[int]) -> float:
    return float(model(input_ids=torch.tensor([ids])).logits[0].softmax(-1)[0])


def masked(tokenizer, hidden: set[int]) -> list[int]:
    read = tokenizer(TEXT)
    mask = tokenizer.mask_token_id
    return [mask if word in hidden else number for number, word in zip(read["input_ids"], read.word_ids(), strict=True)]


def test_curves_are_the_models_answers_to_masked_words(compared, parts) -> None:
    for trial in compared.trials:
        scores = [word.score for word in trial.attribution.words]
        order = sorted(range(len(scores)), key=lambda place: -scores[place])
        for count in (0, 1, 3, len(order)):
            expected = low(*parts, masked(parts[1], set(order[:count])))
            assert float(trial.curve[count]) == pytest.approx(expected, abs=1e-5)


def test_band_is_made_of_random_orders(compared, parts) -> None:
    count = len(compared.trials[0].attribution.words)
    rng = np.random.default_rng(0)
    orders = [rng.permutation(count).tolist() for _ in range(RANDOM_ORDERS)]
    second = [low(*parts, masked(parts[1], set(order[:2]))) for order in orders]
    assert compared.orders == RANDOM_ORDERS >= 20
    assert float(compared.random_mean[2]) == pytest.approx(np.mean(second), abs=1e-5)
    assert float(compared.random_low[2]) == pytest.approx(np.quantile(second, 0.05), abs=1e-5)
    assert float(compared.random_high[2]) == pytest.approx(np.quantile(second, 0.95), abs=1e-5)
    for trial in compared.trials:
        expected = np.mean(compared.random_mean[1:-1] - trial.curve[1:-1])
        assert trial.area == pytest.approx(expected, abs=1e-9)


def test_comprehensiveness_and_sufficiency_by_ferrets_rule(compared, parts) -> None:
    """Tokens deleted, what is left decoded and read again; 10 % to 100 %, positive scores only, each set once."""
    model, tokenizer = parts
    ids = tokenizer(TEXT)["input_ids"][1:-1]
    whole = low(model, tokenizer, [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id])
    for trial in compared.trials:
        scores = trial.attribution.scores[1:-1]
        lost, alone, last = [], [], None
        for share in np.arange(0.1, 1.1, 0.1):
            count = int(share * len(ids))
            top = [place for place in np.argsort(scores)[::-1][:count] if scores[place] > 0]
            if not top or set(top) == last:
                continue
            last = set(top)
            for kept, found in (([i for i in range(len(ids)) if i not in last], lost), (sorted(top), alone)):
                again = tokenizer(tokenizer.decode([ids[place] for place in kept]))["input_ids"]
                found.append(whole - low(model, tokenizer, again))
        assert trial.comprehensiveness == pytest.approx(np.mean(lost), abs=1e-5)
        assert trial.sufficiency == pytest.approx(np.mean(alone), abs=1e-5)


def test_every_method_answers_as_it_does_alone(compared, tiny_classifier: str) -> None:
    assert [trial.attribution.method for trial in compared.trials] == list(METHODS)
    for trial in compared.trials:
        alone = BertService().attribute(TEXT, model=tiny_classifier, target="low", method=trial.attribution.method)
        assert np.abs(trial.attribution.scores - alone.scores).max() <= 1e-5
        assert trial.seconds > 0 and alone.forward_passes == trial.attribution.forward_passes
    shapley = compared.trials[list(METHODS).index("shapley_value_sampling")].attribution
    assert shapley.converged and abs(shapley.delta) < 1e-3
    saliency = compared.trials[list(METHODS).index("saliency")].attribution
    assert saliency.converged is None and (saliency.scores >= 0).all()


def test_agreement_is_kendalls_tau(compared) -> None:
    sizes = [np.abs([word.score for word in trial.attribution.words]) for trial in compared.trials[:2]]
    pairs = [(i, j) for i in range(len(sizes[0])) for j in range(i)]
    signs = [np.sign(sizes[0][i] - sizes[0][j]) * np.sign(sizes[1][i] - sizes[1][j]) for i, j in pairs]
    assert compared.agreement[0, 1] == pytest.approx(np.sum(signs) / len(pairs), abs=1e-9)
    assert compared.agreement[0, 0] == 1 and compared.agreement[1, 0] == compared.agreement[0, 1]


def test_one_word_and_a_pair(service: BertService, tiny_classifier: str) -> None:
    one = service.compare("good", model=tiny_classifier)
    assert one.random_mean.shape == (2,) and one.trials[0].curve.shape == (2,)
    assert math.isnan(one.agreement[0, 1])
    both = service.compare("the cat sat", "a dog ran", model=tiny_classifier, output="margin")
    assert both.trials[0].comprehensiveness is None
    assert len(both.trials[0].attribution.words) == 6


def test_each_method_is_handed_over_when_it_is_done(service: BertService, tiny_classifier: str) -> None:
    """What is handed over is what the whole comparison then says, and comes while passes are still counted."""
    handed, counts = [], []
    found = service.compare(
        "a bad film", model=tiny_classifier, on_progress=lambda done, _: counts.append(done), on_scored=handed.append
    )
    assert [len(each) for each in handed] == list(range(1, len(METHODS) + 1))
    assert [each.method for each, _ in handed[-1]] == list(METHODS) and counts[-1] == found.forward_passes
    for (early, seconds), trial in zip(handed[-1], found.trials, strict=True):
        assert np.array_equal(early.scores, trial.attribution.scores) and seconds == trial.seconds
    rows = method_comparison.scored_methods_panel(handed[2])
    assert rows.count('<th scope="row"') == 3 and f"{len(METHODS) - 3} more methods, and the test" in rows
    whole = method_comparison.methods_panel(found)
    assert whole.count('<th scope="row"') == len(METHODS) and "not there yet" not in whole


def test_the_work_can_be_stopped(service: BertService, tiny_classifier: str) -> None:
    def stop(done: int, planned: int) -> None:
        if done > 100:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        service.compare("the cat sat on the mat", model=tiny_classifier, on_progress=stop)


@pytest.mark.parametrize(
    ("error", "changes", "message"),
    [
        (ChoiceError, {"baseline": "noise"}, "baseline must be one of"),
        (ChoiceError, {"target": "sarcastic"}, "target must be one of"),
        (ChoiceError, {"output": "vibes"}, "output must be one of: logit, probability, margin"),
        (TextError, {"text": "word " * 130}, "up to 120 words; this one has 130"),
        (TextError, {"text": "  "}, "empty"),
        (MissingHeadError, {"model": "base"}, "no text-classification head"),
    ],
)
def test_wrong_questions(service: BertService, error, changes, message) -> None:
    with pytest.raises(error, match=message):
        service.compare(**{"text": "a good film", **changes})


def test_variants_are_read_once_whoever_asks(service: BertService, tiny_classifier: str) -> None:
    """Rows of the text's, the baseline's and the mask's states are told apart; others, and gradients, are computed."""
    model, rows = service.model(tiny_classifier), []
    whole = embed(model, model.encode("the cat sat on the mat"), 0, "pad")

    def counted(states: torch.Tensor) -> torch.Tensor:
        rows.append(len(states))
        return whole.logits_from(states)

    once = read_once(replace(whole, logits_from=counted))
    hidden = whole.inputs.clone()
    hidden[0, 2] = whole.masked[0, 2]
    asked = torch.cat((whole.inputs, hidden, whole.baseline, hidden))
    with torch.no_grad():
        for _ in range(2):
            assert torch.allclose(once.logits_from(asked), whole.logits_from(asked), atol=1e-5)
        assert rows == [3]
        half = (whole.inputs + whole.baseline) / 2
        assert torch.allclose(once.logits_from(half), whole.logits_from(half), atol=1e-5) and rows == [3, 1]
    states = whole.inputs.clone().requires_grad_()
    once.logits_from(states).sum().backward()
    assert rows == [3, 1, 1] and states.grad.abs().max() > 0


def test_band_of_a_long_text_is_read_at_twelve_steps(service: BertService, tiny_classifier: str) -> None:
    """At those steps it is that of the orders, in between on straight lines; curves of methods are read at each."""
    text = "the cat sat on the bad mat , a good dog ran in the big house and was not happy ."
    found = service.compare(text, model=tiny_classifier, target="low")
    words = len(found.words)
    read = np.unique(np.linspace(0, words, RANDOM_STEPS + 1).round().astype(int))
    assert words > RANDOM_STEPS + 3 and len(read) == RANDOM_STEPS + 1
    model = service.model(tiny_classifier)
    whole = embed(model, model.encode(text), 0, "pad")
    rng = np.random.default_rng(0)
    orders = [rng.permutation(words) for _ in range(RANDOM_ORDERS)]
    values = []
    for order in orders:
        rows = whole.inputs.repeat(len(read), 1, 1)
        for row, count in zip(rows, read, strict=True):
            hidden = [place for word in order[:count] for place in found.trials[0].attribution.words[word].positions]
            row[hidden] = whole.masked[0, hidden]
        with torch.no_grad():
            values.append(whole.logits_from(rows).softmax(-1)[:, 0].numpy())
    assert found.random_mean[read] == pytest.approx(np.mean(values, 0), abs=1e-5)
    assert found.random_high[read] == pytest.approx(np.quantile(values, 0.95, axis=0), abs=1e-5)
    assert np.interp(np.arange(words + 1), read, found.random_low[read]) == pytest.approx(found.random_low)
    panel = method_comparison.trial_panel(found)
    assert f"random orders are read at 13 of {words + 1} steps, with straight lines between" in panel
    assert f"random orders, mean (read at 13 of {words + 1} steps)" in panel
