"""Figures of a classifier on labelled rows against scikit-learn, scipy and transformers; coverage of intervals."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest, fisher_exact
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support
from transformers import pipeline

from bert_demo import BertService, Settings
from bert_demo.api.endpoints import BY_NAME
from bert_demo.api.run import run
from bert_demo.core.errors import BadDataError, CancelledError, ChoiceError, MissingHeadError
from bert_demo.results.evaluation import Evaluation
from bert_demo.tasks import intervals
from bert_demo.tasks.calibration import calibration
from bert_demo.tasks.evaluation import CHUNK, figures
from bert_demo.tasks.labelled_rows import Labelled
from bert_demo.tasks.slices import fisher, holm

TEXTS = ("the cat sat", "a dog ran on the mat", "was the film bad ?", "the cat was not good", "a good dog", "ice 3")


@pytest.fixture(scope="module")
def service() -> BertService:
    return BertService(Settings())


class FixedModel:
    """A model that is no model: its labels, and how they are judged."""

    def __init__(self, labels: tuple[str, ...], activation: str) -> None:
        self.labels, self.activation = labels, activation
        self.info = type("Info", (), {"name": "m", "revision": "r"})


def evaluated(scores: np.ndarray, truth: np.ndarray, activation: str = "softmax") -> Evaluation:
    """Of probabilities at hand; every text is alike, so that there are no slices of note."""
    encoding: Any = type("E", (), {"tokens": (), "windows": ((),)})
    labelled = Labelled((encoding,) * len(truth), truth)
    model: Any = FixedModel(tuple("abcdefgh"[: truth.shape[1]]), activation)
    rows = [(f"text {n}", "") for n in range(len(truth))]
    return figures(model, rows, labelled, scores, range(1, len(rows) + 1))


@pytest.mark.parametrize("many", [2, 3, 5])
def test_figures_are_those_of_scikit_learn(many: int) -> None:
    rng = np.random.default_rng(many)
    scores = rng.dirichlet(np.ones(many), 200)
    truth = np.where(rng.random(200) < 0.6, scores.argmax(1), rng.integers(many - 1, size=200))  # the last is rare
    found = evaluated(scores, np.eye(many, dtype=bool)[truth])
    answers = scores.argmax(1)
    assert found.confusion is not None and found.micro_f1 is None
    assert (found.confusion == confusion_matrix(truth, answers, labels=range(many))).all()
    assert found.accuracy.value == pytest.approx(accuracy_score(truth, answers), abs=1e-12)
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, answers, labels=range(many), zero_division=0
    )
    for at, label in enumerate(found.labels):
        assert (label.precision.value, label.recall.value, label.f1.value) == pytest.approx(
            (precision[at], recall[at], f1[at]), abs=1e-12
        )
        assert (label.support, label.predicted) == (support[at], (answers == at).sum())
    macro = precision_recall_fscore_support(truth, answers, average="macro", zero_division=0)[:3]
    assert (found.macro_precision.value, found.macro_recall.value, found.macro_f1.value) == pytest.approx(
        macro, abs=1e-12
    )
    for interval in (found.accuracy, found.macro_f1, *(label.f1 for label in found.labels)):
        assert 0 <= interval.low <= interval.value <= interval.high <= 1
    wrong = np.flatnonzero(answers != truth)
    assert [each.row for each in found.mistakes] == sorted(wrong, key=lambda at: -scores[at].max())
    assert all(each.score == scores[each.row].max() and each.line == each.row + 1 for each in found.mistakes)


def test_independent_labels_are_never_a_square_matrix() -> None:
    rng = np.random.default_rng(1)
    scores = rng.random((150, 4))
    truth = (scores + rng.normal(0, 0.4, scores.shape)) > 0.6
    truth[:5] = False
    found = evaluated(scores, truth, "sigmoid")
    answers = scores > 0.5
    assert found.confusion is None and found.measure == "subset accuracy" and found.micro_f1 is not None
    assert found.accuracy.value == pytest.approx(accuracy_score(truth, answers), abs=1e-12)
    assert found.micro_f1.value == pytest.approx(f1_score(truth, answers, average="micro"), abs=1e-12)
    assert found.macro_f1.value == pytest.approx(f1_score(truth, answers, average="macro"), abs=1e-12)
    for at, label in enumerate(found.labels):
        assert label.confusion == tuple(map(tuple, confusion_matrix(truth[:, at], answers[:, at]).tolist()))
    assert found.calibration.answers == 600
    first = found.mistakes[0]
    doubt = np.where(answers[first.row], scores[first.row], 1 - scores[first.row])
    assert first.score == doubt[answers[first.row] != truth[first.row]].max()


def test_share_is_wilsons_and_never_a_point() -> None:
    for part, whole in ((10, 10), (0, 7), (3, 9), (88, 100)):
        found, expected = intervals.share(part, whole), binomtest(part, whole).proportion_ci(method="wilson")
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert intervals.share(0, 0) == intervals.Interval(0.0, 0.0, 1.0)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """95 of 100, of tables drawn from known shares; a binomial count of 300 is below 91 % once in a thousand times."""
    rng = np.random.default_rng(5)
    for shares in (
        np.array([[0.45, 0.05], [0.03, 0.47]]),
        np.array([[0.30, 0.03, 0.02], [0.02, 0.28, 0.03], [0.01, 0.03, 0.28]]),
    ):
        many = len(shares)
        f1 = [2 * shares[k, k] / (shares[k].sum() + shares[:, k].sum()) for k in range(many)]
        held = {"accuracy": 0, "macro": 0, "f1": 0}
        for _ in range(300):
            counts = rng.multinomial(80, shares.ravel()).reshape(many, many)
            truth = np.repeat(np.repeat(np.arange(many), many), counts.ravel())
            answers = np.repeat(np.tile(np.arange(many), many), counts.ravel())
            found = evaluated(np.eye(many)[answers] * 0.9 + 0.01, np.eye(many, dtype=bool)[truth])
            held["accuracy"] += found.accuracy.low <= np.trace(shares) <= found.accuracy.high
            held["macro"] += found.macro_f1.low <= np.mean(f1) <= found.macro_f1.high
            held["f1"] += found.labels[0].f1.low <= f1[0] <= found.labels[0].f1.high
        assert min(held.values()) >= 273, held


def test_calibration_error_of_a_calibrated_model_holds_zero() -> None:
    """netcal's and everybody's plain error does so in none of 300 trials (its bootstrap interval lies above 0)."""
    rng = np.random.default_rng(6)
    zero = shifted = plain = 0
    for _ in range(300):
        confidence = rng.uniform(0.5, 1, 400)
        found = calibration(confidence, rng.random(400) < confidence)
        zero += found.error.low == 0
        bins = np.minimum((confidence * 15).astype(int), 14)
        right = rng.random(400) < confidence
        plain += sum(abs((right - confidence)[bins == b].sum()) for b in range(15)) / 400 < 0.005
        off = calibration(confidence, rng.random(400) < confidence - 0.1).error
        shifted += off.low <= 0.1 <= off.high
    assert zero >= 280 and shifted >= 276 and plain == 0, (zero, shifted, plain)
    sure = calibration(np.full(40, 0.99), np.ones(40, bool))
    assert sure.error.low == 0.0 and sure.bins[0].right.value == 1.0
    assert calibration(np.array([0.9]), np.array([True])).error == intervals.Interval(0.0, 0.0, 1.0)


def test_slices_are_tested_and_corrected() -> None:
    for table in ([[3, 7], [40, 20]], [[0, 5], [9, 30]], [[12, 0], [30, 8]]):
        (a, b), (c, d) = table
        assert fisher(a, a + b, a + c, a + b + c + d) == pytest.approx(fisher_exact(table).pvalue, abs=1e-12)
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06]) and holm([]) == []


def test_service_against_the_pipeline(service: BertService, tiny_classifier: str) -> None:
    ask = pipeline("text-classification", model=tiny_classifier, top_k=None)
    rows = [(TEXTS[n % 6], label) for n, label in enumerate(("low", "high", "low", "high", "low", "high") * 2)]
    seen: list[tuple[int, int]] = []
    found = service.evaluate(rows, tiny_classifier, "cat", on_progress=lambda *both: seen.append(both))
    names = [label.label for label in found.labels]
    for (text, _), scores in zip(rows, found.probabilities, strict=True):
        said = {each["label"]: each["score"] for each in ask([text])[0]}
        assert scores == pytest.approx([said[name] for name in names], abs=1e-5)
    assert seen[-1] == (12, 12) and found.rows == 12 and found.truth.sum() == 12
    assert [each for each in found.slices if each.name == "the word cat"] == []  # four rows are fewer than five
    numbered = [(text, names.index(label)) for text, label in rows]
    if {names.index(label) for _, label in rows} >= {0}:
        assert (service.evaluate(numbered, tiny_classifier).truth == found.truth).all()
    pairs = service.evaluate([("the cat", "sat", "low"), ("a dog", "ran", "high")], tiny_classifier)
    assert pairs.probabilities[0] == pytest.approx(
        [{e.label: e.score for e in service.classify("the cat", "sat", tiny_classifier).labels}[n] for n in names],
        abs=1e-6,
    )


def test_long_texts_are_the_mean_of_their_windows(service: BertService, tiny_classifier: str) -> None:
    long = "the cat sat on the mat . " * 40
    found = service.evaluate([(long, "low"), ("a dog", "high"), (long[:-9], "low")], tiny_classifier)
    expected = service.classify(long, None, tiny_classifier)
    assert len(expected.windows) > 1
    names = [label.label for label in found.labels]
    said = {each.label: each.score for each in expected.labels}
    assert found.probabilities[0] == pytest.approx([said[name] for name in names], abs=1e-6)


def test_estimates_are_of_the_first_rows_and_stopping_ends_it(service: BertService, tiny_classifier: str) -> None:
    rows = [(f"{TEXTS[n % 6]}", ("low", "high")[n % 2]) for n in range(CHUNK + 10)]
    estimates: list[Evaluation] = []
    whole = service.evaluate(rows, tiny_classifier, on_scored=estimates.append)
    assert [each.rows for each in estimates] == [CHUNK] and whole.rows == CHUNK + 10
    assert estimates[0].probabilities == pytest.approx(whole.probabilities[:CHUNK])
    assert {each.rows for each in whole.slices} and all(each.places for each in whole.slices)

    def stop(done: int, planned: int) -> None:
        if done:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        service.evaluate(rows, tiny_classifier, "cat", on_progress=stop)
    assert service.evaluate(rows, tiny_classifier, on_progress=stop) is whole  # which was kept


def test_over_http_and_what_is_refused(service: BertService, tiny_classifier: str, tiny_masked: str) -> None:
    endpoint = BY_NAME["evaluate"]
    answer = run(endpoint, service, {"rows": [["the cat", 1], ["a dog", 0]], "model": tiny_classifier})
    assert json.loads(json.dumps(answer))["rows"] == 2 and answer["measure"] == "accuracy"
    assert set(answer) >= {"accuracy", "labels", "confusion", "calibration", "slices", "mistakes", "probabilities"}
    assert set(answer["accuracy"]) == {"value", "low", "high"}
    for rows, said in (
        ("abc", "rows must be pairs"),
        ([["a", 1]], "from 2 to 2000"),
        ([["a", 1], ["b", "nonsense"], ["c", 0]], "Labelled text 2: 'nonsense' is none of"),
        ([["a", 1], [" ", 0]], "Labelled text 2: The text is empty"),
        ([["x" * 600_000, 1], ["x" * 600_000, 0]], "have 1,200,000 characters together"),
    ):
        with pytest.raises(BadDataError, match=said):
            run(endpoint, service, {"rows": rows, "model": tiny_classifier})
    with pytest.raises(MissingHeadError):
        service.evaluate([("a", "b"), ("c", "d")], tiny_masked)
    with pytest.raises(ChoiceError, match="ended after"):
        from dataclasses import replace

        run(replace(endpoint, seconds=-1), service, {"rows": [["a", 1], ["b", 0]], "model": tiny_classifier})


def test_no_warning_where_a_label_has_no_rows(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = evaluated(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([[True, False], [True, False]]))
    assert found.labels[1].recall == intervals.Interval(0.0, 0.0, 1.0) and found.mistakes == ()


def test_macro_counts_a_label_that_only_the_answers_have() -> None:
    """As scikit-learn 1.9.1: 0.556 where the labels of the truth alone give 0.833; `classification_report` of a part of
    the labels has no row for the accuracy, which is here whatever labels there are."""
    truth, answers = np.array([0, 0, 1, 1, 1, 0]), np.array([0, 0, 1, 1, 2, 0])
    found = evaluated(np.eye(3)[answers] * 0.7 + 0.1, np.eye(3, dtype=bool)[truth])
    assert found.macro_f1.value == pytest.approx(f1_score(truth, answers, average="macro"), abs=1e-12)
    alone = f1_score(truth, answers, average="macro", labels=[0, 1])
    assert found.macro_f1.value == pytest.approx(alone * 2 / 3, abs=1e-12)
    assert found.accuracy.value == pytest.approx(5 / 6)


def test_a_row_without_labels_that_is_given_none_is_right() -> None:
    """scikit-learn's samples-F1 counts it as 0; as a whole row it is right."""
    truth = np.array([[False, False], [True, False]])
    found = evaluated(np.array([[0.1, 0.2], [0.9, 0.2]]), truth, "sigmoid")
    assert found.accuracy.value == 1.0 and found.mistakes == ()
    assert found.micro_f1 is not None and found.micro_f1.value == 1.0


def test_confidence_of_two_labels_is_that_of_the_answer() -> None:
    """netcal 1.4.0 bins the probability of the second label instead, a factor of two beside torchmetrics 1.9.0."""
    rng = np.random.default_rng(8)
    second = rng.random(300)
    scores = np.column_stack([1 - second, second])
    truth = np.eye(2, dtype=bool)[rng.integers(0, 2, 300)]
    found = evaluated(scores, truth).calibration
    assert min(each.confidence for each in found.bins) >= 0.5
    assert found == calibration(scores.max(1), scores.argmax(1) == truth.argmax(1))
