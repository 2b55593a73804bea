"""The flat pass against the model's own, losses and gradients."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny_pretraining import MIXTURE, model, text, tokenizer

from bert_demo.core.errors import BadDataError
from bert_demo.training.pretraining.encoder import FlatEncoder, check_encoder, low_precision
from bert_demo.training.pretraining.flat import FlatBatch, flatten
from bert_demo.training.pretraining.masking import masking_rule
from bert_demo.training.pretraining.order import PieceOrder
from bert_demo.training.pretraining.packing import frame


@pytest.fixture(scope="module")
def batch() -> FlatBatch:
    corpus = text()
    groups = PieceOrder(corpus, MIXTURE, 800, group_tokens=200).at(0)
    rule = masking_rule(tokenizer(), 0.2)
    return flatten(corpus, groups, frame(tokenizer()), rule, torch.Generator().manual_seed(2))


def own_losses(bert: torch.nn.Module, batch: FlatBatch) -> tuple[torch.Tensor, torch.Tensor]:
    """The two sums by transformers, a group at a time."""
    words, firsts, place = [], [], 0
    for rows, width in batch.shapes:
        here = slice(place, place + rows * width)
        output = bert(input_ids=batch.ids[here].view(rows, width), token_type_ids=batch.types[here].view(rows, width))
        words.append(output.prediction_logits.flatten(0, 1))
        firsts.append(output.seq_relationship_logits.repeat_interleave(width, 0))
        place += rows * width
    logits, pairs = torch.cat(words)[batch.chosen], torch.cat(firsts)[batch.firsts]
    entropy = torch.nn.functional.cross_entropy
    return entropy(logits, batch.targets, reduction="sum"), entropy(pairs, batch.follows, reduction="sum")


def gradients(bert: torch.nn.Module) -> torch.Tensor:
    return torch.cat([each.grad.flatten() for each in bert.parameters() if each.grad is not None])


def test_losses_and_gradients_are_those_of_transformers(batch: FlatBatch) -> None:
    one, other = model(), model()
    expected = own_losses(one, batch)
    sum(expected).backward()
    found = FlatEncoder(other, torch.float32).losses(batch)
    assert found[1] is not None and batch.pairs > 3
    (found[0] + found[1]).backward()
    assert [each.item() for each in found] == pytest.approx([each.item() for each in expected], rel=1e-5)
    assert torch.allclose(gradients(one), gradients(other), atol=1e-3, rtol=1e-4)


def test_bfloat16_is_near(batch: FlatBatch) -> None:
    one, other = model(), model()
    for bert, dtype in ((one, torch.float32), (other, torch.bfloat16)):
        words, pairs = FlatEncoder(bert, dtype).losses(batch)
        (words + pairs).backward()
        assert words.item() / batch.masked == pytest.approx(own_losses(bert, batch)[0].item() / batch.masked, rel=0.01)
    assert torch.nn.functional.cosine_similarity(gradients(one), gradients(other), 0) > 0.998


def test_batch_without_pairs_has_one_loss(batch: FlatBatch) -> None:
    none = torch.empty(0, dtype=torch.long)
    alone = replace(batch, firsts=none, follows=none)
    assert FlatEncoder(model(), torch.float32).losses(alone)[1] is None


def test_encoder_that_is_computed_otherwise_is_refused() -> None:
    check_encoder(model())
    bert = model()
    bert.bert.encoder.layer[1].register_forward_hook(lambda *arguments: arguments[2] * 1.01)
    with pytest.raises(BadDataError, match="differs from the model's own"):
        check_encoder(bert)


@pytest.mark.parametrize("change", [{"hidden_act": "relu"}, {"hidden_dropout_prob": 0.1}])
def test_other_kinds_of_encoder_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadDataError, match="without dropout"):
        FlatEncoder(model(**change), torch.float32)


@pytest.mark.parametrize(
    ("able", "seconds", "expected"),
    [
        ({"avx512_bf16": True}, {torch.bfloat16: 3.0, torch.float32: 2.0}, torch.float32),
        ({"avx512_bf16": True}, {torch.bfloat16: 1.0, torch.float32: 2.0}, torch.bfloat16),
        ({"amx_bf16": True}, {torch.bfloat16: 1.0, torch.float32: 2.0}, torch.bfloat16),
        ({"avx512_f": True}, {}, torch.float32),
    ],
)
def test_low_precision_is_taken_where_it_is_faster(
    able: dict[str, bool], seconds: dict[torch.dtype, float], expected: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert low_precision(seconds.__getitem__) is expected


def test_low_precision_is_the_same_when_measured_again() -> None:
    assert low_precision() is low_precision()
