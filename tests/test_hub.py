"""The real download code against a small hub of our own on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from small_hub import COMMIT, small_hub

from bert_demo import BertService
from bert_demo.errors import ModelLoadError


def ask(cache: Path, model: str, endpoint: str, *more: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, because the hub's address is read at import."""
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(cache), "HF_HUB_DOWNLOAD_TIMEOUT": "5"}
    environment["HF_HUB_DISABLE_XET"] = "1"
    words = [sys.executable, "-m", "bert_demo", "classify", "the cat sat", "--model", model, "--json", *more]
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)


def test_a_model_of_the_hub_is_downloaded_cached_and_used_offline(
    tmp_path: Path, tiny_classifier: str, service: BertService
) -> None:
    expected = {each.label: each.score for each in service.classify("the cat sat", model=tiny_classifier).labels}
    with small_hub({"someone/tiny": Path(tiny_classifier)}) as (endpoint, served):
        first = ask(tmp_path, "someone/tiny", endpoint)
        assert first.returncode == 0, first.stderr
        answer = json.loads(first.stdout)
        assert {each["label"]: each["score"] for each in answer["labels"]} == pytest.approx(expected, abs=1e-6)
        assert answer["model"] == "someone/tiny" and answer["revision"] == COMMIT
        assert "model.safetensors" in served
        count = served.count("model.safetensors")
        assert ask(tmp_path, "someone/tiny", endpoint).returncode == 0
        assert served.count("model.safetensors") == count
        with_revision = ask(tmp_path, f"someone/tiny@{COMMIT}", endpoint)
        assert json.loads(with_revision.stdout)["labels"] == answer["labels"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    words = [sys.executable, "-m", "bert_demo", "classify", "the cat sat", "--model", "someone/tiny", "--json"]
    offline = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)
    assert json.loads(offline.stdout)["labels"] == answer["labels"]


def test_a_model_that_is_not_there_is_one_sentence(tmp_path: Path, tiny_classifier: str) -> None:
    with small_hub({"someone/tiny": Path(tiny_classifier)}) as (endpoint, _):
        missing = ask(tmp_path, "someone/else", endpoint)
    assert missing.returncode == 2 and "could not be loaded" in missing.stderr
    assert "Traceback" not in missing.stderr


def test_models_of_another_family_or_without_a_head_are_refused(tmp_path: Path, tiny_classifier: str) -> None:
    for changes, message in (
        ({"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}, "is a gpt2, not of the BERT family"),
        ({"architectures": ["BertModel"]}, "has no head that a lens can use"),
    ):
        directory = tmp_path / changes["architectures"][0]
        directory.mkdir()
        for file in Path(tiny_classifier).iterdir():
            (directory / file.name).write_bytes(file.read_bytes())
        config = json.loads((directory / "config.json").read_text()) | changes
        (directory / "config.json").write_text(json.dumps(config))
        with pytest.raises(ModelLoadError, match=message):
            BertService().classify("the cat", model=str(directory))


def test_a_pickle_is_not_opened(tmp_path: Path, tiny_classifier: str) -> None:
    for file in Path(tiny_classifier).iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"not opened")
    with pytest.raises(ModelLoadError, match="no safetensors file"):
        BertService().classify("the cat", model=str(tmp_path))
