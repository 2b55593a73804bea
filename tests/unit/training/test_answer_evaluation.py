"""Answers measured on questions: figures worked by hand from what the model finds; the command and the benchmark."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from loaded import loaded

from benchmarks import answers as benchmark
from bert_demo.cli.main import main
from bert_demo.data.questions import AskedQuestion
from bert_demo.results.answers import Answer, Answers
from bert_demo.tasks.answers import find
from bert_demo.training.evaluation.answers import LONGEST, best, evaluate

PASSAGES = ("the cat sat on the mat in a house", "a dog ran in the house . ice is not water", "the film was very good")
QUESTION = "the dog ran"


def found_in(directory: str) -> list[str]:
    model = loaded(directory)
    return [find(model, QUESTION, passage, 1, LONGEST).answers[0].text for passage in PASSAGES]


def asked_of(directory: str) -> list[AskedQuestion]:
    """One that is found, one that is not, and one of whose words the last is missing."""
    found = found_in(directory)
    right = ((found[0], "zzz"), ("zzz",), (f"{found[2]} zzz",))
    return [AskedQuestion(QUESTION, *each) for each in zip(PASSAGES, right, strict=True)]


def by_hand(directory: str) -> float:
    words = len([each for each in found_in(directory)[2].split() if each not in ("a", "the")])
    return (1 + 0 + 2 * words / (2 * words + 1)) / 3


def test_figures_are_means_over_the_questions(tiny_answerer: str) -> None:
    asked = asked_of(tiny_answerer)
    seen: list[tuple[int, int]] = []
    report = evaluate(loaded(tiny_answerer), asked, lambda *each: seen.append(each))
    assert report.exact_match.value == pytest.approx(1 / 3) and report.f1.value == pytest.approx(by_hand(tiny_answerer))
    assert (report.exact_match.low, report.exact_match.high) == (0, 1) and report.without_answer == 0
    assert [each.answers for each in report.mistakes] == [asked[1].answers, asked[2].answers]
    assert [each.found for each in report.mistakes] == found_in(tiny_answerer)[1:]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_no_answer_is_taken_where_it_is_likelier_and_may_be() -> None:
    def answers(score: float, nothing: float) -> Answers:
        return Answers("m", "r", (Answer("cat", 0, 3, score, 0),), nothing, 1, ())

    assert best(answers(0.2, 0.5), may_lack=True) == ""
    assert best(answers(0.2, 0.5), may_lack=False) == "cat"
    assert best(answers(0.5, 0.2), may_lack=True) == "cat"
    assert best(Answers("m", "r", (), 0.0, 1, ()), may_lack=False) == ""


def test_command_prints_figures_and_mistakes(tiny_answerer: str, tmp_path: Path, capsys) -> None:
    records = [
        {"question": each.question, "context": each.passage, "answers": list(each.answers)}
        for each in asked_of(tiny_answerer)
    ]
    path = tmp_path / "questions.json"
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    assert main(["evaluate", tiny_answerer, str(path), "--answers", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["kind"] == "answers" and printed["questions"] == 3
    assert printed["f1"]["value"] == pytest.approx(by_hand(tiny_answerer))
    assert main(["evaluate", tiny_answerer, str(path), "--answers", "--rows", "2", "--worst", "1"]) == 0
    shown = capsys.readouterr().out
    assert "exact match, questions.json" in shown and "50.0 %" in shown and "2 questions of questions.json" in shown


def test_command_refuses_a_model_without_the_head(tiny_masked: str, tmp_path: Path, capsys) -> None:
    path = tmp_path / "one.json"
    path.write_text('{"question": "the cat", "context": "the cat sat", "answers": "sat"}')
    assert main(["evaluate", tiny_masked, str(path), "--answers"]) == 2
    assert "has no question-answering head" in capsys.readouterr().err


def test_benchmark_says_that_its_collection_is_not_there(tiny_answerer: str, tmp_path: Path) -> None:
    assert list(benchmark.measure([tiny_answerer], tmp_path)) == [
        f"XQuAD is not in {tmp_path}: nothing was measured. Give its folder with --data."
    ]
    passage = {"context": PASSAGES[0], "qas": [{"question": QUESTION, "answers": [{"text": "zzz"}]}]}
    (tmp_path / "xquad_en.json.xz").write_text(json.dumps({"data": [{"paragraphs": [passage]}]}))
    lines = list(benchmark.measure([tiny_answerer], tmp_path))
    assert [line.partition(": ")[2].partition(" (")[0] for line in lines] == [
        "exact match, XQuAD English: 0.0 %", "F1 of words, XQuAD English: 0.0 %",
    ]  # fmt: skip
