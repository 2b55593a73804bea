"""Single heads: steps by the formula, habits by hand, and a head that is off equals one that is really zeroed."""

from __future__ import annotations

import copy
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import MODELS, OPENING, save_tokenizer, tiny_config
from loaded import bundled, loaded
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import RobertaProcessing
from tokenizers.trainers import BpeTrainer
from transformers import (
    AlbertConfig,
    AlbertForSequenceClassification,
    AutoModelForMaskedLM,
    AutoTokenizer,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    ElectraConfig,
    ElectraForSequenceClassification,
    MobileBertConfig,
    MobileBertForSequenceClassification,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from bert_demo import BertService, Settings
from bert_demo.core.errors import BadDataError, ChoiceError, MissingHeadError, TextError
from bert_demo.models.base import Model
from bert_demo.models.surgery.each_head_off import each_head_off
from bert_demo.models.surgery.without_heads import with_gates, without_heads
from bert_demo.results import HABITS, Attention, Token
from bert_demo.tasks.classification import label_logits
from bert_demo.tasks.head_analysis import profiles

SIZES = {"vocab_size": 40, "num_hidden_layers": 3, "num_attention_heads": 4, "max_position_embeddings": 40}
WIDE = {"hidden_size": 32, "intermediate_size": 64, "initializer_range": 0.4, "num_labels": 3}
FAMILIES: dict[str, tuple[Any, Any]] = {
    "bert": (BertForSequenceClassification, tiny_config(num_labels=3)),
    "roberta": (RobertaForSequenceClassification, RobertaConfig(**SIZES, **WIDE)),
    "electra": (ElectraForSequenceClassification, ElectraConfig(**SIZES, **WIDE, embedding_size=16)),
    "albert": (AlbertForSequenceClassification, AlbertConfig(**SIZES, **WIDE, embedding_size=16)),
    "distilbert": (
        DistilBertForSequenceClassification,
        DistilBertConfig(
            vocab_size=40, n_layers=3, n_heads=4, dim=32, hidden_dim=64, initializer_range=0.4, num_labels=3
        ),
    ),
    "mobilebert": (
        MobileBertForSequenceClassification,
        MobileBertConfig(  # it normalises nothing, so that wide weights would grow beyond single precision
            **SIZES,
            **(WIDE | {"initializer_range": 0.15}),
            intra_bottleneck_size=16,
            true_hidden_size=16,
            embedding_size=16,
            use_bottleneck=True,
        ),
    ),
}
TEXT = "the cat sat on the mat . a dog ran"


def saved(name: str, directory: Path) -> str:
    kind, config = FAMILIES[name]
    torch.manual_seed(1)
    save_tokenizer(directory)
    kind(config).save_pretrained(directory)
    return str(directory)


def apart(found: np.ndarray, expected: np.ndarray) -> float:
    """The greatest distance, in units of the greatest logit where that is above 1 (single precision is relative)."""
    return float(np.abs(found - expected).max() / max(1.0, np.abs(expected).max()))


def without_each(model: Model, encoding: Any, mask: int | None = None) -> dict[tuple[int, int], np.ndarray]:
    """(layer, head) -> the logits without that head alone."""
    _, batches = each_head_off(model, encoding, 0, mask)
    return {(layer, first + row): logits for layer, first, found in batches for row, logits in enumerate(found)}


def zeroed(model: Any, layer: int, head: int) -> Any:
    """A real copy whose attention output does not listen to one head: its columns of the output map are zero."""
    model = copy.deepcopy(model)
    base = model.base_model
    if hasattr(base, "transformer"):
        dense = base.transformer.layer[layer].attention.out_lin
    elif hasattr(base.encoder, "layer"):
        dense = base.encoder.layer[layer].attention.output.dense
    else:
        raise AssertionError("ALBERT's layers are one: its oracle is another")
    size = dense.weight.shape[1] // model.config.num_attention_heads
    with torch.no_grad():
        dense.weight[:, head * size : (head + 1) * size] = 0
    return model


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "albert"])
def test_off_equals_a_head_that_was_zeroed(service: BertService, tmp_path: Path, name: str) -> None:
    source = saved(name, tmp_path)
    model = loaded(source)
    encoding = model.encode(TEXT)
    inputs = model.encoder.inputs(encoding)
    plain = FAMILIES[name][0].from_pretrained(source).eval()
    whole = plain(**inputs).logits.detach().numpy()
    assert apart(label_logits(model, encoding), whole) < 1e-5
    everywhere = without_each(model, encoding)
    for layer in range(model.info.layers):
        for head in range(model.info.heads):
            expected = zeroed(plain, layer, head)(**inputs).logits.detach().numpy()
            assert np.abs(expected - whole).max() > 1e-6
            found = label_logits(without_heads(model, [(layer, head)]), encoding)
            assert apart(found, expected) < 1e-5
            assert apart(everywhere[layer, head], expected[0]) < 1e-5
    both = zeroed(zeroed(plain, 0, 1), model.info.layers - 1, 0)(**inputs).logits.detach().numpy()
    assert apart(label_logits(without_heads(model, [(0, 1), (model.info.layers - 1, 0)]), encoding), both) < 1e-5
    assert apart(label_logits(model, encoding), whole) < 1e-5, "the shared model was touched"


def test_albert_whose_layers_are_one(service: BertService, tmp_path: Path) -> None:
    """The oracle switches the head off at one call of the shared module, counted by a hook."""
    source = saved("albert", tmp_path)
    model = loaded(source)
    encoding = model.encode(TEXT)
    inputs = model.encoder.inputs(encoding)
    plain = AlbertForSequenceClassification.from_pretrained(source).eval()
    whole = plain(**inputs).logits.detach().numpy()
    dense = plain.albert.encoder.albert_layer_groups[0].albert_layers[0].attention.dense
    everywhere = without_each(model, encoding)
    for layer in range(3):
        calls = []

        def hook(_: Any, given: Any, layer: int = layer, calls: list[int] = calls) -> Any:
            calls.append(1)
            if len(calls) - 1 != layer:
                return None
            states = given[0].clone()
            states[..., 8:16] = 0
            return (states,)

        handle = dense.register_forward_pre_hook(hook)
        expected = plain(**inputs).logits.detach().numpy()
        handle.remove()
        assert np.abs(expected - whole).max() > 1e-6
        assert apart(label_logits(without_heads(model, [(layer, 1)]), encoding), expected) < 1e-5
        assert apart(everywhere[layer, 1], expected[0]) < 1e-5


def test_head_effects_are_what_switching_off_does(service: BertService, deep_models: dict[str, str]) -> None:
    source, text = deep_models["labels"], "the cat was not happy , a good film ."
    found = service.head_worth(text, model=source, target="positive")
    model = loaded(source)
    encoding = model.encode(text)
    whole = label_logits(model, encoding)[0, 1]
    assert found.score == pytest.approx(float(whole), abs=1e-6)
    for head in ((0, 0), (2, 7), (5, 3)):
        logits = label_logits(without_heads(model, [head]), encoding)
        assert found.changes[head] == pytest.approx(float(logits[0, 1] - whole), abs=2e-5)
    assert (found.layer_passes, found.full_passes) == (12 * 21, 72)
    assert found.again == pytest.approx(found.changes[found.greatest], abs=2e-5)
    assert abs(found.again) == pytest.approx(np.abs(found.changes).max(), abs=2e-5)
    shares = service.head_worth(text, model=source, target="positive", output="probability")
    before, after = service.ablate(text, [(2, 7)], model=source).labels or (None, None)
    assert before is not None and after is not None
    moved = {each.label: each.score for each in after.labels}["positive"]
    assert shares.score + shares.changes[2, 7] == pytest.approx(moved, abs=1e-5)
    source, text = deep_models["words"], "the cat sat on the [MASK] ."
    word = service.head_worth(text, model=source, output="probability")
    best = service.fill_mask(text, source).slots[0].candidates[0]
    assert word.target == best.token_str and word.score == pytest.approx(best.score, abs=1e-5)
    without = service.ablate(text, [(5, 1)], model=source, top_k=30).fillings
    assert without is not None
    moved = {each.token_str: each.score for each in without[1].slots[0].candidates}[best.token_str]
    assert word.score + word.changes[5, 1] == pytest.approx(moved, abs=1e-5)


def test_head_effects_of_a_long_text_are_the_mean_of_its_windows(service: BertService, tiny_classifier: str) -> None:
    text = "good cat " * 25
    worth = service.head_worth(text, model=tiny_classifier, target="low")
    model = loaded(tiny_classifier)
    encoding = model.encode(text)
    assert len(encoding.windows) > 1
    expected = (
        label_logits(without_heads(model, [(1, 0)]), encoding)[:, 0].mean() - label_logits(model, encoding)[:, 0].mean()
    )
    assert worth.changes[1, 0] == pytest.approx(float(expected), abs=1e-5)


@pytest.mark.parametrize("model", ["base", "sentiment"])
def test_steps_are_the_models_own(service: BertService, model: str) -> None:
    attention = service.attention(OPENING, model=model)
    for layer, head, query in ((0, 0, 0), (3, 7, 5), (5, 11, 19)):
        steps = service.attention_steps(OPENING, query, model=model, layer=layer, head=head)
        assert steps.largest_error < 1e-5
        assert np.abs(steps.weights - attention.head(layer, head)[query]).max() < 1e-5
        by_hand = np.exp(steps.q @ steps.keys.T / math.sqrt(32))
        assert np.abs(steps.weights - by_hand / by_hand.sum()).max() < 1e-12
        assert np.abs(steps.output - steps.weights @ steps.values).max() < 1e-12


def test_steps_start_from_the_first_layers_projections(service: BertService) -> None:
    model = AutoModelForMaskedLM.from_pretrained(MODELS / "base").eval().bert
    inputs = AutoTokenizer.from_pretrained(MODELS / "base")("Water freezes.", return_tensors="pt")
    layer = model.encoder.layer[0].attention.self
    with torch.no_grad():
        hidden = model.embeddings(**{name: inputs[name] for name in ("input_ids", "token_type_ids")})[0]
        q, k, v = (map_(hidden)[:, 64:96].numpy() for map_ in (layer.query, layer.key, layer.value))
    steps = service.attention_steps("Water freezes.", 1, layer=0, head=2)
    assert np.abs(steps.q - q[1]).max() < 1e-5
    assert np.abs(steps.keys - k).max() < 1e-5 and np.abs(steps.values - v).max() < 1e-5


def test_habits_by_hand() -> None:
    """[CLS] a , ab ##c A [SEP] and one head whose weights are chosen: a and A are the same word."""
    text = "a,abc A"
    places = (("[CLS]", 0, 0, None), ("a", 0, 1, 0), (",", 1, 2, 1), ("ab", 2, 4, 2), ("##c", 4, 5, 2), ("A", 6, 7, 3))
    tokens = tuple(
        Token(name, number, start, end, 0, word, word is None, name == "##c")
        for number, (name, start, end, word) in enumerate((*places, ("[SEP]", 0, 0, None)))
    )
    weights = np.zeros((7, 7))
    weights[0, 0] = 1
    weights[1, 5] = 1
    weights[2, 1:3] = 0.5
    weights[3, [2, 4]] = 0.2, 0.8
    weights[4, 3] = 1
    weights[5, [1, 6]] = 0.4, 0.6
    weights[6] = 1 / 7
    found = profiles(Attention("m", "r", tokens, (0,), (0,), weights[None, None].astype(np.float32)), (text, ""))
    own, before, after = (1 + 0.5 + 1 / 7) / 7, (0.5 + 0.2 + 1 + 1 / 7) / 7, (0.8 + 0.6) / 7
    expected = [own, before, after, (1 + 1 / 7) / 7, (0.6 + 1 / 7) / 7, (0.5 + 0.2 + 1 / 7) / 7, (1 + 0.4) / 7]
    assert len(expected) == len(HABITS)
    assert found.shares[0, 0] == pytest.approx(expected, abs=1e-7)
    mixed = -(0.2 * math.log(0.2) + 0.8 * math.log(0.8)) - (0.4 * math.log(0.4) + 0.6 * math.log(0.6))
    assert found.entropy[0, 0] == pytest.approx((math.log(2) + mixed + math.log(7)) / 7, abs=1e-6)
    assert found.distance[0, 0] == pytest.approx((0 + 4 + 0.5 + 1 + 1 + (1.6 + 0.6) + 3) / 7, abs=1e-6)
    assert found.habit(0, 0) == "mixed"


def test_habits_by_spelling_on_bytes(service: BertService, tmp_path: Path) -> None:
    """A byte-level tokenizer writes its own letters; punctuation and words are taken from the text."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer.train_from_iterator(
        ["The dog (big) sat on the dog."], BpeTrainer(special_tokens=special, initial_alphabet=ByteLevel.alphabet())
    )
    tokenizer.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        **dict(zip(("bos_token", "pad_token", "eos_token", "unk_token", "mask_token"), special, strict=True)),
        cls_token="<s>",
        sep_token="</s>",
        model_max_length=30,
    )
    torch.manual_seed(0)
    config = RobertaConfig(**(SIZES | {"vocab_size": len(fast)}), **WIDE, pad_token_id=1)
    RobertaForSequenceClassification(config).save_pretrained(tmp_path)
    fast.save_pretrained(tmp_path)
    text = "The dog (“big”) sat. the"
    found = service.head_profiles(text, model=str(tmp_path))
    weights = service.attention(text, model=str(tmp_path)).weights
    spelt = [text[token.start : token.end].strip() for token in found.tokens]
    marks = [place for place, name in enumerate(spelt) if name and not any(letter.isalnum() for letter in name)]
    assert {"(", "“"} <= {name for place in marks for name in spelt[place]}
    share = weights[..., marks].sum(-1).mean(-1)
    assert np.abs(found.shares[..., HABITS.index("punctuation")] - share).max() < 1e-5
    one, other = spelt.index("The"), len(spelt) - 2
    assert spelt[other] == "the"
    both = (weights[..., one, other] + weights[..., other, one]) / len(spelt)
    assert np.abs(found.shares[..., HABITS.index("same word")] - both).max() < 1e-5


def rows_of(service: BertService, model: str) -> list[tuple[str, str]]:
    texts = [
        f"{a} {b} {c}" for a in ("the cat", "a dog ran") for b in ("sat", "was not good") for c in ("", "on ice .")
    ]
    return [(text, service.classify(text, model=model).labels[number % 2].label) for number, text in enumerate(texts)]


def test_pruning_against_heads_switched_off_one_by_one(service: BertService, tiny_classifier: str) -> None:
    rows = rows_of(service, tiny_classifier)
    seen: list[tuple[int, int]] = []
    curve = service.prune(rows, tiny_classifier, points=4, orders=2, on_progress=lambda *both: seen.append(both))
    assert curve.counts == (0, 1, 2, 3, 4) and curve.accuracy[0] == 0.5 == curve.random[0]
    assert seen[-1][0] == seen[-1][1]
    model = loaded(tiny_classifier)
    for count in (1, 2, 3, 4):
        variant = without_heads(model, curve.order[:count])
        right = [model.labels[label_logits(variant, model.encode(text))[0].argmax()] == label for text, label in rows]
        assert curve.accuracy[count] == pytest.approx(np.mean(right))
    assert sorted(curve.order) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    ranked = [curve.importance[head] for head in curve.order]
    assert ranked == sorted(ranked)
    assert np.abs((curve.importance**2).sum(1) - 1).max() < 1e-6


def test_importance_is_the_slope_of_the_loss(service: BertService, tiny_classifier: str) -> None:
    """The gate's gradient against a difference quotient, one text at a time."""
    rows = rows_of(service, tiny_classifier)[:3]
    curve = service.prune(rows, tiny_classifier, points=2, orders=1)
    model = loaded(tiny_classifier)
    slopes = np.zeros((2, 2))
    for text, label in rows:
        encoding = model.encode(text)
        inputs = model.encoder.inputs(encoding)
        for layer in range(2):
            for head in range(2):
                losses = []
                for value in (1 - 1e-2, 1 + 1e-2):
                    module, gates = with_gates(model.encoder.module.double())
                    gates[layer].value = torch.ones(1, 2, dtype=torch.float64)
                    gates[layer].value[0, head] = value
                    logits = module(**inputs).logits
                    losses.append(
                        float(torch.nn.functional.cross_entropy(logits, torch.tensor([model.labels.index(label)])))
                    )
                slopes[layer, head] += abs(losses[1] - losses[0]) / 2e-2 / len(rows)
    expected = slopes / np.sqrt((slopes**2).sum(1, keepdims=True))
    assert curve.importance == pytest.approx(expected, abs=1e-3)


def test_switching_off_disturbs_nobody() -> None:
    """Ablations beside plain classifications, at once, give what they give alone, to the last bit: without batches,
    which round otherwise (test_batching has those)."""
    service = BertService(Settings(batch_tokens=0))
    alone = service.ablate(OPENING, [(3, 3)]).labels
    model = bundled("sentiment")
    encoding = model.encode(OPENING)
    plain = label_logits(model, encoding)
    with ThreadPoolExecutor(4) as pool:
        off = [pool.submit(service.ablate, OPENING, [(3, 3)]) for _ in range(6)]
        untouched = [pool.submit(label_logits, model, encoding) for _ in range(12)]
        assert all(each.result().labels == alone for each in off)
        assert all(np.array_equal(each.result(), plain) for each in untouched)


@pytest.mark.parametrize(
    ("heads", "says"),
    [
        ([], "Switch one off at least"),
        ([(6, 0)], "layer must be from 0 to 5. sentiment has 6 layers, 12 heads in each, counted from 0.$"),
        ([(0, 12)], "head must be from 0 to 11. sentiment has 6 layers, 12 heads in each, counted from 0.$"),
        ([(0, "1")], "head must be a whole number from 0 to 11, not text"),
        ([(0,)], "pair of layer and head"),
        ([(0, None)], "needs both"),
        ("3-7", "list of pairs"),
        ([(layer, head) for layer in range(6) for head in range(12)], "All heads are off"),
    ],
)
def test_heads_that_cannot_be_switched_off(service: BertService, heads: Any, says: str) -> None:
    with pytest.raises(ChoiceError, match=says):
        service.ablate(OPENING, heads)


def test_what_cannot_be_asked(service: BertService) -> None:
    with pytest.raises(MissingHeadError, match="decides nothing here"):
        service.ablate(OPENING, [(0, 0)], model="base")
    with pytest.raises(MissingHeadError, match="no label to attribute"):
        service.ablate("a [MASK]", [(0, 0)], model="base", attributions=True)
    with pytest.raises(ChoiceError, match="query must be from 0 to 19"):
        service.attention_steps(OPENING, 20)
    with pytest.raises(ChoiceError, match="output must be one of"):
        service.head_worth(OPENING, output="margin")
    with pytest.raises(MissingHeadError, match="has no labels"):
        service.prune([("a", "b"), ("c", "d")], "base")
    with pytest.raises(BadDataError, match="pairs of a text and its label"):
        service.prune("abc")  # type: ignore[arg-type]
    with pytest.raises(TextError, match="in 9 windows; of up to 8"):
        service.head_worth("good " * 3300)
    with pytest.raises(BadDataError, match="from 2 to"):
        service.prune([("a", "positive")])
    with pytest.raises(
        BadDataError, match="Labelled text 2: 'good' is none of this model's labels: negative, positive"
    ):
        service.prune([("a", "positive"), ("b", "good")])
    with pytest.raises(BadDataError, match="Labelled text 1: The text is empty"):
        service.prune([(" ", "positive"), ("b", "negative")])
    with pytest.raises(BadDataError, match="Labelled text 2: the text has more tokens than the 512"):
        service.prune([("a", "positive"), ("b " * 600, "negative")])
