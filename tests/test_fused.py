"""Layers that are one operation each give what the layers of transformers give, and are used where they can be."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import tiny_config
from tiny_families import FAMILIES, Family, build
from transformers import AutoModelForMaskedLM, BertForMaskedLM

from bert_demo import BertService, Settings
from bert_demo.backends import fused
from bert_demo.backends.variants import shared_copy

OF_BERTS_SHAPE = {"bert", "roberta", "electra", "xlm-roberta", "camembert", "chinese", "multilingual"}


def padded(rows: int, length: int, most: int) -> dict[str, torch.Tensor]:
    """Texts of several lengths."""
    torch.manual_seed(1)
    there = (torch.arange(length) < torch.tensor([[length - 3 * row] for row in range(rows)])).long()
    return {"input_ids": torch.randint(5, most, (rows, length)), "attention_mask": there}


def states(model: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model.base_model(**inputs).last_hidden_state
    return found[inputs["attention_mask"].bool()]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_has_the_numbers_of_transformers(family: Family, tmp_path: Path) -> None:
    build(family, "ForMaskedLM", tmp_path)
    model = AutoModelForMaskedLM.from_pretrained(tmp_path, attn_implementation="sdpa").eval().requires_grad_(False)
    inputs = padded(5, 20, model.config.vocab_size)
    known = states(model, inputs)
    quick = fused.fused(model)
    assert (quick is not None) is (family.name in OF_BERTS_SHAPE)
    assert torch.equal(states(model, inputs), known)  # the model itself is what it was
    if quick is not None:
        np.testing.assert_allclose(states(quick, inputs), known, atol=1e-5 * float(known.abs().max()))
        whole = {"input_ids": inputs["input_ids"]}
        with torch.inference_mode():
            np.testing.assert_allclose(quick(**whole).logits, model(**whole).logits, atol=1e-4)


@pytest.mark.parametrize("name", ["base", "sentiment", "topics", "spam"])
def test_bundled_models_are_fused_and_hold_each_weight_once(name: str) -> None:
    backend: Any = BertService(Settings())._backend(name)
    before, inputs = backend.memory(), padded(6, 40, 30_000)
    known = states(backend._unwatched(), inputs)
    quick = backend._swift()
    assert quick is not backend._unwatched() and backend.memory() == before
    np.testing.assert_allclose(states(quick, inputs), known, atol=1e-5 * float(known.abs().max()))
    held = {each.untyped_storage().data_ptr() for each in quick.parameters()}
    assert held <= {each.untyped_storage().data_ptr() for each in backend._model.parameters()}


def test_gradients_flow_as_before() -> None:
    apart = BertService(Settings(cache_mb=0))
    text = "A warm and funny film."
    before = apart.attribute(text, steps=20)
    apart.classify(text)
    backend: Any = apart._backend("sentiment")
    assert backend._swift() is not backend._unwatched()
    after = apart.attribute(text, steps=20)
    assert [each.score for each in after.words] == [each.score for each in before.words]


@pytest.mark.parametrize("changes", [{"hidden_act": "relu"}, {"num_attention_heads": 1}])
def test_other_shapes_are_computed_step_by_step(changes: dict[str, Any]) -> None:
    config = tiny_config()
    vars(config).update(changes)
    assert fused.fused(BertForMaskedLM(config).eval()) is None


def test_a_model_without_a_head_is_not_taken_for_the_whole(service: BertService) -> None:
    backend: Any = service._backend("sentiment")
    encoding = backend.encode("A warm and funny film.")
    twin = backend.without([(layer, head) for layer in range(6) for head in range(6)])
    with torch.inference_mode():
        expected = twin._model(**twin._inputs(encoding, encoding.windows[0])).logits
    np.testing.assert_allclose(twin.label_logits(encoding), expected, atol=1e-5)
    assert np.abs(twin.label_logits(encoding) - backend.label_logits(encoding)).max() > 0.1


def test_a_model_that_is_too_small_for_the_trial_is_computed_step_by_step(caplog: pytest.LogCaptureFixture) -> None:
    config = tiny_config()
    config.max_position_embeddings = fused.TRIED - 1
    with caplog.at_level(logging.WARNING):
        assert fused.fused(BertForMaskedLM(config).eval().requires_grad_(False)) is None
    assert "it is computed step by step" in caplog.text


def test_layers_that_give_other_numbers_are_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model = shared_copy(BertForMaskedLM(tiny_config()).eval().requires_grad_(False))
    assert fused.fused(model) is not None
    whole = fused._whole

    def wrong(layer: Any, config: Any) -> Any:
        made = whole(layer, config)
        made.norm1.eps = made.norm2.eps = 0.1
        return made

    monkeypatch.setattr(fused, "_whole", wrong)
    with caplog.at_level(logging.WARNING):
        assert fused.fused(model) is None
    assert "gives other numbers" in caplog.text
