"""The command line prints tables for people and, with --json, what the endpoints return."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from calls import ENDPOINT_NAMES, Calls
from conftest import OPENING, ROOT

from bert_demo import BertService
from bert_demo.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, error = capsys.readouterr()
    return code, out, error


def test_json_is_what_the_endpoint_returns(capsys, service: BertService) -> None:
    api = Calls(service)
    code, out, _ = run(capsys, "classify", OPENING, "--json")
    assert code == 0 and json.loads(out) == api.classify(OPENING)
    _, out, _ = run(capsys, "fill-mask", "The [MASK] sat.", "--top-k", "3", "--json")
    assert json.loads(out) == api.fill_mask("The [MASK] sat.", top_k=3)
    _, out, _ = run(capsys, "attention", "a b", "--layer", "1", "--head", "2", "--json")
    assert json.loads(out) == api.attention("a b", layer=1, head=2)
    _, out, _ = run(capsys, "attribute", "good", "--steps", "8", "--target", "negative", "--json")
    assert json.loads(out) == api.attribute("good", steps=8, target="negative")
    _, out, _ = run(capsys, "attribute-mask", "A [MASK] film.", "good", "--steps", "8", "--json")
    assert json.loads(out) == api.attribute_mask("A [MASK] film.", "good", steps=8)
    _, out, _ = run(capsys, "what-if", "A good film.", "1", "--change", "delete", "--json")
    assert json.loads(out) == api.what_if("A good film.", 1, "delete")
    _, out, _ = run(capsys, "models", "--json")
    assert json.loads(out) == api.models()


def test_tables_for_people(capsys) -> None:
    _, out, _ = run(capsys, "classify", "A warm film.")
    assert out.splitlines()[0] == "sentiment (bundled)" and out.splitlines()[1].startswith("positive  0.")
    _, out, _ = run(capsys, "attribute", "A warm film.", "--steps", "20")
    assert "score of the text" in out and "missing" in out and "forward passes         22" in out
    _, out, _ = run(capsys, "attention", "A warm film.", "--layer", "0", "--head", "0")
    assert out.startswith("head 0-0 (from 0)") and "[CLS]" in out
    _, out, _ = run(capsys, "fill-mask", "A [MASK] film.", "--candidates", "warm", "cold")
    assert "A warm film." in out and "A cold film." in out
    _, out, _ = run(capsys, "compare", "A warm film.")
    assert "shapley_value_sampling" in out and "comprehensiveness" in out and "warm" in out
    _, out, _ = run(capsys, "what-if", "A warm film.", "1", "--change", "replace", "--replacement", "dull")
    assert "A dull film." in out and "the word was worth" in out
    _, out, _ = run(capsys, "models")
    assert "base" in out and "sentiment" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("classify", ""), "classify: The text is empty"),
        (("next-sentence", "a", "b", "--model", "spam"), "next-sentence: The model spam has no next-sentence head"),
        (("fill-mask", "[MASK]", "--top-k", "0"), "fill-mask: top_k must be from 1 to 100"),
        (("classify", "good", "--model", "nonsense"), "classify: There is no model 'nonsense'"),
        (("train", "mlm", "--start", "x", "--text", "no.txt", "--output", "y", "--length", "2"), "--length must be"),
    ],
)
def test_errors_are_one_sentence_and_exit_code_2(capsys, words, message) -> None:
    code, out, error = run(capsys, *words)
    assert code == 2 and out == "" and message in error and "Traceback" not in error


def test_wrong_words_are_explained(capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["fill-mask", "[MASK]", "--top-k", "many"])
    assert stop.value.code == 2 and "invalid int value" in capsys.readouterr().err


def test_every_endpoint_is_a_command(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    kinds = capsys.readouterr().out
    for name in ENDPOINT_NAMES:
        assert KINDS[name] in kinds if name in KINDS else name.replace("_", "-") in out
    assert "train" in out


KINDS = {"attribute_rows": "--words", "label_issues": "--label-issues", "compare_models": "--against"}
"""Endpoints that read rows, and what `evaluate`, which reads a file, calls them."""


def test_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bert_demo", "models"], cwd=ROOT, env={**os.environ}, capture_output=True, text=True
    )
    assert done.returncode == 0 and "sentiment" in done.stdout and done.stderr == ""


@pytest.mark.parametrize(
    "words", [(), ("train",), ("train", "mlm"), ("train", "classifier"), ("train", "all"), ("evaluate",)]
)
def test_help_can_be_read(capsys, words) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*words, "--help"])
    assert stopped.value.code == 0 and "usage: python -m bert_demo" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "written"), [("ablate", "Here: layer-head,"), ("score-candidates", "doctor/nurse")]
)
def test_help_says_how_lists_are_written(capsys, command: str, written: str) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert written in " ".join(capsys.readouterr().out.split())
