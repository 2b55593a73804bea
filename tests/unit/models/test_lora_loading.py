"""LoRA adapters: merged at load they are what peft computes; what cannot be merged is refused with a sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import MODELS, save_tokenizer, tiny_config
from loaded import loaded
from safetensors.torch import load_file, save_file
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    BertForMaskedLM,
    BertForPreTraining,
    BertForSequenceClassification,
    BertModel,
)

from bert_demo import BertService, Settings
from bert_demo.cli.main import main
from bert_demo.core.errors import BadDataError, HubError, ModelLoadError
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


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_tokenizer_beside_an_adapter_is_the_one_it_was_trained_with(tmp_path: Path) -> None:
    """Markers of entities were added and the embeddings resized; peft 0.21.2 saves those whole beside the adapter."""
    from peft import LoraConfig, PeftModel, TaskType, get_peft_model

    base, target = tmp_path / "base", tmp_path / "adapter"
    save_tokenizer(base)
    torch.manual_seed(1)
    BertForSequenceClassification(tiny_config()).save_pretrained(base)
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.add_special_tokens({"additional_special_tokens": ["[E1]", "[/E1]"]})
    plain = AutoModelForSequenceClassification.from_pretrained(base)
    plain.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    adapted = get_peft_model(plain, LoraConfig(TaskType.SEQ_CLS, r=2, target_modules=["query", "value"])).eval()
    with torch.no_grad():
        for each in adapted.parameters():
            if each.requires_grad:
                each.normal_(0, 0.5)
    adapted.save_pretrained(target, save_embedding_layers=True)
    tokenizer.save_pretrained(target)
    start = AutoModelForSequenceClassification.from_pretrained(base)
    start.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    oracle = PeftModel.from_pretrained(start, str(target)).eval()
    text = "the [E1] cat [/E1] was good"
    with torch.no_grad():
        expected = oracle(**tokenizer(text, return_tensors="pt")).logits[0].softmax(-1)
    service = BertService(Settings())
    found = service.classify(text, None, str(target))
    assert sorted(each.score for each in found.labels) == pytest.approx(sorted(expected.tolist()), abs=1e-5)
    assert {"[E1]", "[/E1]"} <= {token.text for token in found.tokens}


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_resized_embeddings_of_an_adapter_are_those_of_its_tied_output_layer(tmp_path: Path) -> None:
    """peft 0.21.2 saves input embeddings and output layer by their two names, tied or not."""
    from peft import LoraConfig, PeftModel, get_peft_model

    base, target = tmp_path / "base", tmp_path / "adapter"
    save_tokenizer(base)
    torch.manual_seed(1)
    BertForMaskedLM(tiny_config()).save_pretrained(base)
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.add_tokens(["hotel"])
    plain = BertForMaskedLM.from_pretrained(base)
    plain.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    with torch.no_grad():
        plain.get_input_embeddings().weight[-1].normal_(0, 0.5)
        plain.get_output_embeddings().bias[-1] = 6.0
    adapted = get_peft_model(plain, LoraConfig(r=2, target_modules=["query", "value"])).eval()
    adapted.save_pretrained(target, save_embedding_layers=True)
    tokenizer.save_pretrained(target)
    start = BertForMaskedLM.from_pretrained(base)
    start.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    oracle = PeftModel.from_pretrained(start, str(target)).eval()
    inputs = tokenizer("the [MASK] hotel was good", return_tensors="pt")
    with torch.no_grad():
        expected = oracle(**inputs).logits[0, 2].softmax(-1)
    (slot,) = BertService(Settings()).fill_mask("the [MASK] hotel was good", str(target), len(tokenizer)).slots
    found = {each.token: each.score for each in slot.candidates}
    hotel = tokenizer.convert_tokens_to_ids("hotel")
    assert found[hotel] > 0.1 and found == pytest.approx({each: float(expected[each]) for each in found}, abs=1e-5)


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


def saved_by_peft(folder: Path, kind: Any, task: str, named: str | None = None, **changes: Any) -> tuple[Path, Any]:
    """What peft's save_pretrained writes, no config.json; and the model with it, as peft computes it."""
    from peft import LoraConfig, get_peft_model

    base = folder / "base"
    save_tokenizer(base)
    torch.manual_seed(1)
    BertForPreTraining(tiny_config()).save_pretrained(base)
    model = kind.from_pretrained(base, **changes)
    torch.manual_seed(2)
    oracle = get_peft_model(model, LoraConfig(task_type=task, r=2, target_modules=["query", "value"]))
    with torch.no_grad():
        for name, weight in oracle.named_parameters():
            if "lora_B" in name or "modules_to_save" in name:
                weight.copy_(torch.randn_like(weight))
    oracle.save_pretrained(folder / "adapter")
    if named is not None:
        written(folder / "adapter", base_model_name_or_path=named)
    assert not (folder / "adapter" / "config.json").exists()
    return folder / "adapter", oracle.eval()


def written(directory: Path, **fields: Any) -> None:
    config = json.loads((directory / "adapter_config.json").read_text())
    (directory / "adapter_config.json").write_text(json.dumps(config | fields))


def asked(oracle: Any, text: str) -> torch.Tensor:
    tokenizer = AutoTokenizer.from_pretrained(str(oracle.peft_config["default"].base_model_name_or_path))
    with torch.no_grad():
        return oracle(**tokenizer(text, return_tensors="pt")).logits[0]


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
@pytest.mark.parametrize("named", [None, "base", "../base"])
def test_adapter_without_a_config_is_read_by_its_bases(tmp_path: Path, named: str | None) -> None:
    place, oracle = saved_by_peft(tmp_path, AutoModelForSequenceClassification, "SEQ_CLS", named, num_labels=3)
    model = loaded(str(place))
    assert model.labels == ("LABEL_0", "LABEL_1", "LABEL_2") and model.info.tasks == ("text-classification",)
    assert "Its adapter names no labels" in model.info.description
    text = "the cat was good"
    found = model.heads["text-classification"].logits(model.encode(text))
    assert found.tolist() == pytest.approx(asked(oracle, text).tolist(), abs=1e-5)
    lines = BertService(Settings()).features(text, model=str(place)).lines
    assert f"AutoConfig.from_pretrained({str(place.parent / 'base')!r}, num_labels=3)" in lines.replace(
        "adapter/../", ""
    )


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_adapter_of_a_tagger_without_a_config_is_read(tmp_path: Path) -> None:
    labels = {"id2label": {0: "O", 1: "B-PER", 2: "I-PER"}, "label2id": {"O": 0, "B-PER": 1, "I-PER": 2}}
    place, oracle = saved_by_peft(tmp_path, AutoModelForTokenClassification, "TOKEN_CLS", **labels)
    config = json.loads((tmp_path / "base" / "config.json").read_text())
    (tmp_path / "base" / "config.json").write_text(json.dumps(config | labels))
    model = loaded(str(place))
    assert model.labels == ("O", "B-PER", "I-PER") and model.info.tasks == ("token-classification",)
    assert "names no labels" not in model.info.description
    encoding = model.encode("the cat sat")
    found = model.heads["token-classification"].logits(encoding, 0, tuple(range(len(encoding.tokens))))
    assert found.flatten().tolist() == pytest.approx(asked(oracle, "the cat sat").flatten().tolist(), abs=1e-5)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
@pytest.mark.parametrize("task", [None, "FEATURE_EXTRACTION"])
def test_adapter_without_a_head_answers_with_its_bases(tmp_path: Path, task: str | None) -> None:
    place, oracle = saved_by_peft(tmp_path, BertForMaskedLM, "FEATURE_EXTRACTION")
    written(place, task_type=task)
    model = loaded(str(place))
    assert "fill-mask" in model.info.tasks
    found = model.heads["fill-mask"].logits(model.encode("the [MASK] sat"), 0, (2,))[0]
    assert found.tolist() == pytest.approx(asked(oracle, "the [MASK] sat")[2].tolist(), abs=1e-4)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_base_of_an_adapter_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundled model, a hub id that is in the cache or is fetched, and the short name of a first model of the hub."""
    place, _ = saved_by_peft(tmp_path, AutoModelForSequenceClassification, "SEQ_CLS", num_labels=2)
    elsewhere = Path(shutil.move(tmp_path / "base", tmp_path / "other" / "cache"))
    wanted: list[tuple[str, str]] = []

    def bring(source: str, revision: str) -> Path:
        wanted.append((source, revision))
        return elsewhere

    for named, called in (("some/model", "some/model"), ("bert-base-uncased", "google-bert/bert-base-uncased")):
        written(place, base_model_name_or_path=named, revision=None)
        adapter = find_adapter(str(place), bring)
        assert adapter is not None and (adapter.base, adapter.named) == (elsewhere, called)
    assert wanted == [("some/model", "main"), ("google-bert/bert-base-uncased", "main")]
    written(place, base_model_name_or_path="base")
    found = find_adapter(str(place))
    assert found is not None and found.base == MODELS / "base"
    written(place, base_model_name_or_path="some/model")
    monkeypatch.setattr("bert_demo.models.loading.load.fetch", refused)
    with pytest.raises(HubError, match=r"belongs to 'some/model', which is not beside it\. The hub is away\."):
        loaded(str(place))


def refused(*_: Any) -> None:
    raise HubError("The hub is away.")


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda place: written(place, base_model_name_or_path="no/such/place"), "beside it. Put a directory of that"),
        (lambda place: written(place, task_type="CAUSAL_LM"), r"trained for CAUSAL_LM \(task_type\), which no lens"),
        (lambda place: (place / "adapter_model.safetensors").unlink(), "has no adapter_model.safetensors. Save it"),
        (
            lambda place: (place / "adapter_model.safetensors").rename(place / "adapter_model.bin"),
            r"opens no pickle \(adapter_model\.bin\)",
        ),
        (lambda place: (place / "adapter_model.safetensors").write_bytes(b"12"), "damaged or was cut short"),
    ],
)
def test_adapter_that_cannot_be_read_is_refused_with_the_reason(tmp_path: Path, change: Any, message: str) -> None:
    place, _ = saved_by_peft(tmp_path, AutoModelForSequenceClassification, "SEQ_CLS", num_labels=2)
    change(place)
    with pytest.raises(ModelLoadError, match=message):
        loaded(str(place))
