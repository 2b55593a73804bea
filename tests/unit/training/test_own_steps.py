"""Learning in steps equals a plain loop with torch, transformers and peft, and goes on where it was interrupted."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from own_jobs import request_of, sentences, settings_of, trained
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from tiny_families import CHECKPOINTS, build
from torch.nn import functional
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    get_linear_schedule_with_warmup,
    pipeline,
)

from bert_demo import Settings
from bert_demo.core.training_place import training_root
from bert_demo.models.loading.load import find_model, read_model
from bert_demo.registry.models import directory_card
from bert_demo.service.training_files import PAUSE, STOP, JobFiles
from bert_demo.training.own import adapters, loop
from bert_demo.training.own.job import run
from bert_demo.training.own.reading import Reader
from bert_demo.training.own.starting import classifier_of, head_modules
from bert_demo.training.own.task import as_targets
from bert_demo.training.own.watch import Watch

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
STEPS = 20
SIZES = {"batch_size": 8, "epochs": 2, "learning_rate": 1e-3}


def lesson_of(tmp_path: Path, start: str, way: str, kind: str = "single", **choices: Any) -> tuple[Any, loop.Lesson]:
    """What the start holds, and its rows as a job has them."""
    request = request_of(Settings(cache_dir=str(tmp_path)), start, way, kind, **SIZES, **choices)
    read = read_model(find_model(directory_card(request.source)))
    rows = request.rows
    labels = [each.label for each in request.plan.labels]
    truth = np.array([[name in str(label).split(";") for name in labels] for _, label in rows], float)
    reader = Reader(read.tokenizer, 32)
    return read, loop.Lesson(reader, reader.rows([text for text, _ in rows]), as_targets(truth), request.plan.recipe)


def first_weights(read: Any, way: str) -> Any:
    model = classifier_of(read, ("cat", "dog"), "single", 0)
    return adapters.with_lora(model, 8, 0) if way == "lora" else model


@pytest.mark.parametrize("way", ["full", "lora", "head"])
def test_first_steps_are_those_of_a_plain_loop(tmp_path: Path, tiny_masked: str, way: str) -> None:
    """torch's AdamW, transformers' schedule, peft's adapters, the same batches: 20 losses and all weights."""
    read, lesson = lesson_of(tmp_path, tiny_masked, way)
    ours = first_weights(read, way)
    head = head_modules(ours.get_base_model() if way == "lora" else ours)
    loop.choose_learnt(ours, way, ("classifier", "bert.pooler"))
    start = {name: each.clone() for name, each in ours.state_dict().items()}
    losses: list[float] = []
    loop.set_training(ours, way, ("classifier", "bert.pooler"))
    optimizer = loop.optimizer_of(ours, lesson.recipe, lesson.steps)
    loop.learn(ours, lesson, optimizer, 0, None, lambda step: None, lambda step, loss: losses.append(loss))

    theirs = AutoModelForSequenceClassification.from_pretrained(tiny_masked, num_labels=2)
    if way == "lora":
        maps = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]
        theirs = get_peft_model(
            theirs, LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, target_modules=maps, modules_to_save=["pooler"])
        )
    theirs.load_state_dict(start)
    if way == "head":
        for name, each in theirs.named_parameters():
            each.requires_grad_("classifier" in name or "pooler" in name)
    learnt = [(name, each) for name, each in theirs.named_parameters() if each.requires_grad]
    assert {name for name, _ in learnt} == {name for name, each in ours.named_parameters() if each.requires_grad}
    assert set(head) == {"classifier", "bert.pooler"}
    plain = torch.optim.AdamW(
        [
            {"params": [each for _, each in learnt if each.ndim > 1], "weight_decay": 0.01},
            {"params": [each for _, each in learnt if each.ndim == 1], "weight_decay": 0.0},
        ],
        lr=1e-3,
    )
    schedule = get_linear_schedule_with_warmup(plain, round(0.1 * lesson.steps), lesson.steps)
    theirs.train(way != "head")
    expected = []
    for step in range(lesson.steps):
        inputs, targets = lesson.batch(step)
        torch.manual_seed(step)  # dropout
        loss = theirs(**inputs, labels=targets.argmax(1)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_([each for _, each in learnt], 1.0)
        plain.step()
        schedule.step()
        plain.zero_grad()
        expected.append(loss.item())
    assert len(losses) >= STEPS
    assert np.allclose(losses[:STEPS], expected[:STEPS], atol=1e-6)
    mine = ours.state_dict()  # the keys' bias changes no answer: its gradient is nothing but rounding
    compared = {name: each for name, each in theirs.state_dict().items() if not name.endswith("key.bias")}
    assert max(float((each - mine[name]).abs().max()) for name, each in compared.items()) < 1e-5


def test_losses_of_several_labels_and_numbers_are_those_of_torch() -> None:
    torch.manual_seed(0)
    logits, truth = torch.randn(6, 3), (torch.rand(6, 3) > 0.5).float()
    weights = loop.class_weights(truth, "several")
    expected = sum(
        -(
            weights[at] * truth[:, at] * functional.logsigmoid(logits[:, at])
            + (1 - truth[:, at]) * functional.logsigmoid(-logits[:, at])
        ).mean()
        for at in range(3)
    )
    assert float(loop.loss_of(logits, truth, "several", weights)) == pytest.approx(float(expected) / 3, abs=1e-6)
    assert float(loop.loss_of(logits[:, :1], truth[:, :1], "number", None)) == pytest.approx(
        float(((logits[:, 0] - truth[:, 0]) ** 2).mean()), abs=1e-6
    )
    one = torch.eye(3)[[0, 1, 1, 2, 1, 1]]
    assert loop.class_weights(one, "single").tolist() == pytest.approx([2.0, 0.5, 2.0])  # 6 / (3 x count)


@pytest.mark.parametrize("way", ["lora", "full", "head"])
@pytest.mark.parametrize("kind", ["single", "several", "number"])
def test_made_model_answers_as_plain_transformers_loads_it(
    tmp_path: Path, tiny_masked: str, way: str, kind: str
) -> None:
    job, files = trained(tmp_path, tiny_masked, way, kind, **SIZES)
    assert job.state == "done" and job.test is not None and job.plan is not None, job.sentence
    assert len(job.epochs) == 2 and len(job.watched) == 5 and len(job.watched[0].probabilities) == 2
    with zipfile.ZipFile(files.archive) as kept:
        kept.extractall(tmp_path / "kept")
    place = tmp_path / "kept" / "model"
    assert not list(place.rglob("*.bin")) and not list(place.rglob("*.pt"))
    request = files.request()
    texts = [request.rows[row][0] for row in request.parts.test]
    labels = [each.label for each in job.plan.labels]
    classify = pipeline("text-classification", model=str(place), top_k=None)
    truth = [str(request.rows[row][1]) for row in request.parts.test]
    found = [{each["label"]: each["score"] for each in answer} for answer in classify(texts)]
    if kind == "number":
        numbers, true = np.array([answer["number"] for answer in found]), np.array([float(each) for each in truth])
        assert job.test.error == pytest.approx(float(np.sqrt(((numbers - true) ** 2).mean())), abs=1e-4)
        rest = 1 - ((numbers - true) ** 2).sum() / ((true - true.mean()) ** 2).sum()
        assert job.test.score.value == pytest.approx(rest, abs=1e-4)
    elif kind == "several":
        right = [
            {name for name in labels if answer[name] > 0.5} == set(filter(None, each.split(";")))
            for answer, each in zip(found, truth, strict=True)
        ]
        assert job.test.score.value == pytest.approx(np.mean(right))
    else:
        right = [max(answer, key=answer.__getitem__) == each for answer, each in zip(found, truth, strict=True)]
        assert job.test.score.value == pytest.approx(np.mean(right))
        assert {each.text for each in job.mistakes} == {
            text for text, fine in zip(texts, right, strict=True) if not fine
        }
    card = (place / "README.md").read_text(encoding="utf-8")
    assert f"{len(request.rows)} |" in card and BY_TITLE[way] in card
    if way == "lora":
        _check_adapter(place, tiny_masked, texts)


BY_TITLE = {"lora": "LoRA", "full": "The whole encoder", "head": "The head only"}


def _check_adapter(place: Path, start: str, texts: list[str]) -> None:
    """With the code of the card: peft 0.21 saves no pooler by itself, and brings no names of labels."""
    assert not (place / "adapter" / "config.json").exists()
    stored = load_file(place / "adapter" / "adapter_model.safetensors")
    assert any("pooler.dense.weight" in name for name in stored)
    config = AutoConfig.from_pretrained(place)
    base = AutoModelForSequenceClassification.from_pretrained(start, config=config)
    adapted = PeftModel.from_pretrained(base, str(place / "adapter")).eval()
    whole = AutoModelForSequenceClassification.from_pretrained(place).eval()
    inputs = AutoTokenizer.from_pretrained(place)(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        one, again, other = adapted(**inputs).logits, adapted(**inputs).logits, whole(**inputs).logits
    assert torch.equal(one, again) and torch.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("family", ["distilbert", "albert", "modernbert", "mpnet", "deberta-v2", "electra"])
def test_lora_has_target_modules_in_families_that_peft_knows_none_of(tmp_path: Path, family: str) -> None:
    (checkpoint,) = (each for each in CHECKPOINTS if each.name == family)
    start = tmp_path / "start"
    build(checkpoint, "ForMaskedLM", start)
    rows = [(f"{checkpoint.texts[row % 3]} {'!' * (row // 3)}", "ab"[row % 2]) for row in range(30)]
    job, files = trained(tmp_path, str(start), "lora", rows=rows, length=64, epochs=1)
    assert job.state == "done", job.sentence
    settings = json.loads((files.model / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert settings["target_modules"] and settings["base_model_name_or_path"] == str(start)
    _check_same(files.model, str(start), checkpoint.texts)


def _check_same(place: Path, start: str, texts: tuple[str, ...]) -> None:
    config = AutoConfig.from_pretrained(place)
    base = AutoModelForSequenceClassification.from_pretrained(start, config=config)
    adapted = PeftModel.from_pretrained(base, str(place / "adapter")).eval()
    whole = AutoModelForSequenceClassification.from_pretrained(place).eval()
    tokenizer = AutoTokenizer.from_pretrained(place)
    for text in texts:
        with torch.no_grad():
            inputs = tokenizer(text, return_tensors="pt")
            assert torch.allclose(adapted(**inputs).logits, whole(**inputs).logits, atol=1e-4)


class Interrupting:
    """Asks a job for something after so many steps."""

    def __init__(self, files: JobFiles, what: str, after: int) -> None:
        self.files, self.what, self.left = files, what, after

    def __call__(self, *_: int) -> None:
        self.left -= 1
        if self.left == 0:
            self.files.ask(self.what)


def interrupted(root: Path, start: str, way: str, what: str, after: int, monkeypatch: pytest.MonkeyPatch) -> JobFiles:
    settings = settings_of(root)
    files = JobFiles(training_root(settings), "i" * 32)
    files.create(request_of(settings, start, way, **SIZES, early_stopping=0))
    asking, heed = Interrupting(files, what, after), Watch.__call__

    def watch(self: Watch, *_: int) -> None:
        asking()
        heed(self)

    monkeypatch.setattr(Watch, "__call__", watch)
    run(files)
    monkeypatch.setattr(Watch, "__call__", heed)
    return files


@pytest.mark.parametrize("way", ["lora", "full", "head"])
def test_interrupted_job_gives_the_same_model_bit_for_bit(
    tmp_path: Path, tiny_masked: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, unbroken = trained(tmp_path / "whole", tiny_masked, way, **SIZES)
    files = interrupted(tmp_path / "broken", tiny_masked, way, PAUSE, 15, monkeypatch)
    paused = files.status()
    assert paused is not None and (paused.state, paused.step) == ("paused", 14) and not files.model.exists()
    files.ask(PAUSE, False)
    job = run(files)
    assert (job.state, job.step, job.losses, job.epochs, job.watched) == (
        "done", whole.step, whole.losses, whole.epochs, whole.watched,
    )  # fmt: skip
    name = "model.safetensors"
    assert (files.model / name).read_bytes() == (unbroken.model / name).read_bytes()


def test_stopped_job_keeps_the_best_so_far(tmp_path: Path, tiny_masked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files = interrupted(tmp_path, tiny_masked, "full", STOP, 18, monkeypatch)
    job = files.status()
    assert job is not None and job.state == "stopped" and job.best == 1 and job.model and files.model.is_dir()
    assert job.sentence == "It was stopped; the best model so far was kept."
    files = interrupted(tmp_path / "early", tiny_masked, "full", STOP, 1, monkeypatch)
    job = files.status()
    assert job is not None and (job.state, job.model) == ("stopped", "") and "before there was a model" in job.sentence


def test_limits_end_a_job_in_a_sentence(tmp_path: Path, tiny_masked: str) -> None:
    settings = Settings(cache_dir=str(tmp_path))
    for token, limits, sentence in (
        ("m" * 32, {"megabytes": 1}, "took more than the 1 MB of memory"),
        ("n" * 32, {"minutes": 0.0}, "before there was a model"),
    ):
        files = JobFiles(training_root(settings), token)
        files.create(replace(request_of(settings, tiny_masked, "full", **SIZES), **limits))
        job = run(files)
        assert job.state in ("failed", "stopped") and sentence in job.sentence


def test_steps_that_are_too_large_are_a_sentence(
    tmp_path: Path, tiny_masked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "LONGEST_STEP", float("inf"))
    monkeypatch.setattr(loop, "rate_at", lambda step, steps: 1e30)
    job, _ = trained(tmp_path, tiny_masked, "full", **SIZES)
    assert job.state == "failed" and "smaller learning_rate" in job.sentence


def test_early_stopping_ends_after_its_epochs(tmp_path: Path, tiny_masked: str) -> None:
    job, _ = trained(tmp_path, tiny_masked, "head", epochs=30, learning_rate=0.1, early_stopping=2, batch_size=64)
    assert job.state == "done" and len(job.epochs) - job.best == 2 and len(job.epochs) < 30


def test_lower_layers_learn_slower_where_that_is_asked_for(tmp_path: Path, tiny_masked: str) -> None:
    read, lesson = lesson_of(tmp_path, tiny_masked, "full", layer_decay=0.5)
    model = classifier_of(read, ("cat", "dog"), "single", 0)
    rates = {group["rate"] for group in loop.optimizer_of(model, lesson.recipe, 10).param_groups}
    assert rates == {0.25, 0.5, 1.0}


def test_head_depends_on_the_seed_alone(tmp_path: Path, tiny_masked: str) -> None:
    read, _ = lesson_of(tmp_path, tiny_masked, "full")
    one = classifier_of(read, ("cat", "dog"), "single", 5)
    torch.rand(3)
    other, third = (classifier_of(read, ("cat", "dog"), "single", seed) for seed in (5, 6))
    assert torch.equal(one.classifier.weight, other.classifier.weight)
    assert not torch.equal(one.classifier.weight, third.classifier.weight)
    base = read.model.base_model.state_dict()
    assert all(torch.equal(each, base[name]) for name, each in one.bert.state_dict().items() if name in base)


def test_batches_hold_each_row_once_an_epoch_and_few_pads() -> None:
    from bert_demo.training.own.reading import epoch_batches

    lengths = np.random.default_rng(0).integers(3, 100, 1000)
    batches = epoch_batches(lengths, 32, 0, 0)
    assert sorted(np.concatenate(batches).tolist()) == list(range(1000))
    padded = sum(len(each) * lengths[each].max() for each in batches)
    assert padded < 1.06 * lengths.sum()
    assert [each.tolist() for each in batches] == [each.tolist() for each in epoch_batches(lengths, 32, 0, 0)]
    assert [each.tolist() for each in batches] != [each.tolist() for each in epoch_batches(lengths, 32, 0, 1)]


def test_long_text_keeps_its_end_token_and_a_note_counts_it(tmp_path: Path, tiny_masked: str) -> None:
    rows = [*sentences(), ("the cat " * 40, "cat")]
    request = request_of(Settings(cache_dir=str(tmp_path)), tiny_masked, "full", rows=rows, length=16)
    assert request.plan.cut >= 1 and request.plan.longest == 82
    assert any("longer than 16 tokens, of which the first 16 are read" in note for note in request.plan.notes)
    read = read_model(find_model(directory_card(request.source)))
    (row,) = Reader(read.tokenizer, 16).rows([rows[-1][0]])
    assert len(row["input_ids"]) == 16 and row["input_ids"][-1] == read.tokenizer.sep_token_id
