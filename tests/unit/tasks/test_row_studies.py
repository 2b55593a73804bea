"""Words that push a label, doubtful labels, duplicates, two models, against scipy, scikit-learn and cleanlab."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cleanlab.filter import find_label_issues
from scipy.stats import binomtest, t
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from test_evaluate import evaluated

from bert_demo import BertService, Settings
from bert_demo.api.endpoints import BY_NAME
from bert_demo.api.run import run
from bert_demo.api.serialise import serialise
from bert_demo.cli.main import main
from bert_demo.core.errors import BadDataError, CancelledError, ChoiceError, MissingHeadError
from bert_demo.results.label_issues import LabelIssues
from bert_demo.results.word_effects import RowAttribution
from bert_demo.tasks import confident_learning, near_duplicates
from bert_demo.tasks.model_comparison import compare, mcnemar, paired_difference
from bert_demo.tasks.word_effects import TOLERANCE, effects, mean_over_rows

TEXTS = ("the cat sat", "a dog ran on the mat", "was the film bad ?", "the cat was not good", "a good dog", "the ice")
ROWS = [(text, ("low", "high", "low")[at % 3]) for at, text in enumerate(TEXTS * 2)]


@pytest.fixture(scope="module")
def service() -> BertService:
    return BertService(Settings())


def nothing(done: int, planned: int) -> None:
    """Nobody asks how far it is."""


def test_mean_over_rows_is_that_of_the_t_distribution_where_each_row_has_one() -> None:
    scores = np.random.default_rng(0).normal(0.3, 1, 9)
    found = mean_over_rows(scores, np.ones(9, int))
    expected = t.interval(0.95, 8, scores.mean(), scores.std(ddof=1) / 3)
    assert found.value == pytest.approx(scores.mean(), abs=1e-12)
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)


def test_mean_over_rows_holds_the_truth_as_often_as_it_says() -> None:
    """Occurrences of one row share what it adds. Of 400 fewer than 91 % are held once in a thousand times."""
    rng = np.random.default_rng(1)
    held = naive = 0
    for _ in range(400):
        counts = rng.integers(1, 4, 25)
        rows = rng.normal(0, 1, 25)
        each = [0.5 + row + rng.normal(0, 0.3, count) for row, count in zip(rows, counts, strict=True)]
        found = mean_over_rows(np.array([one.sum() for one in each]), counts)
        held += found.low <= 0.5 <= found.high
        flat = np.concatenate(each)
        half = 1.96 * flat.std(ddof=1) / np.sqrt(len(flat))
        naive += abs(flat.mean() - 0.5) <= half
    assert held >= 364 > naive, (held, naive)


def test_effects_count_rows_and_not_case_and_the_surest_stands_first() -> None:
    explained = [
        RowAttribution(0, 2, ("The", "good", "the"), (0.1, 1.0, 0.3)),
        RowAttribution(1, 3, ("the", "GOOD"), (0.2, 1.2)),
        RowAttribution(3, 5, ("the", "Good", "rare"), (-0.5, 1.1, 9.0)),
    ]
    first, second = effects(explained, np.array([True, False, False, True]))
    assert (first.word, first.rows, first.occurrences, first.carrying, first.places) == ("good", 3, 3, 2, (0, 1, 3))
    assert first.effect.value == pytest.approx(1.1) and first.effect.low > 0
    assert (second.word, second.rows, second.occurrences) == ("the", 3, 4)
    assert second.effect.value == pytest.approx(0.1 / 4) and second.effect.low < 0 < second.effect.high


def test_attribute_rows_is_the_mean_of_what_attribute_says(service: BertService, tiny_classifier: str) -> None:
    seen: list[tuple[int, int]] = []
    found = service.attribute_rows(
        ROWS, tiny_classifier, "high", on_progress=lambda *both: seen.append(both), lines=range(2, 14)
    )
    assert (found.rows, found.explained, found.target, found.too_long) == (12, 12, "high", 0)
    assert seen[-1] == (12, 12) and [each.line for each in found.attributions] == list(range(2, 14))
    scores: dict[str, list[float]] = {}
    for (text, _), each in zip(ROWS, found.attributions, strict=True):
        expected = service.attribute(text, model=tiny_classifier, target="high", tolerance=TOLERANCE)
        assert each.words == tuple(word.text for word in expected.words)
        assert each.scores == pytest.approx([word.score for word in expected.words], abs=1e-9)
        for word in expected.words:
            scores.setdefault(word.text, []).append(word.score)
    said = {each.word: each for each in found.words}
    assert set(said) == {"the", "cat", "dog", "good", "a", "was"}  # of three rows or more
    for word, each in said.items():
        assert each.effect.value == pytest.approx(np.mean(scores[word]), abs=1e-9)
        assert each.carrying == sum(label == "high" for text, label in ROWS if word in text.split())
    sure = [max(each.effect.low, -each.effect.high, 0) for each in found.words]
    assert sure == sorted(sure, reverse=True)


def test_attribute_rows_sees_a_shortcut_and_draws_the_same_sample(service: BertService) -> None:
    nouns = ("film", "story", "comedy", "drama", "thriller", "cast")
    rows = [(f"A {word} {noun}.", label) for noun in nouns for word, label in (("dull", 0), ("warm", 1), ("long", 1))]
    found = service.attribute_rows(rows)
    assert found.target == "positive"  # which most rows carry
    said = {each.word: each for each in found.words}
    assert said["dull"].effect.high < 0 < said["warm"].effect.low
    assert (said["dull"].carrying, said["warm"].carrying, said["warm"].rows) == (0, 6, 6)
    some = service.attribute_rows(rows, sample=7)
    assert (some.rows, some.explained, len(some.attributions)) == (18, 7, 7)
    assert BertService(Settings()).attribute_rows(rows, sample=7).attributions == some.attributions


def test_attribute_rows_refuses_and_stops(service: BertService, tiny_classifier: str, tiny_masked: str) -> None:
    with pytest.raises(ChoiceError, match="have no sign"):
        service.attribute_rows(ROWS, tiny_classifier, method="saliency")
    with pytest.raises(ChoiceError, match="sample must be from 2 to 500"):
        service.attribute_rows(ROWS, tiny_classifier, sample=1)
    with pytest.raises(ChoiceError, match="target must be one of"):
        service.attribute_rows(ROWS, tiny_classifier, "lowest")
    with pytest.raises(MissingHeadError):
        service.attribute_rows(ROWS, tiny_masked)

    def stop(done: int, planned: int) -> None:
        if done == 2:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        service.attribute_rows(ROWS, tiny_classifier, sample=9, on_progress=stop)


def test_long_rows_are_left_out_and_counted(service: BertService, tiny_classifier: str) -> None:
    rows = [*ROWS, ("the cat sat on the mat . " * 60, "low")]
    found = service.attribute_rows(rows, tiny_classifier)
    assert (found.too_long, found.explained, found.rows) == (1, 12, 13)
    with pytest.raises(BadDataError, match="more than 8 windows"):
        service.attribute_rows([rows[-1]] * 2, tiny_classifier)


def test_mcnemar_is_the_exact_test_and_two_equal_models_do_not_differ() -> None:
    """statsmodels 0.15's `mcnemar(exact=False)` says p = 0.0 of two models that never disagree; its exact test 1.0."""
    assert mcnemar(0, 0) == 1.0
    for first, second in ((0, 5), (7, 2), (3, 3), (1, 0), (40, 61)):
        assert mcnemar(first, second) == pytest.approx(binomtest(first, first + second).pvalue, abs=1e-12)


def test_paired_difference_holds_the_truth_and_is_never_a_point() -> None:
    rng = np.random.default_rng(2)
    shares = np.array([0.7, 0.12, 0.05, 0.13])  # both, the first, the second, neither
    held = 0
    for _ in range(400):
        _, first, second, _ = rng.multinomial(80, shares)
        found = paired_difference(int(first), int(second), 80)
        held += found.low <= 0.07 <= found.high
    assert held >= 364
    same = paired_difference(0, 0, 50)
    assert same.value == 0 and same.low < 0 < same.high


def test_comparison_has_the_figures_of_both_whatever_the_order_of_labels() -> None:
    rng = np.random.default_rng(3)
    truth = np.eye(3, dtype=bool)[rng.integers(0, 3, 120)]
    scores = [rng.dirichlet(np.ones(3), 120) + truth * weight for weight in (0.5, 0.3)]
    first, second = (evaluated(each / each.sum(1, keepdims=True), truth) for each in scores)
    found = compare(first, second)
    answers, right = truth.argmax(1), []
    for each, side in zip(scores, found.models, strict=True):
        assert side.accuracy.value == pytest.approx(accuracy_score(answers, each.argmax(1)), abs=1e-12)
        assert side.macro_f1.value == pytest.approx(f1_score(answers, each.argmax(1), average="macro"), abs=1e-12)
        right.append(each.argmax(1) == answers)
    assert found.table.tolist() == [
        [int((right[0] & right[1]).sum()), int((right[0] & ~right[1]).sum())],
        [int((~right[0] & right[1]).sum()), int((~right[0] & ~right[1]).sum())],
    ]
    expected = found.models[0].macro_f1.value - found.models[1].macro_f1.value
    assert found.macro_f1_difference.value == pytest.approx(expected, abs=1e-12)
    assert found.difference.value == pytest.approx(right[0].mean() - right[1].mean(), abs=1e-12)
    assert {each.row for each in found.differing} == set(np.flatnonzero(scores[0].argmax(1) != scores[1].argmax(1)))
    kinds = [each.right for each in found.differing]
    assert kinds == sorted(kinds, key=lambda right: (right[0] == right[1], right[1]))


def test_compare_models_on_rows(service: BertService, tiny_classifier: str, tiny_masked: str) -> None:
    seen: list[tuple[int, int]] = []
    rows = [(text, label) for text, label in ROWS if label != "middle"]
    found = service.compare_models(rows, tiny_classifier, tiny_classifier, lambda *both: seen.append(both))
    assert found.chance == 1.0 and found.differing == () and found.difference.value == 0
    assert seen and all(done <= planned == 24 for done, planned in seen)
    with pytest.raises(BadDataError, match="have other labels"):
        service.compare_models([("a", 0), ("b", 1)], "sentiment", tiny_classifier)
    with pytest.raises(MissingHeadError):
        service.compare_models(rows, tiny_masked, tiny_classifier)


def test_stretches_in_common_are_those_of_sets() -> None:
    rng = np.random.default_rng(4)
    words = ["the", "cat", "sat", "on", "a", "mat", "and", "dog", "ran", "home"]
    texts = [" ".join(rng.choice(words, rng.integers(1, 9))) for _ in range(60)] + ["the cat sat on a mat."] * 2
    texts = [near_duplicates.normalised(text) for text in texts]
    found = {(one, other): share for one, other, share in near_duplicates.similar(texts, texts, nothing)}
    for one, first in enumerate(map(near_duplicates.stretches, texts)):
        for other, second in enumerate(map(near_duplicates.stretches, texts)):
            share = len(first & second) / len(first | second)
            assert (share >= near_duplicates.LEAST) == ((one, other) in found)
            assert found.get((one, other), share) == pytest.approx(share)
    assert near_duplicates.groups([(0, 2), (2, 5), (3, 4)], 6) == [[0, 2, 5], [3, 4]]
    assert near_duplicates.normalised("  Ａ FINE—film!! ") == "a fine film" and near_duplicates.normalised("?!") == "?!"


def planted(rows: int = 300, labels: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States, labels as they are given, and the places of those that were changed."""
    rng = np.random.default_rng(5)
    truth = rng.integers(0, labels, rows)
    states = rng.normal(0, 1, (rows, 20))
    states[np.arange(rows), truth] += 4
    wrong = rng.choice(rows, rows // 15, replace=False)
    given = truth.copy()
    given[wrong] = (given[wrong] + 1) % labels
    return states, given, wrong


def test_probabilities_are_of_classifiers_that_did_not_learn_from_the_row() -> None:
    states, given, _ = planted()
    seen: list[tuple[int, int]] = []
    found = confident_learning.held_out(states, given, lambda *both: seen.append(both))
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=confident_learning.STRENGTH, max_iter=5000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    expected = cross_val_predict(linear, states, given, cv=folds, method="predict_proba")
    assert found == pytest.approx(expected, abs=1e-12) and len(seen) == 5


def test_changed_labels_are_found_the_surest_first() -> None:
    """cleanlab 2.9 gives a mask unless it is asked for an order, and wants labels from 0 without gaps."""
    states, given, wrong = planted()
    probabilities = confident_learning.held_out(states, given, nothing)
    found = confident_learning.issues(given, probabilities)
    assert len(set(found) & set(wrong)) >= 0.9 * len(wrong) and len(found) <= 1.3 * len(wrong)
    own = probabilities[found, given[found]]
    assert (np.diff(own) >= 0).all()
    mask = find_label_issues(given, probabilities, n_jobs=1)
    assert mask.dtype == bool and set(np.flatnonzero(mask)) == set(found)


FILMS = [
    (f"{begin} {word} {noun}.", label)
    for word, label in (("warm", "positive"), ("lovely", "positive"), ("dull", "negative"), ("awful", "negative"))
    for noun in ("film", "story", "comedy", "drama", "script", "thriller")
    for begin in ("What a", "Such a")
]


def other(label: str) -> str:
    return {"positive": "negative", "negative": "positive"}[label]


def test_label_issues_of_a_file_with_mistakes(service: BertService) -> None:
    changed = (3, 17, 40)
    rows = [(text, other(label) if at in changed else label) for at, (text, label) in enumerate(FILMS)]
    rows += [("Such a DULL thriller!", "positive"), ("It was a very long evening at the cinema", "negative")]
    shared = ["Nobody has this text.", "it was a very long evening, at the cinema"]
    found = service.label_issues(rows, others=shared, lines=range(2, len(rows) + 2))
    assert (found.judged, found.folds, found.left_out, found.states) == (50, 5, (), "sentiment")
    assert set(changed) <= {each.row for each in found.issues} and len(found.issues) <= 8
    issue = next(each for each in found.issues if each.row == 3)
    assert (issue.line, issue.given, issue.suggested) == (5, (rows[3][1],), (FILMS[3][1],)) and issue.confidence < 0.5
    (group,) = (each for each in found.duplicates if 48 in {row.row for row in each.rows})
    assert group.same and group.conflict and {row.text for row in group.rows} >= {"Such a DULL thriller!"}
    assert found.duplicates[0].conflict
    ((row, place, alike),) = [(each.row, each.other, each.similarity) for each in found.shared]
    assert (row, place, alike, found.others) == (49, 1, 1.0, 2)
    by_base = service.label_issues(rows, states="base")
    assert by_base.states == "base" and by_base.duplicates == service.label_issues(rows).duplicates


def test_labels_of_few_rows_are_left_out_and_named(service: BertService, tiny_classifier: str) -> None:
    few = service.label_issues([("the cat", "low"), ("a dog", "high"), ("The cat!", "high")], tiny_classifier)
    assert (few.judged, few.accuracy, few.issues, set(few.left_out)) == (0, None, (), {"low", "high"})
    assert [row.row for row in few.duplicates[0].rows] == [0, 2] and few.duplicates[0].conflict
    rows = [(f"{text} {n}", label) for n in range(3) for text, label in ROWS] + [("ice", "middle")]
    found = service.label_issues(rows, tiny_classifier)
    assert found.left_out == ("middle",) and found.judged == len(rows) - 1


def test_each_of_several_labels_is_judged_by_itself(service: BertService, tiny_models: dict[str, str]) -> None:
    rows = [(f"{text} {n}", ("low", "high;low", "")[at % 3]) for n in range(4) for at, text in enumerate(TEXTS)]
    found: LabelIssues = service.label_issues(rows, tiny_models["several"])
    assert found.judged == 24 and found.accuracy is not None and found.left_out == ()
    for each in found.issues:
        assert len(set(each.given) ^ set(each.suggested)) == 1


@pytest.mark.parametrize("name", ["attribute_rows", "label_issues", "compare_models"])
def test_over_http_and_what_is_refused(name: str, service: BertService, tiny_classifier: str) -> None:
    endpoint, more = BY_NAME[name], {"other": tiny_classifier} if name == "compare_models" else {}
    rows: list[list[Any]] = [["the cat", 0], ["a dog", 2], ["the dog", 2]]
    answer = run(endpoint, service, {"rows": rows, "model": tiny_classifier, **more})
    assert json.loads(json.dumps(answer))["rows"] == 3
    for wrong, said in (
        ("abc", "rows must be pairs"),
        ([["a", 1]], "from 2 to 2000"),
        ([["x" * 600_000, 1], ["x" * 600_000, 0]], "have 1,200,000 characters together"),
    ):
        with pytest.raises(BadDataError, match=said):
            run(endpoint, service, {"rows": wrong, "model": tiny_classifier, **more})


def test_other_texts_are_checked(service: BertService, tiny_classifier: str) -> None:
    rows = [("the cat", "low"), ("a dog", "high")]
    with pytest.raises(BadDataError, match="others must be a list of texts"):
        service.label_issues(rows, tiny_classifier, others=[1])  # type: ignore[list-item]
    with pytest.raises(BadDataError, match="others must be a list of texts"):
        service.label_issues(rows, tiny_classifier, others=True)  # type: ignore[arg-type]
    with pytest.raises(BadDataError, match="There are 20,001 texts in others"):
        service.label_issues(rows, tiny_classifier, others=["a"] * 20_001)


def test_commands_say_what_the_service_says(
    at_hand: None, service: BertService, tiny_classifier: str, tmp_path: Path, capsys: Any
) -> None:
    path, second = tmp_path / "rows.csv", tmp_path / "second.csv"
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in ROWS), encoding="utf-8")
    second.write_text("text,label\nThe cat SAT!,low\n", encoding="utf-8")

    def answer(*options: str) -> Any:
        assert main(["evaluate", tiny_classifier, str(path), *options, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    lines = range(2, 14)
    words = answer("--words", "--target", "high", "--sample", "12")
    expected = serialise(service.attribute_rows(ROWS, tiny_classifier, "high", sample=12, lines=lines))
    assert words["target"] == "high" and [each["word"] for each in words["words"]] == [
        each["word"] for each in expected["words"]
    ]
    assert len(answer("--label-issues", "--second-file", str(second))["shared"]) == 2
    assert answer("--against", tiny_classifier)["chance"] == 1.0
    for options in (["--words"], ["--label-issues"], ["--against", tiny_classifier]):
        assert main(["evaluate", tiny_classifier, str(path), *options]) == 0
        assert capsys.readouterr().out
    for name, begin in (("a.html", "<!DOCTYPE"), ("a.csv", "line,text"), ("a.jsonl", "{"), ("a.json", "{")):
        assert main(["evaluate", tiny_classifier, str(path), "--save", str(tmp_path / name)]) == 0
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(begin)
    assert main(["evaluate", tiny_classifier, str(path), "--save", str(tmp_path / "a.parquet")]) == 0
    assert (tmp_path / "a.parquet").read_bytes()[:4] == b"PAR1"
    capsys.readouterr()
    for wrong in (["--save", "a.exe"], ["--save", str(tmp_path / "no" / "a.csv")], ["--target", "high"]):
        assert main(["evaluate", tiny_classifier, str(path), *wrong]) == 2
        assert capsys.readouterr().err.count("\n") >= 1
