"""Entities and answers on rows: figures against seqeval and by hand, coverage of their intervals, one endpoint for all.

seqeval 1.2.2 is no package of this project: what its `classification_report` says of random tags stands in
entities_of_seqeval_1_2_2.json.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from bert_demo import BertService, Settings
from bert_demo.api.endpoints import BY_NAME
from bert_demo.api.run import answer_schema, compact, run
from bert_demo.api.serialise import serialise
from bert_demo.cli.main import main
from bert_demo.core.errors import BadDataError, ChoiceError, MissingHeadError
from bert_demo.data.entities import entities_of, tags_of
from bert_demo.data.reading import FOUND
from bert_demo.data.table import table_of
from bert_demo.data.tagged import Tagged
from bert_demo.results.entity_evaluation import EntityEvaluation
from bert_demo.tasks import intervals
from bert_demo.tasks.answer_scores import exact_match, f1
from bert_demo.tasks.entity_rows import figures, iob2
from bert_demo.web.server.mcp_server.tools import output_schema

KEPT = json.loads((Path(__file__).parent / "entities_of_seqeval_1_2_2.json").read_text(encoding="utf-8"))
TEXTS = ("the cat sat", "a dog ran on the mat", "was the film bad ?")
TAGGED: list[list[Any]] = [[TEXTS[0], "O B-PER O"], [TEXTS[1], "O B-LOC O O B-LOC I-LOC"], [TEXTS[2], "O O O O O"]]
PASSAGES = ("the cat sat on the mat in a house", "a dog ran in the house . ice is not water", "the film was very good")
QUESTION = "the dog ran"
NAMED: Any = SimpleNamespace(info=SimpleNamespace(name="m", revision="r"))


@pytest.fixture(scope="module")
def service() -> BertService:
    return BertService(Settings())


def of_tags(truth: Sequence[str], answers: Sequence[str]) -> EntityEvaluation:
    """The figures of tags beside tags."""

    def sentence(tags: str) -> Tagged:
        words = tags.split()
        spans = tuple((2 * at, 2 * at + 1) for at in range(len(words)))
        return Tagged(" ".join("x" for _ in words), spans, tuple(words))

    found = [dict.fromkeys(entities_of(tags_of(each.split())), 0.5) for each in answers]
    return figures(NAMED, [sentence(each) for each in truth], found, range(1, len(truth) + 1))


@pytest.mark.parametrize("case", KEPT, ids=range(len(KEPT)))
def test_figures_are_those_of_seqeval(case: dict[str, Any]) -> None:
    found = of_tags(case["truth"], case["answers"])
    assert [found.precision.value, found.recall.value, found.f1.value] == pytest.approx(case["all"], abs=1e-9)
    assert {
        each.type: [each.precision.value, each.recall.value, each.f1.value, each.support] for each in found.types
    } == {name: pytest.approx(each, abs=1e-9) for name, each in case["types"].items()}
    for each in (found.precision, found.recall, found.f1):
        assert 0 <= each.low <= each.value <= each.high <= 1
    outcomes = found.outcomes
    true = outcomes.right + outcomes.wrong_type + outcomes.wrong_borders + outcomes.missed
    assert true == sum(each.support for each in found.types)
    assert true - outcomes.missed + outcomes.spurious == sum(each.predicted for each in found.types)
    assert of_tags(case["truth"], found.answers).f1.value == pytest.approx(found.f1.value)


def test_mistakes_are_missed_spurious_or_of_a_wrong_type() -> None:
    truth = ["B-PER I-PER O B-LOC", "B-LOC O B-ORG I-ORG"]
    found = of_tags(truth, ["B-PER I-PER B-PER O", "B-ORG O B-ORG O"])
    outcomes = found.outcomes
    assert (outcomes.right, outcomes.missed, outcomes.spurious, outcomes.wrong_type, outcomes.wrong_borders) == (
        1, 1, 1, 1, 1,
    )  # fmt: skip
    assert [each.outcome for each in found.mistakes] == ["spurious", "wrong type", "wrong borders", "missed"]
    assert found.mistakes[1].true and found.mistakes[1].true.type == "LOC" and found.mistakes[-1].score is None
    perfect = of_tags(truth, truth)
    assert perfect.f1.value == perfect.f1.high == 1 and perfect.f1.low < 1 and not perfect.mistakes
    assert iob2(entities_of(tags_of(["I-PER", "B-PER", "O"])), 3) == ["B-PER", "B-PER", "O"]


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Of 300 trials fewer than 90 % once in ten thousand times; entities of one sentence are right or missed together
    more often than not, so that their number overstates what is known."""
    rng = np.random.default_rng(0)
    held = {"recall": 0, "f1": 0, "answers": 0}
    for _ in range(300):
        known = rng.beta(4, 1, 40)
        rows = [["B-X" if rng.random() < share else "O" for _ in range(3)] for share in known]
        found = of_tags(["B-X B-X B-X"] * 40, [" ".join(row) for row in rows])
        held["recall"] += found.recall.low <= 0.8 <= found.recall.high
        held["f1"] += found.f1.low <= 2 * 0.8 / 1.8 <= found.f1.high
        words = intervals.share(float(rng.choice([0, 0.5, 1], 60, p=[0.2, 0.2, 0.6]).sum()), 60)
        held["answers"] += words.low <= 0.7 <= words.high
    assert min(held.values()) >= 270, held


def test_service_measures_what_the_lens_finds(service: BertService, tiny_tagger: str, tiny_masked: str) -> None:
    seen: list[tuple[int, int]] = []
    found = service.evaluate_entities(TAGGED, tiny_tagger, lambda *both: seen.append(both))
    expected = [service.entities(text, tiny_tagger).entities for text in TEXTS]
    assert sum(each.predicted for each in found.types) == sum(map(len, expected)) > 0
    assert (found.rows, found.words, seen[-1]) == (3, 14, (3, 3))
    for text, entities, tags in zip(TEXTS, expected, found.answers, strict=True):
        assert sum(tag.startswith("B-") for tag in tags.split()) == len(entities), (text, tags)
    wrong: tuple[tuple[Any, str], ...] = (
        ([["a cat", "O"], ["a dog", "O O"]], "Labelled text 1: there are 2 words and 1 tags"),
        ([["a cat", "a dog", "O O"], ["a dog", "O O"]], "Labelled text 1: a model of entities reads one text"),
        ([["a cat", "O O"], [" ", "O"]], "Labelled text 2: The text is empty"),
        ([["a cat", "O B-DISH"], ["a dog", "O O"]], "tags name DISH, and the model .* finds PER, LOC"),
        ([["a cat", "B-PER I-PER"], ["a dog", "O PER"]], "Labelled text 2: the tag 'PER' has no place in front"),
        ("abc", "rows must be pairs"),
    )
    for rows, said in wrong:
        with pytest.raises(BadDataError, match=said):
            service.evaluate_entities(rows, tiny_tagger)
    with pytest.raises(MissingHeadError, match="no token-classification head"):
        service.evaluate_entities(TAGGED, tiny_masked)
    kinds = [service.measured_by(each) for each in (tiny_tagger, "sentiment")]
    assert kinds == ["entities", "labels"]


def test_answers_are_scored_by_squads_rules(service: BertService, tiny_answerer: str) -> None:
    found = [service.answer(QUESTION, each, tiny_answerer, 1, 30).answers[0].text for each in PASSAGES]
    right = ((found[0], "zzz"), ("zzz",), (f"{found[2]} zzz",))
    rows = [[QUESTION, passage, *each] for passage, each in zip(PASSAGES, right, strict=True)]
    report = service.evaluate_answers(rows, tiny_answerer)
    pairs = list(zip(found, right, strict=True))
    assert report.answers == tuple(found) and report.without_answer == 0
    assert report.exact_match.value == pytest.approx(np.mean([exact_match(*pair) for pair in pairs]), abs=1e-9)
    assert report.f1.value == pytest.approx(np.mean([f1(*pair) for pair in pairs]), abs=1e-9)
    assert {each.row for each in report.mistakes} == {1, 2}
    assert [each.score for each in report.mistakes] == sorted((each.score for each in report.mistakes), reverse=True)
    assert service.evaluate_answers([rows[0], [QUESTION, PASSAGES[1]]], tiny_answerer).without_answer == 1
    wrong: tuple[tuple[Any, str], ...] = (
        ([[QUESTION, PASSAGES[0], "cat"], ["the cat " * 40, "a dog " * 40, "dog"]], "Labelled text 2: .* are long"),
        ([[QUESTION, 1], [QUESTION, PASSAGES[0]]], "Labelled text 1: there is no passage"),
        ([[QUESTION], [QUESTION]], "rows must be lists of a question"),
        ([rows[0]], "There are 1 questions; from 2"),
    )
    for given, said in wrong:
        with pytest.raises(BadDataError, match=said):
            service.evaluate_answers(given, tiny_answerer)


def test_one_endpoint_answers_by_what_the_model_gives(
    service: BertService, tiny_tagger: str, tiny_answerer: str
) -> None:
    endpoint = BY_NAME["evaluate"]
    asked = [[QUESTION, PASSAGES[0], "the cat"], [QUESTION, PASSAGES[1]]]
    for rows, model, expected in (
        (TAGGED, tiny_tagger, service.evaluate_entities(TAGGED, tiny_tagger)),
        (asked, tiny_answerer, service.evaluate_answers(asked, tiny_answerer)),
    ):
        said = run(endpoint, service, {"rows": rows, "model": model})
        assert said == serialise(expected) == json.loads(json.dumps(said)) == compact(endpoint, said)
        Draft202012Validator(answer_schema(endpoint)).validate(said)
        Draft202012Validator(output_schema(endpoint)).validate(said)
        with pytest.raises(ChoiceError, match="Leave word out"):
            run(endpoint, service, {"rows": rows, "model": model, "word": "cat"})


def test_commands_write_tags_and_answers(
    at_hand: None, service: BertService, tiny_tagger: str, tiny_answerer: str, tmp_path: Path, capsys: Any
) -> None:
    tagged, asked = tmp_path / "tags.conll", tmp_path / "asked.jsonl"
    tagged.write_text("the O\ncat B-PER\nsat O\n\na O\ndog B-LOC\nran O\n", encoding="utf-8")
    records = [{"question": QUESTION, "context": each, "answers": ["=the cat"]} for each in PASSAGES]
    asked.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    entities = service.evaluate_entities([["the cat sat", "O B-PER O"], ["a dog ran", "O B-LOC O"]], tiny_tagger)
    answers = service.evaluate_answers([[QUESTION, each, "=the cat"] for each in PASSAGES], tiny_answerer)
    for kind, model, path, found in (
        ("--entities", tiny_tagger, tagged, entities),
        ("--answers", tiny_answerer, asked, answers),
    ):
        for ending in ("csv", "jsonl", "parquet", "json"):
            target = tmp_path / f"saved.{ending}"
            assert main(["evaluate", model, str(path), kind, "--save", str(target)]) == 0
            assert f"{found.rows} rows were written" in capsys.readouterr().out
            if ending == "json":
                assert json.loads(target.read_bytes())["f1"] == serialise(found.f1)
                continue
            table = table_of(target.read_bytes(), target.name, FOUND)
            place = list(table.rows[0].cells).index("answer")
            assert [row.cells[place] for row in table.rows[1:]] == list(found.answers)
        assert main(["evaluate", model, str(path), kind, "--save", str(tmp_path / "a.html")]) == 2
        assert "--save writes files that end in .csv" in capsys.readouterr().err
        assert main(["evaluate", "sentiment", str(path), kind, "--save", str(tmp_path / "a.csv")]) == 2
        capsys.readouterr()
    records[1] = {"question": "the cat " * 40, "context": "a dog " * 40, "answers": ["dog"]}
    asked.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    assert main(["evaluate", tiny_answerer, str(asked), "--answers"]) == 2
    assert "Question 2: Both texts are long" in capsys.readouterr().err


def test_command_reads_several_labels_a_cell(
    at_hand: None, service: BertService, tiny_models: dict[str, str], tmp_path: Path, capsys: Any
) -> None:
    table = tmp_path / "several.csv"
    table.write_text("text,label\nthe cat sat,low;high\na dog ran,\nthe mat,middle\n", encoding="utf-8")
    assert main(["evaluate", tiny_models["several"], str(table), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    rows = [("the cat sat", "low;high"), ("a dog ran", ""), ("the mat", "middle")]
    found = service.evaluate(rows, tiny_models["several"], lines=range(2, 5))
    assert said["measure"] == "subset accuracy" and said["micro_f1"] == serialise(found.micro_f1)
    assert said["labels"] == serialise(found)["labels"]
    assert main(["evaluate", tiny_models["several"], str(table)]) == 0
    assert "subset accuracy" in capsys.readouterr().out
