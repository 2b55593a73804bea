"""The zip that a visitor takes away, in a process that has transformers and peft and nothing of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from own_jobs import sentences, trained

from bert_demo import BertService, Settings
from bert_demo.training.own.card import EXAMPLE

FRESH = r'''
import contextlib, io, json, os, re, sys
from pathlib import Path


class Without:
    """Refuses the product, wherever it is installed."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "bert_demo":
            raise ImportError(name)


sys.meta_path.insert(0, Without())
texts, folders = json.loads(sys.argv[1]), sys.argv[2:]
answers = []
for folder in folders:
    os.chdir(folder)
    (code,) = re.findall(r"```python\n(.*?)```", Path("README.md").read_text(encoding="utf-8"), re.S)
    names, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), names)
    asked = [names["pipeline"]("text-classification", model="."), *([names["classify"]] if "classify" in names else [])]
    answers.append([printed.getvalue().splitlines(), [each(texts, top_k=None) for each in asked]])
assert not any(name.partition(".")[0] == "bert_demo" for name in sys.modules)
print(json.dumps(answers))
'''
MADE = (("frozen", "single"), ("lora", "single"), ("lora", "several"), ("full", "several"), ("head", "number"))


def in_a_fresh_process(cwd: Path, folders: list[Path], texts: list[str]) -> Any:
    """For each folder what its card's code printed, and what the models that it loaded answer to the texts."""
    command = [sys.executable, "-I", "-c", FRESH, json.dumps(texts), *map(str, folders)]
    environment = {"PATH": os.environ["PATH"], "HF_HUB_OFFLINE": "1", "HF_HOME": str(cwd), "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.timeout(300)
def test_code_of_the_card_gives_the_same_answers_in_a_fresh_process(tmp_path: Path, tiny_classifier: str) -> None:
    """As it is written there, of each way and kind, from a start whose own head has other labels."""
    root, folders, models = tmp_path / "jobs", [], []
    for place, (way, kind) in enumerate(MADE):
        job, files = trained(root, tiny_classifier, way, kind, "abcde"[place] * 32)
        assert job.state == "done", job.sentence
        with zipfile.ZipFile(files.archive) as kept:
            kept.extractall(tmp_path / job.token)
        folders.append(tmp_path / job.token / "model")
        models.append(job.model)
    texts = [EXAMPLE, *(text for text, _ in sentences()[:5])]
    service = BertService(Settings(cache_dir=str(root)))
    for (way, _), model, found in zip(MADE, models, in_a_fresh_process(tmp_path, folders, texts), strict=True):
        printed, loaded = found
        ours = [{each.label: each.score for each in service.classify(text, model=model).labels} for text in texts]
        assert len(printed) == len(loaded) == (2 if way == "lora" else 1)
        for answers in loaded:
            theirs = [{each["label"]: each["score"] for each in answer} for answer in answers]
            assert [pytest.approx(each, abs=1e-4) for each in theirs] == ours
        label, score = max(ours[0].items(), key=lambda each: each[1])
        for line in printed:
            assert line.startswith(f"[{{'label': '{label}', 'score': ")
            assert float(line.rpartition(" ")[2].rstrip("}]")) == pytest.approx(score, abs=1e-4)
