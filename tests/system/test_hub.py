"""The real download code against a small hub of our own on loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conftest import ROOT, save_tokenizer, tiny_config
from safetensors.torch import load_file, save_file
from small_hub import COMMIT, small_hub
from transformers import AutoTokenizer, BertForPreTraining, BertTokenizer

from bert_demo import BertService
from bert_demo.core.errors import BrokenModelError, ModelKindError, ModelLoadError


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
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    words = [sys.executable, "-m", "bert_demo", "classify", "the cat sat", "--model", "someone/tiny", "--json"]
    offline = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)
    assert json.loads(offline.stdout)["labels"] == answer["labels"]


def test_a_model_that_is_not_there_is_one_sentence(tmp_path: Path, tiny_classifier: str) -> None:
    with small_hub({"someone/tiny": Path(tiny_classifier)}) as (endpoint, _):
        missing = ask(tmp_path, "someone/else", endpoint)
    assert missing.returncode == 2 and "There is no model 'someone/else' on the hub" in missing.stderr
    assert "Traceback" not in missing.stderr


Change = Callable[[Path], None]


def config(**changes: object) -> Change:
    """Change config.json; None removes a key."""

    def change(directory: Path) -> None:
        path = directory / "config.json"
        content = json.loads(path.read_text()) | changes
        path.write_text(json.dumps({name: value for name, value in content.items() if value is not None}))

    return change


def lack(*names: str) -> Change:
    return lambda directory: [(directory / name).unlink() for name in names] and None


def written(name: str, content: bytes) -> Change:
    return lambda directory: (directory / name).write_bytes(content) and None


def cut_short(directory: Path) -> None:
    path = directory / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def tensors(alter: Callable[[dict[str, torch.Tensor]], object]) -> Change:
    def change(directory: Path) -> None:
        held = load_file(directory / "model.safetensors")
        alter(held)
        save_file(held, directory / "model.safetensors")

    return change


def not_a_number(held: dict[str, torch.Tensor]) -> None:
    held["bert.embeddings.word_embeddings.weight"][3, 3] = float("nan")


def other_vocabulary(words: int) -> Change:
    """The tokenizer of a model with so many words."""

    def change(directory: Path) -> None:
        for name in ("tokenizer.json", "tokenizer_config.json"):
            (directory / name).unlink()
        known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"word{number}" for number in range(words))]
        BertTokenizer(vocab={each: number for number, each in enumerate(known)}).save_pretrained(directory)

    return change


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (config(model_type="gpt2"), ModelKindError, "is a gpt2, none of the"),
        (config(model_type=None), ModelKindError, "does not say what kind of model it is"),
        (config(architectures=["BertModel"]), ModelKindError, "has no head that a lens can use"),
        (config(architectures="BertForMaskedLM"), ModelKindError, "has no head that a lens can use"),
        (config(quantization_config={"load_in_8bit": True}), ModelKindError, "are quantised"),
        (config(is_decoder=True), ModelKindError, "is a decoder"),
        (lack("config.json"), BrokenModelError, r"is incomplete: it has no config\.json"),
        (lack("model.safetensors"), ModelKindError, "has no safetensors file"),
        (lack("tokenizer.json"), BrokenModelError, "is incomplete: it has no tokenizer"),
        (
            written("tokenizer.json", b"{}"),
            BrokenModelError,
            r"\(tokenizer\.json\) cannot be read \(its added_tokens are no list",
        ),
        (written("config.json", b"<html>"), BrokenModelError, "it is not JSON"),
        (written("config.json", b"[" * 100_000), BrokenModelError, "it is not JSON"),
        (written("config.json", b"\xff\xfe"), BrokenModelError, "it is not JSON"),
        (config(num_hidden_layers=10**9), BrokenModelError, "num_hidden_layers must be a whole number from 1 to 200"),
        (config(num_attention_heads=0), BrokenModelError, "num_attention_heads must be"),
        (config(num_attention_heads=3), BrokenModelError, "3 heads cannot share 16"),
        (config(hidden_size="16"), BrokenModelError, "hidden_size must be"),
        (config(vocab_size=1_999_999), BrokenModelError, "describes a larger model"),
        (config(id2label={"1": "low", "2": "high"}), BrokenModelError, "id2label must number the labels from 0"),
        (config(id2label={str(n): f"label {n}" for n in range(4)}), BrokenModelError, r"asks for 4.*\(id2label\)"),
        (config(hidden_size=20), BrokenModelError, r"asks for 20.*hidden_size"),
        (cut_short, BrokenModelError, r"model\.safetensors is damaged or was cut short"),
        (written("model.safetensors", b""), BrokenModelError, "is damaged or was cut short"),
        (written("model.safetensors", b"\xff" * 64), BrokenModelError, "is damaged or was cut short"),
        (tensors(lambda held: held.pop("classifier.weight")), BrokenModelError, "1 are missing .classifier.weight"),
        (tensors(not_a_number), BrokenModelError, "some of its weights are no numbers"),
        (other_vocabulary(500), BrokenModelError, "its tokenizer|The tokenizer of the model .* does not belong to it"),
        (other_vocabulary(3), BrokenModelError, "The tokenizer of the model .* does not belong to it"),
    ],
)
def test_a_model_that_cannot_be_used_says_why(
    tmp_path: Path, tiny_classifier: str, change: Change, kind: type, message: str
) -> None:
    """In a directory; a repository of the hub is read in the same way once it is here."""
    directory = tmp_path / "model"
    shutil.copytree(tiny_classifier, directory)
    change(directory)
    service = BertService()
    with pytest.raises(kind, match=message) as raised:
        service.classify("the cat", model=str(directory))
    assert str(raised.value).endswith(".") and "Traceback" not in str(raised.value)
    assert service.models_held() == {}
    shutil.rmtree(directory)
    shutil.copytree(tiny_classifier, directory)
    assert len(service.classify("the cat", model=str(directory)).labels) == 3


def test_a_pre_trained_bert_has_both_heads_whatever_its_configuration_names(tmp_path: Path) -> None:
    """Google's own are saved with both and name one of them; its small ones name none, and bring a vocabulary alone."""
    save_tokenizer(tmp_path)
    torch.manual_seed(0)
    model = BertForPreTraining(tiny_config()).eval()
    model.save_pretrained(tmp_path)
    ids = AutoTokenizer.from_pretrained(tmp_path)("the cat", "the dog", return_tensors="pt")
    follows = model(**ids).seq_relationship_logits[0].softmax(-1)[0].item()
    words = json.loads((tmp_path / "tokenizer.json").read_text())["model"]["vocab"]
    for architectures in (["BertForMaskedLM"], None):
        config(architectures=architectures)(tmp_path)
        service = BertService()
        assert service.describe(str(tmp_path)).tasks == ("fill-mask", "next-sentence")
        assert service.next_sentence("the cat", "the dog", str(tmp_path)).is_next == pytest.approx(follows, abs=1e-5)
        assert len(service.fill_mask("the [MASK]", str(tmp_path)).slots) == 1
        (tmp_path / "vocab.txt").write_text("\n".join(sorted(words, key=words.__getitem__)))
        for name in ("tokenizer.json", "tokenizer_config.json"):
            (tmp_path / name).unlink(missing_ok=True)


def test_a_pickle_is_not_opened(tmp_path: Path, tiny_classifier: str) -> None:
    for file in Path(tiny_classifier).iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"not opened")
    with pytest.raises(ModelLoadError, match="no safetensors file"):
        BertService().classify("the cat", model=str(tmp_path))
