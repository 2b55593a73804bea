"""The bundled models: one golden sentence for each task, their size, and cards that say what was measured."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from captum.attr import LayerIntegratedGradients
from conftest import MODELS, OPENING, ROOT, oracle_classifier
from test_head_analysis import zeroed
from transformers import AutoModelForMaskedLM, AutoTokenizer, pipeline

from bert_demo import BertService
from bert_demo.registry.models import CATALOGUE
from bert_demo.training.publishing.card import Figures
from bert_demo.training.publishing.weights import sha256, weights_of

ENGLISH = ("base", "sentiment", "topics", "spam", "entities")
CHINESE = ("bilingual", "sentiment-zh", "topics-zh")
NAMES = ENGLISH + CHINESE
AT_LEAST = {
    "sentiment": {"accuracy, SST-2 dev": 0.885, "accuracy, IMDB, every 10th review": 0.885},
    "topics": {"accuracy, AG News test": 0.905},
    "spam": {"f1 of spam, SMS, every 10th message": 0.96},
    "base": {"next sentence": 0.9, "blimp": 0.65},
    "entities": {"f1, UNER EWT, every 5th document": 0.64, "f1, WNUT17 dev": 0.59},
    "bilingual": {"exactly, Chinese": 0.18, "exactly, English": 0.27, "zhoblimp": 0.58},
    "sentiment-zh": {f"accuracy, {kind}, dev": 0.83 for kind in ("hotels", "deliveries", "goods")},
    "topics-zh": {"accuracy, THUCNews headlines, dev": 0.83},
}
"""Floors under the figures of the cards; the figures themselves stand there."""
WORDS = ("ice", "positive", "Sports", "spam", "PER", "景点", "positive", "sports")
"""What the lines on the cards answer, in the order of NAMES."""


@pytest.mark.parametrize(
    ("model", "text", "label"),
    [
        ("sentiment", "A warm, funny and moving film.", "positive"),
        ("sentiment", "The plot is dull and the jokes are stale.", "negative"),
        ("topics", "The striker scored twice as the home side won the cup final.", "Sports"),
        ("topics", "Shares fell after the company cut its profit forecast.", "Business"),
        ("topics", "Rebels attacked a village near the border, the government said.", "World"),
        ("topics", "The new chip doubles the speed of personal computers.", "Sci/Tech"),
        ("spam", "WINNER! Claim your free prize now, text WIN to 80086. 150p per message.", "spam"),
        ("spam", "See you at seven, I will bring the bread.", "ham"),
        ("sentiment-zh", "房间很干净,服务员非常热情,早餐也很好吃。", "positive"),
        ("sentiment-zh", "质量太差了,用了一天就坏了,非常失望。", "negative"),
        ("topics-zh", "主队最后一分钟进球,赢得联赛冠军", "sports"),
        ("topics-zh", "高考英语作文如何拿高分", "education"),
    ],
)
def test_golden_classifications(service: BertService, model: str, text: str, label: str) -> None:
    best = service.classify(text, None, model).labels[0]
    assert best.label == label and best.score > 0.75


def test_golden_entities(service: BertService) -> None:
    found = service.entities("Ada Lovelace wrote to Charles Babbage from London.").entities
    assert [(each.type, each.text) for each in found] == [
        ("PER", "Ada Lovelace"), ("PER", "Charles Babbage"), ("LOC", "London"),
    ]  # fmt: skip


def test_golden_fillings(service: BertService) -> None:
    water = [each.token_str for each in service.fill_mask("Water freezes into [MASK].").slots[0].candidates]
    assert "ice" in water
    capital = [each.token_str for each in service.fill_mask("Paris is the capital of [MASK].").slots[0].candidates]
    assert "france" in capital[:2]


def test_golden_fillings_in_chinese(service: BertService) -> None:
    found = service.fill_mask("这家酒店的<mask>很好。", "bilingual").slots[0].candidates
    assert {"景点", "天气"} <= {each.token_str for each in found}  # a beginner: 服务 is not among the first


def test_golden_next_sentences(service: BertService) -> None:
    first = "The first railway of the country was opened in 1836 between two towns on the coast."
    follows = "The line was extended to the capital ten years later, and new stations were built."
    other = "The leaves of this plant are eaten by the larvae of several moths."
    assert service.next_sentence(first, follows).is_next > 0.75
    assert service.next_sentence(first, other).not_next > 0.75


def test_bundle_is_small_and_shares_its_encoder() -> None:
    total = sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file())
    assert total < 110 * 10**6
    whole = [path.parent.name for path in MODELS.rglob("model.safetensors")]
    assert sorted(whole) == ["base", "bilingual"]
    assert {card.name for card in CATALOGUE if card.bundled} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_cards_say_what_was_measured(name: str) -> None:
    text = (MODELS / name / "README.md").read_text(encoding="utf-8")
    figures = Figures.load(MODELS / name)
    for table in figures.tables:
        assert table.markdown() in text, f"{name}: {table.title}"
    assert f"sha256 `{sha256(weights_of(MODELS / name))}`" in text
    origin = "multilingual-e5-small" if name in CHINESE else "all-MiniLM-L6-v2"
    assert "**Not for:**" in text and origin in text
    for kind in () if name == "entities" else ("negation", "sarcasm", "names"):
        assert f"Known failures: {kind}" in text
    for what, floor in AT_LEAST[name].items():
        assert figures.values[what] >= floor
    for what, value in figures.values.items():
        assert not what.startswith("calibration error") or value <= 0.05


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_lines_on_the_cards_run() -> None:
    """As a student would: the code of each card, from the directory that holds the project."""
    code = []
    for name in NAMES:
        found = re.search(r"```python\n(.*?)```", (MODELS / name / "README.md").read_text(encoding="utf-8"), re.S)
        assert found
        code.append(found[1])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "\n".join(code)],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("[")]
    assert [word in line for word, line in zip(WORDS, lines, strict=True)] == [True] * 8


def test_service_answers_as_the_lines_on_the_card_do(service: BertService) -> None:
    """Merged at load, an adapter is the model that peft makes of it."""
    english = "Shares of the film company fell, and nobody called me back."
    asked = [(name, english, "base") for name in ("sentiment", "topics", "spam")]
    asked += [(name, "电影公司股价下跌,没人给我回电话。", "bilingual") for name in ("sentiment-zh", "topics-zh")]
    for name, text, base in asked:
        tokenizer = AutoTokenizer.from_pretrained(MODELS / base)
        ask = pipeline("text-classification", model=oracle_classifier(name), tokenizer=tokenizer, top_k=None)
        expected = {each["label"]: each["score"] for each in ask([text])[0]}
        found = {each.label: each.score for each in service.classify(text, None, name).labels}
        assert found == pytest.approx(expected, abs=1e-5)


def test_snippet_of_the_readme_runs() -> None:
    snippet = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    assert snippet
    done = subprocess.run([sys.executable, "-c", snippet[1]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "positive" in lines[0] and "ice" in lines[1] and lines[2] == "(1, 1, 6, 6)"


def test_golden_attributions(service: BertService) -> None:
    """captum at the same steps; the adaptive sum beside captum's of many steps."""
    model = oracle_classifier("sentiment")
    ids = AutoTokenizer.from_pretrained(MODELS / "base")(OPENING, return_tensors="pt")["input_ids"]
    empty = torch.where((ids == 101) | (ids == 102), ids, 0)
    captum = LayerIntegratedGradients(lambda rows: model(input_ids=rows).logits, model.bert.embeddings)

    def expected(steps: int) -> np.ndarray:
        scores = captum.attribute(ids, empty, target=1, n_steps=steps, internal_batch_size=16)
        return scores.sum(-1)[0].detach().numpy()

    found = service.attribute(OPENING, target="positive", steps=20)
    assert np.abs(found.scores - expected(20)).max() <= 1e-4 and found.forward_passes == 22
    found, fine = service.attribute(OPENING, target="positive"), expected(600)
    assert found.converged and np.abs(found.scores - fine).max() <= 0.03 * np.abs(fine).max()
    assert abs(found.delta) <= 0.01 * abs(found.difference)


def test_golden_attributions_of_layers(service: BertService) -> None:
    """captum on the input of each layer, with the same special tokens; every row closes the same ledger."""
    model, tokenizer = oracle_classifier("sentiment"), AutoTokenizer.from_pretrained(MODELS / "base")
    found = service.attribute_layers("not a bad film", target="positive", tolerance=0.002)
    whole = service.attribute("not a bad film", target="positive", tolerance=0.002)
    ids = tokenizer("not a bad film", return_tensors="pt")["input_ids"]
    baseline = ids.clone()
    baseline[0, 1:-1] = 0
    assert found.scores.shape == (7, 6) and all(found.converged)
    assert np.abs(found.scores[0] - whole.scores).max() < 1e-5
    assert found.input_output == pytest.approx(whole.input_output, abs=1e-5)
    for layer in (1, 3, 5):
        scores = LayerIntegratedGradients(
            lambda ids: model(input_ids=ids).logits, model.bert.encoder.layer[layer - 1]
        ).attribute(ids, baseline, target=1, n_steps=400, internal_batch_size=50)
        expected = scores.sum(-1)[0].detach().numpy()
        assert np.abs(found.scores[layer] - expected).max() <= 0.01 * np.abs(expected).max()
    assert np.abs(found.scores[6, 1:]).max() < 1e-6
    assert found.scores[6, 0] == pytest.approx(found.input_output - found.baseline_output, rel=0.01)
    difference = abs(found.input_output - found.baseline_output)
    for delta, row in zip(found.deltas, found.scores, strict=True):
        assert abs(delta) <= 0.002 * max(difference, np.abs(row).sum() / 10)


def test_golden_ablations(service: BertService) -> None:
    heads = [(1, 2), (5, 0), (5, 11)]
    model = oracle_classifier("sentiment")
    inputs = AutoTokenizer.from_pretrained(MODELS / "base")(OPENING, return_tensors="pt")
    for layer, head in heads:
        model = zeroed(model, layer, head)
    expected = model(**inputs).logits.softmax(-1)[0].tolist()
    found = service.ablate(OPENING, heads, attributions=True, target="positive")
    assert found.labels is not None and found.attributions is not None and found.fillings is None
    after = {each.label: each.score for each in found.labels[1].labels}
    assert [after["negative"], after["positive"]] == pytest.approx(expected, abs=1e-5)
    assert found.labels[0] == service.classify(OPENING)
    logits = model(**inputs).logits[0].tolist()
    assert found.attributions[1].input_output == pytest.approx(logits[1], abs=1e-4)
    assert found.attributions[1].converged
    text = "Water freezes into [MASK]."
    masked = AutoModelForMaskedLM.from_pretrained(MODELS / "base").eval()
    inputs = AutoTokenizer.from_pretrained(MODELS / "base")(text, return_tensors="pt")
    place = int((inputs["input_ids"][0] == 103).nonzero())
    expected_best = zeroed(masked, 4, 3)(**inputs).logits[0, place].softmax(-1).topk(5)
    fillings = service.ablate(text, [(4, 3)], model="base").fillings
    assert fillings is not None
    assert [each.token for each in fillings[1].slots[0].candidates] == expected_best.indices.tolist()
    scores = [each.score for each in fillings[1].slots[0].candidates]
    assert scores == pytest.approx(expected_best.values.tolist(), abs=1e-5)
