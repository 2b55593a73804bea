"""Variants compute what the whole model does, on every family, and leave it as it was."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import (
    AlbertConfig,
    AlbertForSequenceClassification,
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    ElectraConfig,
    ElectraForMaskedLM,
    ElectraForSequenceClassification,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaForSequenceClassification,
)

from bert_demo.core.errors import MissingHeadError
from bert_demo.models.surgery.from_embeddings import from_embeddings, hidden_states
from bert_demo.models.surgery.from_layer import from_layer

SIZES = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}
DISTIL = {"dim": 32, "n_layers": 3, "n_heads": 4, "hidden_dim": 64}
CLASSIFIERS = [
    (BertForSequenceClassification, BertConfig, SIZES),
    (RobertaForSequenceClassification, RobertaConfig, SIZES),
    (ElectraForSequenceClassification, ElectraConfig, SIZES | {"embedding_size": 16}),
    (DistilBertForSequenceClassification, DistilBertConfig, DISTIL),
    (AlbertForSequenceClassification, AlbertConfig, SIZES | {"embedding_size": 32}),
]
MASKED = [
    (BertForMaskedLM, BertConfig, SIZES),
    (RobertaForMaskedLM, RobertaConfig, SIZES),
    (ElectraForMaskedLM, ElectraConfig, SIZES | {"embedding_size": 32}),
]


def made(kind: Any, config: Any, sizes: dict[str, int]) -> tuple[Any, torch.Tensor, torch.Tensor]:
    """(model, ids, what its embedding module makes of them), weights wide enough to matter."""
    torch.manual_seed(0)
    settings = config(vocab_size=100, initializer_range=0.4, **sizes)
    model = kind(settings).eval().requires_grad_(False)
    model.set_attn_implementation("eager")
    ids = torch.randint(5, 90, (1, 9))
    return model, ids, model.base_model.embeddings(input_ids=ids)


@pytest.mark.parametrize("classifies", [False, True])
@pytest.mark.parametrize(("kind", "config", "sizes"), CLASSIFIERS)
def test_logits_and_gradients_from_the_embeddings_on(kind, config, sizes, classifies: bool) -> None:
    """Also where the last layer computes the first position alone."""
    model, ids, embedded = made(kind, config, sizes)
    rows = torch.cat((embedded, embedded * 0.5, embedded * 0.1)).requires_grad_()
    logits = from_embeddings(model, ids, None, classifies)(rows)
    assert torch.allclose(logits[0], model(input_ids=ids).logits[0], atol=1e-5)
    (gradient,) = torch.autograd.grad(logits[:, 1].sum(), rows)
    plain = rows.detach().clone().requires_grad_()
    original = model.base_model.embeddings
    model.base_model.embeddings = torch.nn.Identity()
    model.base_model.embeddings.forward = lambda *_, **__: plain
    (expected,) = torch.autograd.grad(model(input_ids=ids.expand(3, -1)).logits[:, 1].sum(), plain)
    model.base_model.embeddings = original
    assert torch.allclose(gradient, expected, atol=1e-5 * float(expected.abs().max()))
    shown = model(input_ids=ids, output_attentions=True).attentions
    assert len(shown) == 3 and all(
        type(module).__module__.startswith(("transformers", "torch")) for module in model.modules()
    )


@pytest.mark.parametrize(("kind", "config", "sizes"), MASKED)
def test_the_logits_behind_one_mask(kind, config, sizes) -> None:
    model, ids, embedded = made(kind, config, sizes)
    found = from_embeddings(model, ids, 4)(embedded.repeat(2, 1, 1))
    assert found.shape == (2, 100)
    assert torch.allclose(found, model(input_ids=ids).logits[0, 4].expand(2, -1), atol=1e-5)


@pytest.mark.parametrize("classifies", [False, True])
@pytest.mark.parametrize(("kind", "config", "sizes"), CLASSIFIERS)
@pytest.mark.parametrize("first", [1, 2, 3])
def test_a_model_that_begins_at_a_later_layer(kind, config, sizes, first: int, classifies: bool) -> None:
    model, ids, embedded = made(kind, config, sizes)
    states = hidden_states(model, ids, {}, embedded)
    base = model.base_model
    widens = {
        "electra": lambda: base.embeddings_project(embedded),
        "albert": lambda: base.encoder.embedding_hidden_mapping_in(embedded),
    }
    before = widens.get(model.config.model_type, lambda: embedded)()
    assert len(states) == 4 and torch.equal(states[0], before)
    found = from_embeddings(from_layer(model, first), ids, None, classifies)(states[first])
    assert torch.allclose(found, model(input_ids=ids).logits, atol=1e-5)


def test_from_layer_of_groups_says_that_they_cannot_be_taken_alone() -> None:
    model, _, _ = made(
        AlbertForSequenceClassification, AlbertConfig, SIZES | {"embedding_size": 32, "inner_group_num": 2}
    )
    with pytest.raises(MissingHeadError, match="come in groups and cannot be taken one by one"):
        from_layer(model, 1)


def test_from_layer_without_a_list_of_layers_says_so() -> None:
    model, _, _ = made(*CLASSIFIERS[0])
    model.bert.encoder.layer = model.bert.encoder.layer[:2]
    with pytest.raises(MissingHeadError, match="The layers of this kind of model cannot be taken one by one"):
        from_layer(model, 1)
