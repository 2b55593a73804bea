"""`train own` does from the terminal what the page does, and leaves a model and a zip."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from own_jobs import sentences
from transformers import pipeline

from bert_demo.cli.main import main
from bert_demo.service.training_recipe import usual_epochs


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["text,label", *(f'"{text}",{label}' for text, label in sentences())]), encoding="utf-8")
    return path


def words(rows: Path, start: str, output: Path, *more: str) -> list[str]:
    return ["train", "own", str(rows), "--start", start, "--length", "32", "--output", str(output), *more]


def test_command_writes_a_model_and_a_zip(
    rows: Path, tmp_path: Path, tiny_masked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "own"
    assert main(words(rows, tiny_masked, output, "--way", "head", "--epochs", "2")) == 0
    said = capsys.readouterr()
    assert "84 to learn from, 18 held out, 18 to test on" in said.err and "epoch 2: accuracy" in said.err
    assert "on 18 test rows; a constant answer" in said.out
    assert sorted(each.name for each in output.iterdir()) == ["model", "model.zip"]
    (answer,) = pipeline("text-classification", model=str(output / "model"))("the cat sat")
    assert answer["label"] in ("cat", "dog")
    assert main(words(rows, tiny_masked, output, "--way", "head")) == 2
    assert "already. Name another directory with --output" in capsys.readouterr().err


def test_command_prints_what_the_endpoint_gives(
    rows: Path, tmp_path: Path, tiny_masked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(rows, tiny_masked, tmp_path / "own", "--way", "frozen", "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["state"], found["plan"]["recipe"]["way"], found["test"]["rows"]) == ("done", "frozen", 18)
    assert found["added_bytes"] == 4 * 2 * 17


def test_command_refuses_in_a_sentence(
    rows: Path, tmp_path: Path, tiny_masked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(rows, tiny_masked, tmp_path / "own", "--way", "frozen", "--rank", "4")) == 2
    assert "Frozen features has no use for rank" in capsys.readouterr().err
    assert main(words(tmp_path / "none.csv", tiny_masked, tmp_path / "own")) == 2


def test_few_rows_are_read_more_often() -> None:
    assert [usual_epochs("lora", rows, 32) for rows in (96, 130, 640, 1600, 5000)] == [30, 30, 8, 5, 5]
    assert usual_epochs("frozen", 96, 32) == 1 and usual_epochs("head", 1600, 32) == 5
