"""The notebook in the zip, run in a process that has nothing of ours: the figure of the card comes out again."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from own_jobs import sentences, trained

from bert_demo.training.own.notebook import NOTEBOOK, ROWS

RUN = """
import json, sys
sys.modules["bert_demo"] = None
names = {}
for cell in json.load(open("train_again.ipynb", encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        exec("".join(cell["source"]), names)
"""
SIZES: dict[str, Any] = {"epochs": 3, "learning_rate": 2e-3, "batch_size": 8}


def again(folder: Path, start: str) -> tuple[float, float]:
    """(here, on the card) of the last cell."""
    environment = {"PATH": os.environ["PATH"], "HF_HUB_OFFLINE": "1", "START": start, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-I", "-c", RUN]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    here, card = re.findall(r": (-?[\d.]+)", ended.stdout.splitlines()[-1])
    return float(here), float(card)


@pytest.mark.timeout(200)
@pytest.mark.parametrize(
    ("way", "kind", "choices"),
    [
        ("frozen", "single", {}),
        ("frozen", "single", {"share": 0.5}),
        ("frozen", "number", {"pooling": "cls", "layer": 0}),
        ("frozen", "several", {"class_weights": True}),
        ("lora", "single", {**SIZES, "layer_decay": 0.8}),
        ("full", "several", {**SIZES, "class_weights": True}),
        ("head", "number", SIZES),
    ],
)
def test_notebook_gives_the_figure_of_the_card(
    tmp_path: Path, tiny_masked: str, way: str, kind: str, choices: dict[str, Any]
) -> None:
    job, files = trained(tmp_path / "jobs", tiny_masked, way, kind, **choices)
    with zipfile.ZipFile(files.archive) as kept:
        kept.extractall(tmp_path / "kept")
    here, card = again(tmp_path / "kept", tiny_masked)
    assert job.test is not None and card == pytest.approx(job.test.score.value, abs=1e-6)
    assert here == pytest.approx(card, abs=2e-3 if way == "frozen" and kind == "number" else 1e-6)


def test_rows_stand_beside_it_with_their_parts_and_no_label_ends_its_text(tmp_path: Path, tiny_masked: str) -> None:
    odd = """'''{x}\\\\n"%"""
    rows = [(text, odd if label == "cat" else label) for text, label in sentences()]
    job, files = trained(tmp_path / "jobs", tiny_masked, "frozen", rows=rows)
    with zipfile.ZipFile(files.archive) as kept:
        kept.extractall(tmp_path / "kept")
    with (tmp_path / "kept" / ROWS).open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [(row["text"], row["label"]) for row in found] == rows
    parts = [row["part"] for row in found]
    assert job.plan is not None
    assert [parts.count(each) for each in ("train", "held out", "test")] == [
        job.plan.train, job.plan.held_out, job.plan.test,
    ]  # fmt: skip
    here, card = again(tmp_path / "kept", tiny_masked)
    assert here == card
    cells = json.loads((tmp_path / "kept" / NOTEBOOK).read_text(encoding="utf-8"))["cells"]
    assert [each["cell_type"] for each in cells] == ["markdown", "code", "code", "code", "code"]


def test_continued_pretraining_has_none(tmp_path: Path, tiny_masked: str) -> None:
    rows = [(text, "") for text, _ in sentences()]
    _, files = trained(tmp_path, tiny_masked, "pretrain", rows=rows, epochs=1)
    with zipfile.ZipFile(files.archive) as kept:
        assert all(name.startswith("model/") for name in kept.namelist())
