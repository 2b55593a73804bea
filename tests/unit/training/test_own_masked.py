"""Continued pre-training: losses and perplexities of plain transformers, guesses of its pipeline, the made model."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from own_jobs import request_of, sentences, settings_of, trained
from transformers import AutoModelForMaskedLM, AutoTokenizer, get_linear_schedule_with_warmup, pipeline

from bert_demo import BertService
from bert_demo.cli.main import main
from bert_demo.core.errors import DemoError, MissingHeadError
from bert_demo.core.training_place import training_root
from bert_demo.data.passages import LONGEST, passages
from bert_demo.models.loading.load import find_model, read_model
from bert_demo.registry.models import directory_card
from bert_demo.service.training_files import PAUSE, JobFiles
from bert_demo.training.own import loop, masked
from bert_demo.training.own.job import run
from bert_demo.training.own.reading import Reader
from bert_demo.training.own.watch import Watch

SIZES = {"batch_size": 8, "epochs": 3, "learning_rate": 1e-3}
TEXTS = [text for text, _ in sentences()]


def negative_log_likelihoods(place: str, text: str) -> list[float]:
    """Of each token of a text, every seventh hidden at a time, the text by itself."""
    tokenizer, model = AutoTokenizer.from_pretrained(place), AutoModelForMaskedLM.from_pretrained(place).eval()
    ids = tokenizer(text, return_tensors="pt", truncation=True, max_length=32).input_ids
    ordinary = [at for at, each in enumerate(ids[0].tolist()) if each not in tokenizer.all_special_ids]
    found = {}
    for turn in range(7):
        hidden = [at for number, at in enumerate(ordinary, start=1) if number % 7 == turn]
        read = ids.clone()
        read[0, hidden] = tokenizer.mask_token_id
        with torch.no_grad():
            shares = model(input_ids=read).logits[0].log_softmax(-1)
        found |= {at: -float(shares[at, ids[0, at]]) for at in hidden}
    return [found[at] for at in ordinary]


def test_sums_are_those_of_each_text_by_itself(tiny_masked: str) -> None:
    read = read_model(find_model(directory_card(tiny_masked)))
    reader = Reader(read.tokenizer, 32)
    sums = masked.sums_of(read.model, reader, reader.rows(TEXTS[:20]), masked.rule_of(reader))
    expected = [negative_log_likelihoods(tiny_masked, text) for text in TEXTS[:20]]
    assert sums[:, 0] == pytest.approx([sum(each) for each in expected], abs=1e-4)
    assert sums[:, 2].tolist() == [len(each) for each in expected]


def test_first_steps_are_those_of_a_plain_loop(tmp_path: Path, tiny_masked: str) -> None:
    """Whose head gives the logits of all tokens, with -100 where none is hidden; AdamW and transformers' schedule."""
    request = request_of(settings_of(tmp_path), tiny_masked, "pretrain", rows=[(text, "") for text in TEXTS], **SIZES)
    read = read_model(find_model(directory_card(tiny_masked)))
    reader = Reader(read.tokenizer, 32)
    lesson = masked.MaskedLesson(reader, reader.rows(TEXTS), masked.rule_of(reader), request.plan.recipe)
    loop.choose_learnt(read.model, "pretrain", ())
    loop.set_training(read.model, "pretrain", ())
    losses: list[float] = []
    optimizer = loop.optimizer_of(read.model, lesson.recipe, lesson.steps)
    loop.learn(read.model, lesson, optimizer, 0, None, lambda step: None, lambda step, loss: losses.append(loss))

    theirs = AutoModelForMaskedLM.from_pretrained(tiny_masked).train()
    plain = torch.optim.AdamW(
        [
            {"params": [each for each in theirs.parameters() if each.ndim > 1], "weight_decay": 0.01},
            {"params": [each for each in theirs.parameters() if each.ndim == 1], "weight_decay": 0.0},
        ],
        lr=1e-3,
    )
    schedule = get_linear_schedule_with_warmup(plain, round(0.1 * lesson.steps), lesson.steps)
    expected = []
    for step in range(20):
        inputs, chosen, ids = lesson.batch(step)
        assert 0.05 < chosen.sum() / inputs["attention_mask"].sum() < 0.3
        torch.manual_seed(step)  # dropout
        loss = theirs(**inputs, labels=torch.where(chosen, ids, -100)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
        plain.step()
        schedule.step()
        plain.zero_grad()
        expected.append(loss.item())
    assert np.allclose(losses[:20], expected, atol=1e-6)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_masked: str) -> tuple[Any, JobFiles]:
    rows = [(text, "") for text in TEXTS]
    return trained(tmp_path_factory.mktemp("masked"), tiny_masked, "pretrain", rows=rows, epochs=20, learning_rate=3e-3)


def test_perplexity_falls_on_passages_that_nothing_chose_by(made: tuple[Any, JobFiles], tiny_masked: str) -> None:
    job, files = made
    found = job.masked
    assert job.state == "done" and found.ratio.high < 0.7
    request = files.request()
    test = [request.rows[row][0] for row in request.parts.test]
    for place, shown in ((tiny_masked, found.perplexity_before), (str(files.model), found.perplexity)):
        losses = [each for text in test for each in negative_log_likelihoods(place, text)]
        assert shown.value == pytest.approx(math.exp(sum(losses) / len(losses)), rel=1e-4)
    assert found.ratio.value == pytest.approx(found.perplexity.value / found.perplexity_before.value)
    assert (found.texts, found.tokens) == (len(test), len(losses))
    assert job.test.score == found.accuracy and job.test.rows == len(test)
    assert job.epochs[job.best - 1].loss == min(each.loss for each in job.epochs)
    assert job.movement.layers[-1].cosine < 1 and not job.mistakes and not job.watched


def test_constant_answer_is_the_most_frequent_token(made: tuple[Any, JobFiles], tiny_masked: str) -> None:
    job, files = made
    tokenizer, request = AutoTokenizer.from_pretrained(tiny_masked), files.request()
    train, test = (
        [token for row in part for token in tokenizer.tokenize(request.rows[row][0])]
        for part in (request.parts.train, request.parts.test)
    )
    often = max(sorted(set(train)), key=train.count)
    assert train.count(job.plan.answer) == train.count(often)
    assert job.plan.constant_test == pytest.approx(test.count(job.plan.answer) / len(test))
    assert (job.plan.labels, job.plan.measure, job.plan.recipe.kind) == ((), "masked-token accuracy", "text")


def test_guesses_are_those_of_the_pipeline(made: tuple[Any, JobFiles], tiny_masked: str) -> None:
    """Of the start, and of what plain transformers loads from the zip's folder."""
    job, files = made
    assert len(job.masked.blanks) == 5
    for place, name in ((tiny_masked, "before"), (str(files.model), "after")):
        fill = pipeline("fill-mask", model=place, top_k=5)
        for blank in job.masked.blanks:
            guesses = getattr(blank, name)
            expected = fill(blank.text)
            assert [each.probability for each in guesses] == pytest.approx([e["score"] for e in expected], abs=1e-5)
            assert [each.token_str for each in guesses] == [e["token_str"].strip() for e in expected]
            (own,) = fill(blank.text, targets=[blank.truth], top_k=1)
            assert getattr(blank, f"truth_{name}") == pytest.approx(own["score"], abs=1e-5)


def test_code_of_the_card_answers_in_a_process_without_ours(made: tuple[Any, JobFiles]) -> None:
    _, files = made
    card = (files.model / "README.md").read_text(encoding="utf-8")
    assert "perplexity over that before" in card and "by the loss on the held-out passages" in card
    (code,) = re.findall(r"```python\n(.*?)```", card, re.S)
    environment = {"PATH": os.environ["PATH"], "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-I", "-c", code]
    ended = subprocess.run(command, cwd=files.model, env=environment, capture_output=True, text=True, check=True)
    (answer,) = pipeline("fill-mask", model=str(files.model), top_k=1)("A text with a [MASK] in it.")
    assert f"'token_str': {answer['token_str']!r}" in ended.stdout.splitlines()[-1]


def test_made_model_fills_masks_here_and_is_a_start_for_labels(tmp_path: Path, tiny_masked: str) -> None:
    settings = settings_of(tmp_path)
    service = BertService(settings)
    text = "\n".join(TEXTS)
    job = service.train(way="pretrain", start=tiny_masked, text=text, length=32, epochs=2)
    assert service.train_rows(job.token)[0] == (TEXTS[0].strip(), "")
    done = run(JobFiles(training_root(settings), job.token))
    assert done.state == "done", done.sentence
    blank = done.masked.blanks[0] if done.masked else None
    assert blank is not None
    (slot,) = service.fill_mask(blank.text, model=done.model).slots
    assert slot.candidates[0].score == pytest.approx(blank.after[0].probability, abs=1e-5)
    labelled = service.train(sentences(), "head", done.model, length=32, epochs=1)
    assert run(JobFiles(training_root(settings), labelled.token)).state == "done"


def test_interrupted_job_gives_the_same_model_bit_for_bit(
    tmp_path: Path, tiny_masked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(text, "") for text in TEXTS]
    whole, unbroken = trained(tmp_path / "whole", tiny_masked, "pretrain", rows=rows, **SIZES)
    settings = settings_of(tmp_path / "broken")
    files = JobFiles(training_root(settings), "i" * 32)
    files.create(request_of(settings, tiny_masked, "pretrain", rows=rows, **SIZES))
    left, heed = [15], Watch.__call__

    def watch(self: Watch, *_: int) -> None:
        left[0] -= 1
        if not left[0]:
            files.ask(PAUSE)
        heed(self)

    monkeypatch.setattr(Watch, "__call__", watch)
    paused = run(files)
    assert (paused.state, paused.step) == ("paused", 14)
    files.ask(PAUSE, False)
    job = run(files)
    assert (job.losses, job.epochs, job.masked) == (whole.losses, whole.epochs, whole.masked)
    name = "model.safetensors"
    assert (files.model / name).read_bytes() == (unbroken.model / name).read_bytes()


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"way": "pretrain", "kind": "several"}, "Continued pre-training reads no labels. Leave kind out"),
        ({"way": "pretrain", "rank": 4}, "Continued pre-training has no use for rank"),
        ({"way": "pretrain", "class_weights": True}, "Continued pre-training has no use for class_weights"),
        ({"way": "lora", "text": "a cat"}, "LoRA reads labelled rows. Leave text out"),
        ({"way": "pretrain", "text": "a cat", "rows": [("a", ""), ("b", "")]}, "not both"),
        ({"way": "pretrain", "text": 3}, "text must be a string"),
        ({"way": "pretrain"}, "There are no rows"),
        ({"way": "pretrain", "text": "a cat\na dog\nA  cat"}, "There are 2 different texts; at least 6 are needed"),
        ({"way": "pretrain", "text": "a\na\n"}, "All 2 texts are equal"),
        ({"way": "pretrain", "text": "[SEP]\n" + "\n".join(TEXTS)}, "Row 1: .* spells \\[SEP\\]"),
        ({"way": "pretrain", "text": "\n".join("\u4e00" * each for each in range(1, 9))}, "hold no word"),
    ],
)
def test_bad_texts_and_choices_are_a_sentence_before_the_start(
    tmp_path: Path, tiny_masked: str, choices: dict[str, Any], sentence: str
) -> None:
    service = BertService(settings_of(tmp_path))
    with pytest.raises(DemoError, match=sentence):
        service.train(start=tiny_masked, length=32, **choices)
    assert not training_root(settings_of(tmp_path)).exists()


def test_model_without_masked_words_is_a_sentence(tmp_path: Path, tiny_classifier: str) -> None:
    service = BertService(settings_of(tmp_path))
    with pytest.raises(MissingHeadError, match="masked"):
        service.train(way="pretrain", start=tiny_classifier, text="\n".join(TEXTS), length=32)


def test_passages_are_lines_and_long_ones_end_with_a_sentence() -> None:
    assert passages("One.\n\n  Two words. \r\nThree") == ["One.", "Two words.", "Three"]
    sentence = "This sentence is said again, and again. "
    parts = passages(sentence * 30)
    assert "".join(f"{part} " for part in parts) == sentence * 30
    assert all(len(part) <= LONGEST and part.endswith("again.") for part in parts)
    assert passages("\u4ed6\u8d70\u4e86\u3002" * 150)[0].endswith("\u3002")
    assert passages("x" * 900) == ["x" * 900]


def test_command_reads_a_text(tmp_path: Path, tiny_masked: str, capsys: pytest.CaptureFixture[str]) -> None:
    path, output = tmp_path / "notes.txt", tmp_path / "own"
    path.write_text("\n".join(TEXTS), encoding="utf-8")
    words = ["train", "own", str(path), "--way", "pretrain", "--start", tiny_masked, "--length", "32", "--epochs", "2"]
    assert main([*words, "--output", str(output)]) == 0
    said = capsys.readouterr()
    assert "Understood: 120 passages of text." in said.err and "hidden tokens" in said.out
    assert pipeline("fill-mask", model=str(output / "model"))("the [MASK] sat")
    table = tmp_path / "rows.csv"
    table.write_text("\n".join(["text,label", *(f'"{text}",{label}' for text, label in sentences())]), encoding="utf-8")
    words[2] = str(table)
    assert main([*words, "--output", str(tmp_path / "other"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["masked"]["texts"] == 20
