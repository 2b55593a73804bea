"""Entities against the pipeline of transformers 5.23.0, and where that is wrong, against what is right.

What is wrong there stands in transformers/pipelines/token_classification.py; each test names the function.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from calls import Calls
from conftest import TAGS, save_tokenizer, tiny_config
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    BertForTokenClassification,
    BertTokenizer,
    pipeline,
)

from bert_demo import BertService, Settings
from bert_demo.cli.main import main
from bert_demo.core.errors import ChoiceError, MissingHeadError, TextError
from bert_demo.core.validation import AGGREGATIONS
from bert_demo.results.entities import EntityReading
from bert_demo.tasks.entities import best_window, words_of

TEXT = "the cat playing in houses , a dog sats on the mats . playings !"


@pytest.fixture(scope="module")
def tiny() -> BertService:
    return BertService(Settings(max_steps=64))


def pipeline_entities(directory: str, text: str, aggregation: str) -> list[tuple[str, int, int]]:
    return [each[:3] for each in scored(directory, text, aggregation)]


def scored(directory: str, text: str, aggregation: str) -> list[tuple[str, int, int, float]]:
    ask = pipeline("token-classification", directory, aggregation_strategy=aggregation)
    key = "entity" if aggregation == "none" else "entity_group"
    return [(each[key], each["start"], each["end"], float(each["score"])) for each in ask(text)]


def found(reading: EntityReading) -> list[tuple[str, int, int]]:
    return [(each.type, each.start, each.end) for each in reading.entities]


@pytest.mark.parametrize("aggregation", ["none", "simple", "first", "max"])
def test_entities_are_those_of_the_pipeline(tiny: BertService, tiny_tagger: str, aggregation: str) -> None:
    expected = scored(tiny_tagger, TEXT, aggregation)
    reading = tiny.entities(TEXT, tiny_tagger, aggregation)
    assert found(reading) == [each[:3] for each in expected] and len(expected) >= 3
    assert [each.score for each in reading.entities] == pytest.approx([each[3] for each in expected], abs=1e-5)


def tagger(directory: Path, labels: tuple[str, ...], rows: dict[str, dict[str, float]], tokenizer: Any = None) -> str:
    """A model whose probabilities are those of `rows`, by piece and label; any other piece is the first label. Its
    layers do next to nothing, so that what stands beside a piece does not matter."""
    if tokenizer is None:
        save_tokenizer(directory)
        tokenizer = AutoTokenizer.from_pretrained(directory)
    else:
        tokenizer.save_pretrained(directory)
    size = len(tokenizer)
    config = tiny_config(id2label=dict(enumerate(labels)))
    config.vocab_size, config.hidden_size, config.num_attention_heads = size, 64, 2
    config.num_hidden_layers = 2
    torch.manual_seed(0)
    model = BertForTokenClassification(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "layer." in name and "LayerNorm" not in name:
                weight.mul_(1e-3)
            if "position_embeddings" in name or "token_type" in name:
                weight.zero_()
        ids = torch.arange(size)[:, None]
        states = model.bert(input_ids=ids).last_hidden_state[:, 0].double()
        wanted = torch.full((size, len(labels)), -9.0, dtype=torch.float64)
        wanted[:, 0] = 0.0
        for piece, shares in rows.items():
            number = tokenizer.convert_tokens_to_ids(piece)
            wanted[number] = torch.tensor([np.log(shares.get(label, 1e-6)) for label in labels])
        states = torch.cat((states, torch.ones(size, 1)), 1)
        solved = torch.linalg.lstsq(states, wanted).solution.T
        model.classifier.weight.copy_(solved[:, :-1])
        model.classifier.bias.copy_(solved[:, -1])
    model.save_pretrained(directory)
    return str(directory)


LOC = {"B-LOC": 0.03, "I-LOC": 0.6, "O": 0.37}
BEGINS = {"B-LOC": 0.6, "I-LOC": 0.03, "O": 0.37}
SPLIT = ("O", "B-LOC", "I-LOC")


def test_average_takes_begin_and_inside_of_one_type_for_one(tiny: BertService, tmp_path: Path) -> None:
    """`aggregate_word` averages the labels apart: of a word of three pieces, each 0.6 sure of its type, B-LOC has
    0.22, I-LOC 0.41 and O 0.37; with 0.45 each and O at 0.5 no label of the type would be left."""
    rows = {"play": BEGINS, "##ing": LOC, "##s": LOC}
    model = tagger(tmp_path, SPLIT, rows)
    (word,) = tiny.entities("playings", model, "average").entities
    assert (word.type, word.start, word.end) == ("LOC", 0, 8)
    assert word.score == pytest.approx((0.6 + 2 * 0.63) / 3, abs=2e-3)
    (theirs,) = scored(model, "playings", "average")
    assert theirs[3] == pytest.approx((0.03 + 2 * 0.6) / 3, abs=2e-3), "transformers' pipeline has changed"


def test_average_finds_the_word_that_the_pipeline_loses(tiny: BertService, tmp_path: Path) -> None:
    """Three pieces, each 0.55 sure of its type against 0.45 for none: lost by `aggregate_word`."""
    sure = {"B-LOC": 0.005, "I-LOC": 0.545, "O": 0.45}
    model = tagger(tmp_path, SPLIT, {"play": {"B-LOC": 0.55, "O": 0.45}, "##ing": sure, "##s": sure})
    assert [each.type for each in tiny.entities("a playings", model, "average").entities] == ["LOC"]
    assert scored(model, "a playings", "average") == [], "transformers' pipeline has changed"


@pytest.mark.parametrize("aggregation", ["first", "average", "max", "simple", "none"])
def test_average_of_flat_labels_is_that_of_the_pipeline(tiny: BertService, tmp_path: Path, aggregation: str) -> None:
    save_tokenizer(tmp_path)
    torch.manual_seed(4)
    BertForTokenClassification(tiny_config(id2label={0: "O", 1: "PER", 2: "LOC"})).save_pretrained(tmp_path)
    expected = scored(str(tmp_path), TEXT, aggregation)
    reading = tiny.entities(TEXT, str(tmp_path), aggregation)
    assert found(reading) == [each[:3] for each in expected] and expected
    assert [each.score for each in reading.entities] == pytest.approx([each[3] for each in expected], abs=1e-5)


def test_words_end_where_the_tokenizer_ends_them(tiny: BertService, tmp_path: Path) -> None:
    """`gather_pre_entities` tells a piece of a word by comparing lengths: a decomposed accent makes the word a part of
    the one before it, whose label it then gets."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*special, "in", "munchen", "a", "."]
    tokenizer = BertTokenizer(vocab={word: place for place, word in enumerate(words)}, model_max_length=32)
    model = tagger(tmp_path, SPLIT, {"munchen": {"B-LOC": 0.95, "O": 0.05}}, tokenizer)
    decomposed = "in Mu\u0308nchen"
    assert found(tiny.entities(decomposed, model)) == [("LOC", 3, 11)]
    assert found(tiny.entities("in M\u00fcnchen", model)) == [("LOC", 3, 10)]
    assert pipeline_entities(model, decomposed, "first") == [], "transformers' pipeline has changed"
    assert pipeline_entities(model, "in M\u00fcnchen", "first") == [("LOC", 3, 10)]


def test_labels_with_hyphens_are_two(tiny: BertService, tmp_path: Path) -> None:
    """`group_sub_entities` cuts a label at its first hyphen: both are CARD there."""
    labels = ("O", "PHONE-CARD", "CREDIT-CARD")
    model = tagger(tmp_path, labels, {"cat": {"PHONE-CARD": 0.9, "O": 0.1}, "dog": {"CREDIT-CARD": 0.9, "O": 0.1}})
    text = "the cat . dog"
    assert [each.type for each in tiny.entities(text, model).entities] == ["PHONE-CARD", "CREDIT-CARD"]
    assert {each[0] for each in pipeline_entities(model, text, "first")} == {"CARD"}, "transformers has changed"


def test_long_text_is_read_whole(tiny: BertService, tmp_path: Path) -> None:
    """`preprocess` truncates at model_max_length without a word where no stride is given: the end is never read."""
    model = tagger(tmp_path, SPLIT, {"ice": {"B-LOC": 0.9, "O": 0.1}})
    text = "the cat sat " * 30 + "ice ."
    reading = tiny.entities(text, model)
    assert found(reading) == [("LOC", 360, 363)] and reading.windows > 3
    assert pipeline_entities(model, text, "first") == [], "transformers' pipeline has changed"


def test_word_at_the_edge_of_a_window_is_read_whole(tiny: BertService, tiny_tagger: str) -> None:
    text = "the cat playings " * 20
    model = tiny.model(tiny_tagger)
    encoding = model.encode(text)
    reading = tiny.entities(text, tiny_tagger, "none")
    oracle = AutoModelForTokenClassification.from_pretrained(tiny_tagger).eval()
    ids = torch.tensor([[token.id for token in encoding.tokens]])
    for word in words_of(encoding.tokens):
        window = best_window(encoding, word)
        assert window is not None and set(word) <= set(encoding.windows[window])
        positions = list(encoding.windows[window])
        with torch.inference_mode():
            expected = oracle(input_ids=ids[:, positions]).logits[0].softmax(-1).numpy()
        rows = [positions.index(place) for place in word]
        assert reading.probabilities[list(word)] == pytest.approx(expected[rows], abs=1e-5)
    cut = [
        window
        for window in encoding.windows
        if encoding.tokens[window[-2]].word == encoding.tokens[window[-2] + 1].word
    ]
    assert cut, "no word lies on the edge of a window: the test proves nothing"


def test_truth_is_judged(tiny: BertService, tmp_path: Path) -> None:
    model = tagger(tmp_path, TAGS, {"cat": {"B-PER": 0.9, "O": 0.1}, "dog": {"B-LOC": 0.9, "O": 0.1}})
    api = Calls(tiny)
    answer = api.entities(
        "the cat sat , a dog ran on ice", model, truth=[["PER", "cat"], ["PER", "dog"], ["LOC", "ice"]]
    )
    assert [each["outcome"] for each in answer["judgements"]] == ["right", "wrong type", "missed"]
    assert (answer["precision"], answer["recall"]) == pytest.approx((1 / 2, 1 / 3))
    assert answer["f1"] == pytest.approx(2 / 5)
    with pytest.raises(TextError, match="has no 'moon' behind"):
        tiny.entities("the cat", model, truth=[["PER", "moon"]])
    with pytest.raises(ChoiceError, match="list of pairs"):
        tiny.entities("the cat", model, truth=["PER"])


def test_model_without_the_head_says_so(tiny: BertService, tiny_classifier: str) -> None:
    with pytest.raises(MissingHeadError, match=r"has no token-classification head .*Choose a model that labels words"):
        tiny.entities("the cat", tiny_classifier)
    with pytest.raises(MissingHeadError, match="has no token-classification head"):
        tiny.attribute_entity("the cat", 0, 3, model=tiny_classifier)


@pytest.mark.parametrize("pieces", ["first", "all"])
def test_entity_attributions_share_out_the_log_probability(tiny: BertService, tiny_tagger: str, pieces: str) -> None:
    """F(text) by transformers; the ledger closes; the difference of two types is that of their ledgers."""
    text = "the cat playing ."
    oracle = AutoModelForTokenClassification.from_pretrained(tiny_tagger).eval()
    ids = AutoTokenizer.from_pretrained(tiny_tagger)(text, return_tensors="pt")
    with torch.inference_mode():
        shares = oracle(**ids).logits[0].double().softmax(-1).numpy()
    rows = [2, 3] if pieces == "first" else [2, 3, 4]
    levels = {
        "O": np.log(shares[rows, 0]).mean(),
        "PER": np.log(shares[rows, 1:3].sum(-1)).mean(),
        "LOC": np.log(shares[rows, 3:5].sum(-1)).mean(),
    }
    for target, level in levels.items():
        alone = tiny.attribute_entity(text, 4, 15, target, None, pieces, tiny_tagger)
        assert alone.input_output == pytest.approx(level, abs=1e-5) and alone.converged
        assert alone.total == pytest.approx(alone.difference, abs=0.011 * abs(alone.difference) + 1e-3)
        assert (alone.target, alone.output) == (target, "log-probability")
    ranked = sorted(levels, key=lambda each: -levels[each])
    against = tiny.attribute_entity(text, 4, 15, None, "runner-up", pieces, tiny_tagger)
    assert against.target == f"{ranked[0]} \N{MINUS SIGN} {ranked[1]}" and against.output == "log-probabilities"
    assert against.input_output == pytest.approx(levels[ranked[0]] - levels[ranked[1]], abs=1e-5)


def test_entity_attributions_are_captums(tiny: BertService, tiny_tagger: str) -> None:
    from captum.attr import LayerIntegratedGradients

    text = "a dog sat"
    oracle = AutoModelForTokenClassification.from_pretrained(tiny_tagger).eval()
    ids = AutoTokenizer.from_pretrained(tiny_tagger)(text, return_tensors="pt")["input_ids"]
    baseline = ids.clone()
    baseline[0, 1:-1] = 0

    def score(inputs: torch.Tensor) -> torch.Tensor:
        return oracle(inputs).logits[:, 2].log_softmax(-1)[:, 1:3].logsumexp(-1)

    method = LayerIntegratedGradients(score, oracle.bert.embeddings)
    expected = method.attribute(ids, baseline, n_steps=400).sum(-1)[0].detach().numpy()
    result = tiny.attribute_entity(text, 2, 5, "PER", model=tiny_tagger, steps=64)
    assert result.scores == pytest.approx(expected, abs=5e-3)


def test_entity_is_explained_in_its_window(tiny: BertService, tiny_tagger: str) -> None:
    text = "the cat sat on . " * 12 + "a dog ran ."
    start = text.index("dog")
    result = tiny.attribute_entity(text, start, start + 3, model=tiny_tagger)
    model = tiny.model(tiny_tagger)
    assert len(result.tokens) == model.info.limit and result.converged
    assert "dog" in [each.text for each in result.words]
    with pytest.raises(ChoiceError, match="no word of the text between"):
        tiny.attribute_entity("the cat ", 7, 8, model=tiny_tagger)
    with pytest.raises(ChoiceError, match="one of the types of this model: PER, LOC, O"):
        tiny.attribute_entity("the cat", 0, 3, "ORG", model=tiny_tagger)


def test_commands_print_entities(tiny: BertService, tiny_tagger: str, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr("bert_demo.service.bert_service.BertService", lambda settings: tiny)
    assert main(["entities", TEXT, "--model", tiny_tagger, "--truth", "PER/cat"]) == 0
    out = capsys.readouterr().out
    reading = tiny.entities(TEXT, tiny_tagger)
    assert all(f"{each.score:.4f}" in out for each in reading.entities)
    assert all(choice in AGGREGATIONS for choice in ("first", "average", "max", "simple", "none"))
