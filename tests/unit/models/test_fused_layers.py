"""Layers that are one operation each give what the layers of transformers give, and are used where they can be."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import tiny_config
from tiny_families import CHECKPOINTS, Checkpoint, build
from transformers import AutoModelForMaskedLM, BertForMaskedLM

from bert_demo.models.surgery import fused_layers
from bert_demo.models.surgery.shared_copy import shared_copy
from bert_demo.models.surgery.without_heads import without_heads
from bert_demo.models.transformers_model import load
from bert_demo.registry.names import card_of
from bert_demo.tasks.attribution import attribute
from bert_demo.tasks.attribution_request import Question
from bert_demo.tasks.attribution_targets import Label
from bert_demo.tasks.classification import label_logits

OF_BERTS_SHAPE = {
    "bert",
    "roberta",
    "electra",
    "xlm-roberta",
    "camembert",
    "chinese",
    "multilingual",
    "ernie",
    "data2vec-text",
}


def padded(rows: int, length: int, most: int) -> dict[str, torch.Tensor]:
    """Texts of several lengths."""
    torch.manual_seed(1)
    there = (torch.arange(length) < torch.tensor([[length - 3 * row] for row in range(rows)])).long()
    return {"input_ids": torch.randint(5, most, (rows, length)), "attention_mask": there}


def states(model: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model.base_model(**inputs).last_hidden_state
    return found[inputs["attention_mask"].bool()]


@pytest.mark.parametrize("checkpoint", CHECKPOINTS, ids=lambda each: each.name)
def test_every_family_has_the_numbers_of_transformers(checkpoint: Checkpoint, tmp_path: Path) -> None:
    build(checkpoint, "ForMaskedLM", tmp_path)
    attention = "sdpa" if checkpoint.family.attention_interface else "eager"
    model = AutoModelForMaskedLM.from_pretrained(tmp_path, attn_implementation=attention).eval().requires_grad_(False)
    if checkpoint.name == "xmod":
        model.set_default_language("en_XX")
    inputs = padded(5, 20, model.config.vocab_size)
    known = states(model, inputs)
    quick = fused_layers.fused(model)
    assert (quick is not None) is (checkpoint.name in OF_BERTS_SHAPE)
    assert torch.equal(states(model, inputs), known)  # the model itself is what it was
    if quick is not None:
        np.testing.assert_allclose(states(quick, inputs), known, atol=1e-5 * float(known.abs().max()))
        whole = {"input_ids": inputs["input_ids"]}
        with torch.inference_mode():
            np.testing.assert_allclose(quick(**whole).logits, model(**whole).logits, atol=1e-4)


@pytest.mark.parametrize("name", ["base", "sentiment", "topics", "spam"])
def test_bundled_models_are_fused_and_hold_each_weight_once(name: str) -> None:
    encoder = load(card_of(name, "any")).encoder
    before, inputs = encoder.memory(), padded(6, 40, 30_000)
    known = states(encoder.plain(), inputs)
    quick = encoder.fast()
    assert quick is not encoder.plain() and encoder.memory() == before
    np.testing.assert_allclose(states(quick, inputs), known, atol=1e-5 * float(known.abs().max()))
    held = {each.untyped_storage().data_ptr() for each in quick.parameters()}
    assert held <= {each.untyped_storage().data_ptr() for each in encoder.module.parameters()}


def test_gradients_are_those_of_a_model_that_was_never_fused() -> None:
    text, question = "A warm and funny film.", Question(1, "integrated_gradients", "pad", "logit", 0.01, 20, 500)
    model = load(card_of("sentiment", "any"))
    before = attribute(Label(model), question, text, None, lambda *_: None)
    assert model.encoder.fast() is not model.encoder.plain()
    label_logits(model, model.encode(text))
    after = attribute(Label(model), question, text, None, lambda *_: None)
    assert [each.score for each in after.words] == [each.score for each in before.words]


@pytest.mark.parametrize("changes", [{"hidden_act": "relu"}, {"num_attention_heads": 1}])
def test_other_shapes_are_computed_step_by_step(changes: dict[str, Any]) -> None:
    config = tiny_config()
    vars(config).update(changes)
    assert fused_layers.fused(BertForMaskedLM(config).eval()) is None


def test_a_model_without_a_head_is_not_taken_for_the_whole() -> None:
    model = load(card_of("sentiment", "any"))
    encoding = model.encode("A warm and funny film.")
    twin = without_heads(model, [(layer, head) for layer in range(6) for head in range(6)])
    with torch.inference_mode():
        expected = twin.encoder.module(**twin.encoder.inputs(encoding)).logits
    np.testing.assert_allclose(label_logits(twin, encoding), expected, atol=1e-5)
    assert np.abs(label_logits(twin, encoding) - label_logits(model, encoding)).max() > 0.1


def test_a_model_that_is_too_small_for_the_trial_is_computed_step_by_step(caplog: pytest.LogCaptureFixture) -> None:
    config = tiny_config()
    config.max_position_embeddings = fused_layers.TRIED - 1
    with caplog.at_level(logging.WARNING):
        assert fused_layers.fused(BertForMaskedLM(config).eval().requires_grad_(False)) is None
    assert "it is computed step by step" in caplog.text


def test_layers_that_give_other_numbers_are_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model = shared_copy(BertForMaskedLM(tiny_config()).eval().requires_grad_(False))
    assert fused_layers.fused(model) is not None
    real = torch.nn.TransformerEncoderLayer

    def wrong(*sizes: int, **named: Any) -> torch.nn.TransformerEncoderLayer:
        return real(*sizes, **named | {"activation": "relu"})

    monkeypatch.setattr(fused_layers.nn, "TransformerEncoderLayer", wrong)
    with caplog.at_level(logging.WARNING):
        assert fused_layers.fused(model) is None
    assert "gives other numbers" in caplog.text
