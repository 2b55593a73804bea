"""What a model can do is found by running it, and what it cannot is said in a sentence by the lens that needs it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import save_tokenizer
from loaded import bundled, loaded
from tiny_families import CHECKPOINTS, POSITIONS, Checkpoint, build
from transformers import AlbertConfig, AlbertForSequenceClassification, BertModel
from transformers.models.bert import modeling_bert

from bert_demo.core.errors import MissingHeadError
from bert_demo.models import transformers_model
from bert_demo.models.base import Model
from bert_demo.models.embedding import embed
from bert_demo.models.surgery.attention_steps import trace_head
from bert_demo.models.surgery.each_head_off import each_head_off
from bert_demo.models.surgery.without_heads import without_heads
from bert_demo.registry.families import FAMILIES
from bert_demo.registry.models import CATALOGUE
from bert_demo.tasks.attention import attention
from bert_demo.tasks.attribution_request import Question
from bert_demo.tasks.classification import classify, label_logits
from bert_demo.tasks.layer_attribution import by_layer

MODELS = [(checkpoint, kind) for checkpoint in CHECKPOINTS for kind in checkpoint.kinds]
BERT = CHECKPOINTS[0]
LACKING = {"fnet": {"attention", "heads", "steps"}}
TEXT = "the cat sat on the mat"


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    """A classifier of three layers, which nothing has tried yet."""
    build(BERT, "ForSequenceClassification", tmp_path)
    return tmp_path


def layers_of(model: Model) -> Any:
    question = Question(0, "integrated_gradients", "pad", "logit", 0.01, None, 100)
    return by_layer(model, question, TEXT, None, lambda *_: None)


@pytest.mark.parametrize("checkpoint", MODELS, ids=lambda each: f"{each[0].name}-{each[1]}")
def test_trial_finds_what_each_family_can_do(checkpoint: tuple[Checkpoint, str], tmp_path: Path) -> None:
    build(*checkpoint, tmp_path)
    model = loaded(str(tmp_path))
    found, family = model.capabilities, checkpoint[0].family
    assert max(found.attention_sum, found.embeddings) < 1e-4
    assert (found.padding < 1e-4) is model.encoder.collator.pads is (checkpoint[0].name not in ("convbert", "fnet"))
    assert set(found.lacking) == LACKING.get(family.model_type, set() if family.attention_interface else {"steps"})
    assert found.heads == (0 if checkpoint[0].name == "fnet" else 2) == model.info.heads
    assert (found.segments > 0.1) is (family.segments > 1) and found.limit == POSITIONS


@pytest.mark.parametrize("name", [card.name for card in CATALOGUE if card.bundled])
def test_bundled_models_can_do_everything(name: str) -> None:
    """One of them has more labels than the trial's text has tokens."""
    found = bundled(name).capabilities
    assert not found.lacking and max(found.attention_sum, found.embeddings, found.padding) < 1e-5


def test_layers_in_groups_are_lacking_and_layer_attribution_says_so(tmp_path: Path) -> None:
    save_tokenizer(tmp_path)
    sizes = {"hidden_size": 16, "embedding_size": 8, "num_attention_heads": 2, "intermediate_size": 32}
    config = AlbertConfig(vocab_size=40, num_hidden_layers=2, inner_group_num=2, max_position_embeddings=32, **sizes)
    AlbertForSequenceClassification(config).save_pretrained(tmp_path)
    model = loaded(str(tmp_path))
    assert set(model.capabilities.lacking) == {"layers", "heads", "steps"}
    assert sum(each.score for each in classify(model, TEXT, None).labels) == pytest.approx(1)
    for ask in (
        lambda: layers_of(model),
        lambda: without_heads(model, [(0, 0)]),
        lambda: each_head_off(model, model.encode(TEXT), 0),
    ):
        with pytest.raises(MissingHeadError, match="come in groups and cannot be taken one by one"):
            ask()


def test_layers_that_are_elsewhere_are_lacking(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAMILIES, "bert", replace(FAMILIES["bert"], layers="encoder.blocks", plain_layers=False))
    model = loaded(str(bert))
    with pytest.raises(MissingHeadError, match="layers of this kind of model cannot be taken one by one"):
        layers_of(model)
    assert embed(model, model.encode(TEXT), 0, "pad").inputs.shape == (1, 8, 16)


def test_layers_that_die_with_a_bare_error_are_a_sentence(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As DeBERTa's encoder does: it names a variable in its loop, and has none where no layer is left."""
    real = modeling_bert.BertEncoder.forward

    def forward(self: Any, *given: Any, **named: Any) -> Any:
        if not len(self.layer):
            raise UnboundLocalError("cannot access local variable 'next_kv'")
        return real(self, *given, **named)

    monkeypatch.setattr(modeling_bert.BertEncoder, "forward", forward)
    with pytest.raises(MissingHeadError, match=r"cannot be taken one by one \(transformers raises UnboundLocalError\)"):
        layers_of(loaded(str(bert)))


def test_projection_that_is_elsewhere_is_lacking(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAMILIES, "bert", replace(FAMILIES["bert"], projection="attention.output.out"))
    model = loaded(str(bert))
    assert set(model.capabilities.lacking) == {"heads"}
    with pytest.raises(MissingHeadError, match="heads of this kind of model cannot be taken one by one"):
        without_heads(model, [(0, 0)])


def test_attention_that_sums_to_two_is_not_shown(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = modeling_bert.eager_attention_forward

    def doubled(*given: Any, **named: Any) -> Any:
        output, weights = real(*given, **named)
        return output, 2 * weights

    monkeypatch.setattr(modeling_bert, "eager_attention_forward", doubled)
    model = loaded(str(bert))
    assert model.capabilities.attention_sum == pytest.approx(1, abs=1e-5)
    with pytest.raises(MissingHeadError, match="no shares: the rows sum to 1 only within 1"):
        attention(model, model.encode(TEXT), 0)


def test_padding_that_changes_logits_is_not_used(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = modeling_bert.BertEmbeddings.forward

    def forward(self: Any, *given: Any, **named: Any) -> Any:
        states = real(self, *given, **named)
        return states + states.mean(1, keepdim=True)

    monkeypatch.setattr(modeling_bert.BertEmbeddings, "forward", forward)
    model = loaded(str(bert))
    assert model.capabilities.padding > 1e-3 and not model.capabilities.lacking
    encodings = [model.encode(text) for text in BERT.texts]
    assert [places for places, _ in model.encoder.batches(encodings)] == [[0], [2], [1]]
    for places, logits in model.heads["text-classification"].batched_logits(encodings):
        np.testing.assert_allclose(logits, label_logits(model, encodings[places[0]]), atol=1e-5)


def test_embeddings_that_give_other_logits_are_lacking(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = BertModel.forward

    def forward(self: Any, *given: Any, **named: Any) -> Any:
        output = real(self, *given, **named)
        if not isinstance(self.embeddings, modeling_bert.BertEmbeddings):
            output.pooler_output = output.pooler_output + 1
        return output

    monkeypatch.setattr(BertModel, "forward", forward)
    model = loaded(str(bert))
    with pytest.raises(MissingHeadError, match="answers otherwise when its embeddings are given to it"):
        embed(model, model.encode(TEXT), 0, "pad")


def test_attention_computed_elsewhere_has_no_steps(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that a family ignores in silence is not taken for one that was called."""
    monkeypatch.setattr(
        modeling_bert.ALL_ATTENTION_FUNCTIONS, "get_interface", lambda *_: modeling_bert.eager_attention_forward
    )
    model = loaded(str(bert))
    with pytest.raises(MissingHeadError, match="steps of this model's attention cannot be shown"):
        trace_head(model, model.encode(TEXT), 0, 0, 0)


def test_trial_is_kept_with_the_files(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = loaded(str(bert)).capabilities
    monkeypatch.setattr(transformers_model, "try_out", None)
    assert loaded(str(bert)).capabilities is first
