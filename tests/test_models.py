"""The bundled models: golden sentences, and cards that name their weights."""

from __future__ import annotations

import pytest
from conftest import MODELS

from bert_demo import BertService
from bert_demo.catalogue import CATALOGUE
from bert_demo.training.publish import sha256, weights_of


@pytest.mark.parametrize(
    ("model", "text", "label"),
    [
        ("sentiment", "A warm, funny and moving film.", "positive"),
        ("sentiment", "The plot is dull and the jokes are stale.", "negative"),
    ],
)
def test_golden_classifications(service: BertService, model: str, text: str, label: str) -> None:
    best = service.classify(text, None, model).labels[0]
    assert best.label == label and best.score > 0.75


def test_golden_fillings(service: BertService) -> None:
    water = [each.token_str for each in service.fill_mask("Water freezes into [MASK].").slots[0].candidates]
    assert "ice" in water
    capital = [each.token_str for each in service.fill_mask("Paris is the capital of [MASK].").slots[0].candidates]
    assert "france" in capital


def test_cards_name_the_weights_they_describe() -> None:
    for card in CATALOGUE:
        assert f"sha256 `{sha256(weights_of(MODELS / card.name))}`" in card.text()
