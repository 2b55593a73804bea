"""Temperatures and thresholds, chosen on one half and reported on the other, against a search and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import accuracy_score, f1_score
from sklearn.metrics import log_loss as sklearn_loss

from bert_demo import BertService
from bert_demo.results.tuning import LEAST_ROWS
from bert_demo.tasks.calibration import calibration
from bert_demo.tasks.tuning import halves, log_loss, softened, temperature_of, threshold_of, tuning


def drawn(logits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """True labels of rows whose probabilities are right, (rows, labels)."""
    shares = softmax(logits, 1)
    places = (shares.cumsum(1) < rng.random((len(logits), 1))).sum(1)
    return np.eye(logits.shape[1], dtype=bool)[np.minimum(places, logits.shape[1] - 1)]


def test_temperature_divides_the_logits() -> None:
    """netcal 1.4's `TemperatureScaling.temperature` is 1/T: 0.53 where the logits are twice what they should be."""
    logits = np.random.default_rng(1).normal(0, 1.5, (6000, 3))
    truth = drawn(logits, np.random.default_rng(2))
    found = temperature_of(softmax(2 * logits, 1), truth)
    assert found == pytest.approx(2, rel=0.08)
    tried = np.exp(np.linspace(-1, 2, 3001))
    losses = [log_loss(softmax(2 * logits / each, 1), truth) for each in tried]
    assert found == pytest.approx(tried[int(np.argmin(losses))], rel=2e-3)
    assert softened(softmax(logits, 1), 2.5) == pytest.approx(softmax(logits / 2.5, 1), abs=1e-12)


def test_temperature_is_chosen_on_one_half_and_reported_on_the_other() -> None:
    logits = np.random.default_rng(3).normal(0, 1.5, (400, 2))
    truth = drawn(logits, np.random.default_rng(4))
    scores = softmax(3 * logits, 1)
    found = tuning(("a", "b"), scores, truth, False)
    assert found is not None and found.temperature is not None and found.thresholds == ()
    chosen, reported = halves(400)
    assert not set(chosen) & set(reported) and len(chosen) == len(reported) == 200
    assert found.temperature.value == pytest.approx(temperature_of(scores[chosen], truth[chosen]))
    scaled = softmax(3 * logits[reported] / found.temperature.value, 1)
    place = truth[reported].argmax(1)
    assert found.temperature.log_loss == pytest.approx(
        (sklearn_loss(place, scores[reported]), sklearn_loss(place, scaled)), abs=1e-9
    )
    right = scaled.argmax(1) == place
    assert found.temperature.calibration_error[1].value == pytest.approx(calibration(scaled.max(1), right).error.value)
    assert found.temperature.log_loss[1] < found.temperature.log_loss[0] and not found.temperature.at_edge
    other = truth.copy()
    other[reported] = ~other[reported]  # what is reported on chooses nothing
    again = tuning(("a", "b"), scores, other, False)
    assert again is not None and again.temperature is not None
    assert again.temperature.value == found.temperature.value


def test_temperature_that_nothing_settles_says_so() -> None:
    truth = np.eye(2, dtype=bool)[np.arange(60) % 2]
    found = tuning(("a", "b"), np.where(truth, 0.9, 0.1), truth, False)
    assert found is not None and found.temperature is not None and found.temperature.at_edge
    assert np.isfinite(found.temperature.log_loss).all()
    assert tuning(("a", "b"), truth[: LEAST_ROWS - 1] * 1.0, truth[: LEAST_ROWS - 1], False) is None


def test_threshold_has_the_greatest_f1_of_all() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        scores = rng.random(40).round(2)
        there = rng.random(40) < scores * 0.6
        if not there.any():
            continue
        best = max(f1_score(there, scores > each, zero_division=0) for each in (-0.001, *np.unique(scores)))
        assert f1_score(there, scores > threshold_of(scores, there)) == pytest.approx(best, abs=1e-12)
    assert threshold_of(np.array([0.2, 0.9]), np.array([False, False])) == 0.5
    assert threshold_of(np.array([0.2, 0.9]), np.array([False, True])) == 0.5
    assert 0 < threshold_of(np.array([0.2, 0.3]), np.array([True, True])) < 0.2


def test_thresholds_are_reported_on_the_other_half() -> None:
    rng = np.random.default_rng(5)
    scores = rng.random((300, 3)) * [0.4, 1.0, 1.0]
    truth = np.column_stack([scores[:, 0] > 0.25, scores[:, 1] > 0.5, np.zeros(300, bool)])
    found = tuning(("rare", "even", "never"), scores, truth, True)
    assert found is not None and found.temperature is None and found.accuracy is not None and found.macro_f1 is not None
    _, reported = halves(300)
    values = np.array([each.value for each in found.thresholds])
    assert values[0] == pytest.approx(0.25, abs=0.01) and values[2] == 0.5 and found.thresholds[2].support == 0
    for side, answers in enumerate((scores[reported] > 0.5, scores[reported] > values)):
        for at, each in enumerate(found.thresholds):
            expected = f1_score(truth[reported, at], answers[:, at], zero_division=0)
            assert each.f1[side].value == pytest.approx(expected, abs=1e-12)
        assert found.accuracy[side].value == pytest.approx(accuracy_score(truth[reported], answers), abs=1e-12)
        expected = f1_score(truth[reported], answers, average="macro", zero_division=0)
        assert found.macro_f1[side] == pytest.approx(expected, abs=1e-12)


def test_evaluation_has_it_at_the_end(service: BertService, tiny_models: dict[str, str]) -> None:
    rows = [(f"the cat {n}", ("low", "high")[n % 2]) for n in range(24)]
    single = service.evaluate(rows, tiny_models["labels"])
    assert single.tuning is not None and single.tuning.temperature is not None
    several = service.evaluate(rows, tiny_models["several"])
    assert several.tuning is not None and [each.label for each in several.tuning.thresholds] == [
        "low",
        "middle",
        "high",
    ]
    assert service.evaluate(rows[:9], tiny_models["labels"]).tuning is None
