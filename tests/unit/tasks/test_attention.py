"""Attention equals the eager model's output_attentions, and the formula worked by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from conftest import MODELS, OPENING, oracle_classifier
from transformers import AutoModel, AutoTokenizer

from bert_demo import BertService
from bert_demo.core.errors import ChoiceError, TextError


@pytest.fixture(scope="module")
def base() -> Any:
    return AutoModel.from_pretrained(MODELS / "base", attn_implementation="eager", add_pooling_layer=False).eval()


@pytest.mark.parametrize("model", ["base", "sentiment"])
@pytest.mark.parametrize(("text", "pair"), [(OPENING, None), ("a", None), ("The dog sat.", "It was tired.")])
def test_attention_equals_output_attentions(
    service: BertService, base: Any, model: str, text: str, pair: str | None
) -> None:
    oracle = base if model == "base" else oracle_classifier(model, attn_implementation="eager").bert
    inputs = AutoTokenizer.from_pretrained(MODELS / "base")(text, pair, return_tensors="pt")
    with torch.no_grad():
        expected = torch.cat(oracle(**inputs, output_attentions=True).attentions).numpy()
    found = service.attention(text, pair, model)
    assert np.abs(found.weights - expected).max() <= 1e-6
    assert np.abs(found.weights.sum(-1) - 1).max() <= 1e-5
    assert found.largest_row_error <= 1e-5
    assert not found.weights.flags.writeable


def test_attention_of_the_first_layer_by_hand(service: BertService, base: Any) -> None:
    inputs = AutoTokenizer.from_pretrained(MODELS / "base")("Water freezes.", return_tensors="pt")
    layer = base.encoder.layer[0].attention.self
    with torch.no_grad():
        hidden = base.embeddings(input_ids=inputs["input_ids"])[0].numpy().astype(np.float64)
    parts = {}
    for name in ("query", "key"):
        linear = getattr(layer, name)
        parts[name] = hidden @ linear.weight.detach().numpy().T.astype(np.float64) + linear.bias.detach().numpy()
    found = service.attention("Water freezes.")
    for head in range(12):
        q, k = (parts[name][:, head * 32 : (head + 1) * 32] for name in ("query", "key"))
        scores = q @ k.T / math.sqrt(32)
        powers = np.exp(scores - scores.max(-1, keepdims=True))
        by_hand = powers / powers.sum(-1, keepdims=True)
        assert np.abs(found.head(0, head) - by_hand).max() < 1e-5


def test_one_layer_or_head_is_a_part_of_the_whole(service: BertService) -> None:
    whole = service.attention(OPENING)
    part = service.attention(OPENING, layer=3, head=7)
    assert part.weights.shape == (1, 1, 20, 20) and part.layers == (3,) and part.heads == (7,)
    assert np.array_equal(part.head(3, 7), whole.head(3, 7))
    column = service.attention(OPENING, head=7)
    assert np.array_equal(column.weights[:, 0], whole.weights[:, 7])


@pytest.mark.parametrize(("layer", "head"), [(6, None), (-1, None), (None, 12), ("two", None), (True, None), (1.5, 0)])
def test_layer_or_head_that_is_not_there(service: BertService, layer: object, head: object) -> None:
    with pytest.raises(ChoiceError, match="counted from 0"):
        service.attention(OPENING, layer=layer, head=head)  # type: ignore[arg-type]


def test_long_text_needs_a_window(service: BertService) -> None:
    text = "good " * 600
    with pytest.raises(TextError, match=r"602 tokens .* 512 at once, in 2 windows"):
        service.attention(text)
    found = service.attention(text, layer=0, head=0, window=1)
    assert found.window == 1 and found.windows == 2 and len(found.tokens) == 512
    with pytest.raises(ChoiceError, match="window must be from 0 to 1"):
        service.attention(text, window=2)
