"""LoRA adapters: merged at load they are what peft computes; what cannot be merged is refused with a sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import save_tokenizer, tiny_config
from loaded import loaded
from safetensors.torch import load_file, save_file
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertForMaskedLM,
    BertForPreTraining,
    BertModel,
)

from bert_demo import BertService, Settings
from bert_demo.cli.main import main
from bert_demo.core.errors import BadDataError, ModelLoadError
from bert_demo.models.loading.lora import find_adapter
from bert_demo.training.finetuning.classifier import ClassifierTask, finetune
from bert_demo.training.finetuning.lora import begin_with_mean, has_pooler, with_adapters
from bert_demo.training.loop import Schedule
from bert_demo.training.publishing.weights import publish


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny adapter made by the command, beside its base."""
    folder = tmp_path_factory.mktemp("adapter")
    save_tokenizer(folder / "base")
    torch.manual_seed(1)
    BertForPreTraining(tiny_config()).save_pretrained(folder / "base")
    rows = ["sentence\tlabel"]
    for number in range(200):
        rows += [f"the {('cat', 'dog')[number % 2]} was good\t1", f"a {('cat', 'dog')[number % 2]} was bad\t0"]
    data = folder / "rows.tsv"
    data.write_text("\n".join(rows), encoding="utf-8")
    words = ["train", "classifier", "--start", str(folder / "base"), "--data", str(data), "--labels", "no", "yes"]
    words += ["--output", str(folder / "run"), "--epochs", "4", "--learning-rate", "0.01", "--rank", "4"]
    assert main([*words, "--test", str(data)]) == 0
    return folder / "run" / "model"


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_merging_is_what_peft_does(trained: Path) -> None:
    """The oracle runs base and adapter side by side, unmerged."""
    from peft import PeftModel

    base = trained.parent.parent / "base"
    plain = AutoModelForSequenceClassification.from_pretrained(base, config=AutoConfig.from_pretrained(trained))
    oracle = PeftModel.from_pretrained(plain, str(trained)).eval()
    tokenizer = AutoTokenizer.from_pretrained(base)
    service = BertService(Settings())
    for text in ("the cat was good", "a dog was bad", "the film was not very happy !"):
        with torch.no_grad():
            expected = oracle(**tokenizer(text, return_tensors="pt")).logits[0].softmax(-1)
        found = {each.label: each.score for each in service.classify(text, None, str(trained)).labels}
        assert [found["no"], found["yes"]] == pytest.approx(expected.tolist(), abs=1e-5)
    assert found.keys() == {"no", "yes"}
    assert service.classify("a cat was bad", None, str(trained)).labels[0].label == "no"


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_adapters_bring_the_pooler_that_a_masked_language_model_lacks(tmp_path: Path) -> None:
    """They begin with the mean over all tokens, and merged at load they are what peft makes of them."""
    from peft import PeftModel

    base, target = tmp_path / "base", tmp_path / "adapter"
    save_tokenizer(base)
    torch.manual_seed(1)
    BertForMaskedLM(tiny_config()).save_pretrained(base)
    plain = AutoModelForSequenceClassification.from_pretrained(base, attn_implementation="eager")
    last = len(plain.bert.encoder.layer) - 1
    assert begin_with_mean(plain) == (f"layer.{last}.attention.self.query", "pooler.dense")
    tokenizer = AutoTokenizer.from_pretrained(base)
    inputs = tokenizer("the cat was good", return_tensors="pt")
    seen = plain.eval()(**inputs, output_attentions=True)
    assert torch.allclose(seen.attentions[last], torch.full((1, 2, 6, 6), 1 / 6)) and not seen.logits.any()
    rows = [f"the {word} was {kind}\t{label}" for word in ("cat", "dog") for kind, label in (("good", 1), ("bad", 0))]
    data = tmp_path / "rows.tsv"
    data.write_text("\n".join(["sentence\tlabel", *rows * 60]), encoding="utf-8")
    task = ClassifierTask(str(base), (data,), ("no", "yes"), tmp_path / "run", rank=2)
    publish(*finetune(task, Schedule(30, 0.01), lambda line: None), target, str(base))
    stored = load_file(target / "adapter_model.safetensors")
    assert {
        "base_model.model.bert.pooler.dense.weight",
        f"base_model.model.bert.encoder.layer.{last}.attention.self.query.weight",
    } <= set(stored)
    assert not has_pooler(base)
    config = AutoConfig.from_pretrained(target)
    bare = AutoModelForSequenceClassification.from_pretrained(base, config=config)
    oracle = PeftModel.from_pretrained(bare, str(target)).eval()
    service = BertService(Settings())
    for text in ("the cat was good", "a dog was bad"):
        with torch.no_grad():
            expected = oracle(**tokenizer(text, return_tensors="pt")).logits[0].softmax(-1)
        found = {each.label: each.score for each in service.classify(text, None, str(target)).labels}
        assert [found["no"], found["yes"]] == pytest.approx(expected.tolist(), abs=1e-5)
    assert service.classify("the dog was bad", None, str(target)).labels[0].label == "no"


def test_only_the_difference_is_stored(trained: Path) -> None:
    assert not (trained / "model.safetensors").exists() and not (trained / "tokenizer.json").exists()
    assert json.loads((trained / "adapter_config.json").read_text())["base_model_name_or_path"] == str(
        trained.parent.parent / "base"
    )
    card = (trained / "README.md").read_text(encoding="utf-8")
    assert "PeftModel" in card and "accuracy, " in card and "--rank 4" in card
    assert json.loads((trained / "config.json").read_text())["architectures"] == ["BertForSequenceClassification"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"base_model_name_or_path": "../nowhere"}, "which is not beside it"),
        ({"peft_type": "IA3"}, "is not a plain LoRA adapter"),
        ({"use_dora": True}, "is not a plain LoRA adapter"),
        ({"r": None}, "r must be a number above 0"),
        ({"r": "4"}, "r must be a number above 0"),
        ({"r": 0}, "r must be a number above 0"),
        ({"lora_alpha": 0}, "lora_alpha must be a number above 0"),
    ],
)
def test_other_adapters_are_refused(trained: Path, tmp_path: Path, change: dict, message: str) -> None:
    config = json.loads((trained / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps(config | change))
    with pytest.raises(ModelLoadError, match=message):
        find_adapter(str(tmp_path))


def without(end: str) -> Callable[[dict[str, torch.Tensor]], object]:
    return lambda held: [held.pop(name) for name in list(held) if name.endswith(end) and ".layer.1." in name]


@pytest.mark.parametrize(
    ("change", "fields", "message"),
    [
        (without("lora_A.weight"), {}, r"is incomplete: \d+ tensors are missing .*layer\.1\..*lora_A.weight"),
        (without(".weight"), {}, r"is incomplete: \d+ tensors are missing .*answer as its base"),
        (lambda _: None, {"r": 10**9}, "r is 1000000000 there, and the tensors of .* have rank 4"),
        (lambda _: None, {"r": 2}, "r is 2 there, and the tensors of .* have rank 4"),
        (None, {}, "adapter_model.safetensors of the adapter in .* damaged or was cut short"),
    ],
)
def test_adapters_that_are_not_whole_are_refused(
    trained: Path, tmp_path: Path, change: Any, fields: dict[str, int], message: str
) -> None:
    """Each answered as its bare base."""
    place = Path(shutil.copytree(trained, tmp_path / "model"))
    file = place / "adapter_model.safetensors"
    if change is None:
        file.write_bytes(file.read_bytes()[:1000])
    else:
        tensors = load_file(file)
        change(tensors)
        save_file(tensors, file)
    config = json.loads((place / "adapter_config.json").read_text())
    (place / "adapter_config.json").write_text(json.dumps(config | fields))
    with pytest.raises(ModelLoadError, match=message):
        loaded(str(place))


def test_an_adapter_of_another_shape_is_refused(trained: Path, tmp_path: Path) -> None:
    adapter = find_adapter(str(trained))
    assert adapter is not None and adapter.scale == 2
    larger = AutoModelForSequenceClassification.from_config(tiny_config(hidden_act="relu", num_labels=3))
    with pytest.raises(ModelLoadError, match="does not fit its base"):
        adapter.merge_into(larger)
    assert find_adapter(str(tmp_path)) is None


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_adapters_may_begin_as_the_way_back_to_the_origin(tmp_path: Path) -> None:
    """A difference of low rank is found again exactly; of a greater one the rest is what the singular values say."""
    torch.manual_seed(2)
    origin = BertModel(tiny_config())
    origin.save_pretrained(tmp_path / "origin")
    save_tokenizer(tmp_path / "origin")
    plain = AutoModelForSequenceClassification.from_config(tiny_config(num_labels=2))
    theirs = origin.state_dict()
    size = tiny_config().hidden_size
    step = torch.randn(size, 3) @ torch.randn(3, size)
    mine = plain.bert.encoder.layer[0].attention.self.query.weight
    with torch.no_grad():
        mine.copy_(theirs["encoder.layer.0.attention.self.query.weight"] - step)
    pooler = plain.bert.pooler.dense.weight.clone()
    other = theirs["encoder.layer.1.output.dense.weight"] - plain.bert.encoder.layer[1].output.dense.weight.detach()
    merged = with_adapters(plain, 3, str(tmp_path / "origin")).merge_and_unload()
    found = merged.bert.encoder.layer[0].attention.self.query.weight
    assert torch.allclose(found, theirs["encoder.layer.0.attention.self.query.weight"], atol=1e-4)
    rest = theirs["encoder.layer.1.output.dense.weight"] - merged.bert.encoder.layer[1].output.dense.weight
    assert float(rest.norm()) == pytest.approx(float(torch.linalg.svdvals(other)[3:].norm()), rel=1e-4)
    assert torch.equal(merged.bert.pooler.dense.weight, pooler)
    config = tiny_config()
    config.intermediate_size = 96
    BertModel(config).save_pretrained(tmp_path / "larger")
    save_tokenizer(tmp_path / "larger")
    with pytest.raises(BadDataError, match="not of the shape of the start"):
        with_adapters(AutoModelForSequenceClassification.from_config(tiny_config()), 3, str(tmp_path / "larger"))
    with pytest.raises(ModelLoadError, match="no model to start from"):
        with_adapters(AutoModelForSequenceClassification.from_config(tiny_config()), 3, str(tmp_path / "nowhere"))
