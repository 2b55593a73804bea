"""The bundled models: one golden sentence for each task, their size, and cards that say what was measured."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from conftest import MODELS, ROOT, oracle_classifier
from transformers import AutoTokenizer, pipeline

from bert_demo import BertService
from bert_demo.catalogue import CATALOGUE
from bert_demo.training.card import Figures
from bert_demo.training.publish import sha256, weights_of

NAMES = ("base", "sentiment", "topics", "spam")
AT_LEAST = {
    "sentiment": {"accuracy, SST-2 dev": 0.885, "accuracy, IMDB, every 10th review": 0.885},
    "topics": {"accuracy, AG News test": 0.905},
    "spam": {"f1 of spam, SMS, every 10th message": 0.96},
    "base": {"next sentence": 0.9, "blimp": 0.65},
}
"""Floors under the figures of the cards; the figures themselves stand there."""


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
    ],
)
def test_golden_classifications(service: BertService, model: str, text: str, label: str) -> None:
    best = service.classify(text, None, model).labels[0]
    assert best.label == label and best.score > 0.75


def test_golden_fillings(service: BertService) -> None:
    water = [each.token_str for each in service.fill_mask("Water freezes into [MASK].").slots[0].candidates]
    assert "ice" in water
    capital = [each.token_str for each in service.fill_mask("Paris is the capital of [MASK].").slots[0].candidates]
    assert "france" in capital[:2]


def test_golden_next_sentences(service: BertService) -> None:
    first = "The first railway of the country was opened in 1836 between two towns on the coast."
    follows = "The line was extended to the capital ten years later, and new stations were built."
    other = "The leaves of this plant are eaten by the larvae of several moths."
    assert service.next_sentence(first, follows).is_next > 0.75
    assert service.next_sentence(first, other).not_next > 0.75


def test_the_bundle_is_small_and_shares_its_encoder() -> None:
    total = sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file())
    assert total < 60 * 10**6
    whole = [path.parent.name for path in MODELS.rglob("model.safetensors")]
    assert whole == ["base"]
    assert {card.name for card in CATALOGUE if card.bundled} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_cards_say_what_was_measured(name: str) -> None:
    text = (MODELS / name / "README.md").read_text(encoding="utf-8")
    figures = Figures.load(MODELS / name)
    for table in figures.tables:
        assert table.markdown() in text, f"{name}: {table.title}"
    assert f"sha256 `{sha256(weights_of(MODELS / name))}`" in text
    assert "**Not for:**" in text and "all-MiniLM-L6-v2" in text and "Known failures: negation" in text
    assert "Known failures: sarcasm" in text and "Known failures: names" in text
    for what, floor in AT_LEAST[name].items():
        assert figures.values[what] >= floor
    for what, value in figures.values.items():
        assert not what.startswith("calibration error") or value <= 0.05


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_lines_on_the_cards_run() -> None:
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
    assert [word in line for word, line in zip(("ice", "positive", "Sports", "spam"), lines, strict=True)] == [True] * 4


def test_the_service_answers_as_the_lines_on_the_card_do(service: BertService) -> None:
    """Merged at load, an adapter is the model that peft makes of it."""
    tokenizer = AutoTokenizer.from_pretrained(MODELS / "base")
    text = "Shares of the film company fell, and nobody called me back."
    for name in ("sentiment", "topics", "spam"):
        ask = pipeline("text-classification", model=oracle_classifier(name), tokenizer=tokenizer, top_k=None)
        expected = {each["label"]: each["score"] for each in ask([text])[0]}
        found = {each.label: each.score for each in service.classify(text, None, name).labels}
        assert found == pytest.approx(expected, abs=1e-5)
