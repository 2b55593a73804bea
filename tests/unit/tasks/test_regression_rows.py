"""Numbers of a regressor on labelled rows against scipy and scikit-learn; coverage of their intervals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import mean_absolute_error
from transformers import pipeline

from bert_demo import BertService, Settings
from bert_demo.api.endpoints import BY_NAME
from bert_demo.api.run import answer_schema, compact, run
from bert_demo.api.serialise import serialise
from bert_demo.cli.main import main
from bert_demo.core.errors import BadDataError, ChoiceError, MissingHeadError
from bert_demo.data.numbers import checked_numbers, number_in, numbered_texts
from bert_demo.data.reading import FOUND, Reading
from bert_demo.data.table import table_of
from bert_demo.tasks.regression import correlation, mean, rank_correlation
from bert_demo.web.server.mcp_server.tools import output_schema

TEXTS = ("the cat sat", "a dog ran on the mat", "was the film bad ?", "the cat was not good", "a good dog", "the ice")
ROWS: list[tuple[str, Any]] = [(text, at / 2) for at, text in enumerate(TEXTS)]


@pytest.fixture(scope="module")
def service() -> BertService:
    return BertService(Settings())


def test_correlations_are_those_of_scipy() -> None:
    rng = np.random.default_rng(0)
    for ties in (False, True):
        one = rng.normal(0, 1, 40)
        other = one + rng.normal(0, 1, 40)
        one, other = (one.round(), other.round()) if ties else (one, other)
        found, expected = correlation(one, other), pearsonr(one, other)
        assert found is not None
        assert found.value == pytest.approx(expected.statistic, abs=1e-9)
        interval = expected.confidence_interval()
        assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=1e-9)
        ranked = rank_correlation(one, other)
        assert ranked is not None and ranked.value == pytest.approx(spearmanr(one, other).statistic, abs=1e-9)
    assert correlation(np.ones(9), np.arange(9.0)) is None and rank_correlation(np.arange(9.0), np.ones(9)) is None


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Of 400 fewer than 91 % once in a thousand times; Spearman's of a normal pair is 6 / pi * asin(r / 2)."""
    rng = np.random.default_rng(1)
    held = {"pearson": 0, "spearman": 0, "mean": 0}
    for _ in range(400):
        one = rng.normal(0, 1, 60)
        other = 0.6 * one + 0.8 * rng.normal(0, 1, 60)
        pearson, spearman = correlation(one, other), rank_correlation(one, other)
        assert pearson is not None and spearman is not None
        held["pearson"] += pearson.low <= 0.6 <= pearson.high
        held["spearman"] += spearman.low <= 6 / np.pi * np.arcsin(0.3) <= spearman.high
        error = mean(np.abs(rng.normal(0, 1, 60)))
        held["mean"] += error.low <= np.sqrt(2 / np.pi) <= error.high
    assert min(held.values()) >= 364, held


def test_service_against_the_pipeline(service: BertService, tiny_regressor: str) -> None:
    seen: list[tuple[int, int]] = []
    found = service.evaluate_regression(ROWS, tiny_regressor, lambda *both: seen.append(both), range(2, 8))
    ask = pipeline("text-classification", model=tiny_regressor, function_to_apply="none")
    answers = np.array([each["score"] for each in ask(list(TEXTS))])
    truth = np.array([number for _, number in ROWS])
    assert found.answers == pytest.approx(answers, abs=1e-5) and seen[-1] == (6, 6)
    assert found.pearson is not None and found.spearman is not None and found.output == "stars"
    assert found.pearson.value == pytest.approx(pearsonr(found.answers, truth).statistic, abs=1e-9)
    assert found.spearman.value == pytest.approx(spearmanr(found.answers, truth).statistic, abs=1e-9)
    assert found.mean_absolute_error.value == pytest.approx(mean_absolute_error(truth, found.answers), abs=1e-9)
    errors = [abs(each.answer - each.truth) for each in found.farthest]
    assert errors == sorted(errors, reverse=True) and {each.line for each in found.farthest} == set(range(2, 8))


def test_what_is_refused(service: BertService, tiny_regressor: str, tiny_masked: str) -> None:
    found = service.evaluate_regression([("the cat", "the mat", "4.5"), ("a dog", "ran", 1)], tiny_regressor)
    assert found.rows == 2 and found.pearson is not None and found.pearson.low == -1.0
    assert json.loads(json.dumps(serialise(found)))["farthest"][0]["pair"] in ("the mat", "ran")
    for rows, said in (
        ("abc", "rows must be pairs"),
        ([["a", 1], ["b", "many"]], "Labelled text 2: 'many' is no number"),
        ([["a", 1], ["b", "nan"]], "Labelled text 2: 'nan' is no number"),
        ([["a", 1], [" ", 0]], "Labelled text 2: The text is empty"),
    ):
        with pytest.raises(BadDataError, match=said):
            service.evaluate_regression(rows, tiny_regressor)
    with pytest.raises(ChoiceError, match="gives labels, not one number"):
        service.evaluate_regression(ROWS, "sentiment")
    with pytest.raises(MissingHeadError):
        service.evaluate_regression(ROWS, tiny_masked)
    assert service.gives_number(tiny_regressor) and not service.gives_number("sentiment")


def test_evaluate_answers_with_numbers_where_the_model_gives_one(service: BertService, tiny_regressor: str) -> None:
    """One row of the table for HTTP, MCP and the page; what does not fit is said in a sentence of its own."""
    endpoint = BY_NAME["evaluate"]
    said = run(endpoint, service, {"rows": [list(row) for row in ROWS], "model": tiny_regressor})
    assert said == serialise(service.evaluate_regression(ROWS, tiny_regressor))
    schema = answer_schema(endpoint)
    Draft202012Validator(schema).validate(said)
    Draft202012Validator(output_schema(endpoint)).validate(compact(endpoint, said))
    assert compact(endpoint, said) == said and output_schema(endpoint) == schema
    assert schema["required"] == list(schema["properties"]) == ["model", "revision", "rows"]
    labelled = run(endpoint, service, {"rows": [["A warm film.", 1], ["A dull film.", 0]]})
    assert labelled["accuracy"]["value"] == 1.0 and "pearson" not in labelled
    assert len(schema["anyOf"]) == 4  # labels, numbers, entities, answers
    for schema_of_one, answer in zip(schema["anyOf"][:2], (labelled, said), strict=True):
        Draft202012Validator(schema_of_one).validate(answer)
    for arguments, error, message in (
        ({"rows": [["a", "positive"], ["b", "negative"]]}, BadDataError, "'positive' is no number. The model .* gives"),
        ({"rows": [["a", True], ["b", 1]]}, BadDataError, "'True' is no number"),
        ({"rows": [["a", "1_000"], ["b", 1]]}, BadDataError, "'1_000' is no number"),
        ({"rows": [["a", 2.5]] * 2, "word": "cat"}, ChoiceError, "Leave word out"),
        (
            {"rows": [["a", 2.5], ["b", 4.5]], "model": "sentiment"},
            BadDataError,
            "'2.5' is none of this model's labels",
        ),
    ):
        with pytest.raises(error, match=message):
            run(endpoint, service, {"model": tiny_regressor} | arguments)


def test_rows_of_a_file_are_read_with_their_numbers(tmp_path: Path) -> None:
    """Stars, shares, numbers with a comma; of a number column and an id that counts the rows, the named one."""
    for content, expected in (
        (
            "id,text,rating\n1,A fine film.,4.5\n2,A dull film.,1\n3,So so.,\n",
            [("A fine film.", 4.5), ("A dull film.", 1.0)],
        ),
        (
            "sentence1;sentence2;score\nA cat.;A dog.;2,5\nA cat.;The cat.;4,75\n",
            [("A cat.", "A dog.", 2.5), ("A cat.", "The cat.", 4.75)],
        ),
        ("A fine film.\t4\nA dull film.\t-1e1\n", [("A fine film.", 4.0), ("A dull film.", -10.0)]),
        (
            '{"text": "A fine film.", "label": 3.25}\n{"text": "A dull film.", "label": "nan"}\n',
            [("A fine film.", 3.25)],
        ),
    ):
        found = numbered_texts(table_of(content.encode(), "", FOUND))
        assert list(found.rows) == expected
    with pytest.raises(BadDataError, match="'nan' is no number"):
        checked_numbers(found, 10)
    assert checked_numbers(found, 10, skip=True).lines == (1,)
    with pytest.raises(BadDataError, match="There are 2 rows; the limit is 1"):
        checked_numbers(found, 1, skip=True)
    assert number_in("inf") is None and number_in("1.000,5") is None and number_in("4,5") == 4.5


def test_commands_say_what_the_service_says(
    at_hand: None, service: BertService, tiny_regressor: str, tiny_tagger: str, tmp_path: Path, capsys: Any
) -> None:
    table, tagged = tmp_path / "stars.csv", tmp_path / "tags.conll"
    table.write_text("text,rating\n" + "".join(f"{text},{number}\n" for text, number in ROWS), encoding="utf-8")
    tagged.write_text("the O\ncat B-PER\nsat O\n\na O\ndog B-LOC\nran O\n", encoding="utf-8")
    assert main(["evaluate", tiny_regressor, str(table), "--regression", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    found = service.evaluate_regression(ROWS, tiny_regressor, lines=range(2, 8))
    assert said["pearson"] == serialise(found.pearson) and said["answers"] == pytest.approx(found.answers, abs=1e-5)
    assert main(["evaluate", tiny_regressor, str(table), "--regression", "--worst", "2"]) == 0
    assert "Spearman's rank correlation" in capsys.readouterr().out
    for ending in ("csv", "jsonl", "parquet", "json"):
        target = tmp_path / f"saved.{ending}"
        assert main(["evaluate", tiny_regressor, str(table), "--regression", "--save", str(target)]) == 0
        assert "6 rows were written" in capsys.readouterr().out
        if ending == "json":
            assert json.loads(target.read_bytes())["mean_absolute_error"] == serialise(found.mean_absolute_error)
        else:
            reading = Reading(label=("answer",))
            kept = numbered_texts(table_of(target.read_bytes(), target.name, reading), reading)
            assert kept.texts == TEXTS and kept.numbers == pytest.approx(found.answers, abs=1e-5)
    assert main(["evaluate", tiny_tagger, str(tagged), "--entities", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["together"]["support"] == 2
    for line in (
        ["evaluate", "sentiment", str(table), "--regression"],
        ["evaluate", tiny_regressor, str(tagged), "--entities"],
        ["evaluate", tiny_regressor, str(table), "--regression", "--map", "a=b"],
        ["evaluate", tiny_regressor, str(table), "--regression", "--save", str(tmp_path / "report.html")],
    ):
        assert main(line) == 2
        assert capsys.readouterr().err.startswith("evaluate: ")
