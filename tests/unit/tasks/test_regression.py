"""Heads that give numbers: their activation as the author set it, what is shown and explained, passages ranked.

The oracle is transformers' own module; where its pipeline overlooks an author's setting (5.23.0, seen with
sentence-transformers 6.2.0: pipelines/text_classification.py reads problem_type and num_labels alone), a test says so.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from calls import Calls
from captum.attr import LayerIntegratedGradients
from conftest import save_tokenizer, tiny_config
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertForSequenceClassification, pipeline

from bert_demo import BertService, Settings
from bert_demo.core.errors import ChoiceError, MissingHeadError
from bert_demo.views.panels import classification as plots
from bert_demo.views.panels import head_ablation
from bert_demo.views.templates import number
from bert_demo.web.components.reranking import chosen_ranks, ranked_passages
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask

TEXT, OTHER = "the cat sat on the mat", "a dog ran"


@pytest.fixture(scope="module")
def tiny() -> BertService:
    return BertService(Settings(max_steps=2048))


def save(directory: Path, labels: int = 1, **config: Any) -> str:
    save_tokenizer(directory)
    torch.manual_seed(3)
    names = {"id2label": {place: f"LABEL_{place}" for place in range(labels)}}
    BertForSequenceClassification(tiny_config(**names, **config)).save_pretrained(directory)
    return str(directory)


def raw(directory: str, text: str, pair: str | None = None) -> np.ndarray:
    model = AutoModelForSequenceClassification.from_pretrained(directory).eval()
    ids = AutoTokenizer.from_pretrained(directory)(text, pair, return_tensors="pt")
    with torch.inference_mode():
        return model(**ids).logits[0].double().numpy()


def numbers(result: Any) -> dict[str, float]:
    return {each.label: each.score for each in result.labels}


def test_regression_is_its_numbers_as_the_pipeline_has_them(tiny: BertService, tmp_path: Path) -> None:
    for labels in (1, 3):
        place = save(tmp_path / str(labels), labels, problem_type="regression")
        ask = pipeline("text-classification", place, top_k=None)
        expected = {each["label"]: each["score"] for each in ask([TEXT])[0]}
        found = tiny.classify(TEXT, None, place)
        assert numbers(found) == pytest.approx(expected, abs=1e-5) and found.activation == "none"
        assert list(numbers(found).values()) == sorted(numbers(found).values(), reverse=True)


def test_switch_applies_another_activation(tiny: BertService, tmp_path: Path) -> None:
    place = save(tmp_path)
    (number,) = raw(place, TEXT)
    assert numbers(tiny.classify(TEXT, None, place)) == pytest.approx({"LABEL_0": 1 / (1 + np.exp(-number))}, abs=1e-5)
    found = Calls(tiny).classify(TEXT, None, place, "none")
    assert found["labels"][0]["score"] == pytest.approx(number, abs=1e-5)
    with pytest.raises(ChoiceError, match="activation must be one of: none, sigmoid, softmax"):
        tiny.classify(TEXT, None, place, "tanh")


IDENTITY, SIGMOID = "torch.nn.modules.linear.Identity", "torch.nn.modules.activation.Sigmoid"


def written(directory: Path, where: str, value: str) -> None:
    """The activation at one of the three places where sentence-transformers has kept it."""
    config = json.loads((directory / "config.json").read_text())
    if where == "config_sentence_transformers.json":
        (directory / where).write_text(json.dumps({"activation_fn": value, "model_type": "CrossEncoder"}))
        return
    config |= {where: {"activation_fn": value, "version": "4.0.1"} if where == "sentence_transformers" else value}
    (directory / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    "where", ["config_sentence_transformers.json", "sentence_transformers", "sbert_ce_default_activation_function"]
)
def test_activation_of_a_cross_encoder_is_its_authors(tiny: BertService, tmp_path: Path, where: str) -> None:
    """sentence-transformers 6.2.0 writes the first, older ones the others; CrossEncoder.predict then gives the raw
    number, and transformers' pipeline a sigmoid all the same."""
    place = save(tmp_path)
    written(tmp_path, where, IDENTITY)
    (number,) = raw(place, TEXT, OTHER)
    found = tiny.classify(TEXT, OTHER, place)
    assert numbers(found) == pytest.approx({"LABEL_0": number}, abs=1e-5)
    assert "Its author's settings of sentence-transformers say identity" in tiny.model(place).info.description
    theirs = pipeline("text-classification", place)({"text": TEXT, "text_pair": OTHER})["score"]
    assert theirs == pytest.approx(1 / (1 + np.exp(-number)), abs=1e-5), "transformers' pipeline has changed"


def test_sigmoid_of_an_author_goes_before_regression(tiny: BertService, tmp_path: Path) -> None:
    place = save(tmp_path, problem_type="regression")
    written(tmp_path, "config_sentence_transformers.json", SIGMOID)
    (number,) = raw(place, TEXT)
    assert numbers(tiny.classify(TEXT, None, place)) == pytest.approx({"LABEL_0": 1 / (1 + np.exp(-number))}, abs=1e-5)


def test_identity_of_several_labels_says_nothing(tiny: BertService, tmp_path: Path) -> None:
    """CrossEncoder writes it for every model of several labels; the pipeline's softmax stays."""
    place = save(tmp_path, 3)
    written(tmp_path, "config_sentence_transformers.json", IDENTITY)
    assert tiny.classify(TEXT, None, place).activation == "softmax"


def test_number_is_explained_compared_and_ablated(tiny: BertService, tmp_path: Path) -> None:
    place = save(tmp_path, problem_type="regression")
    (number,) = raw(place, TEXT)
    explained = tiny.attribute(TEXT, None, place)
    assert explained.input_output == pytest.approx(number, abs=1e-5) and explained.converged
    assert explained.total == pytest.approx(explained.difference, abs=0.011 * abs(explained.difference) + 1e-5)
    compared = tiny.compare("the cat sat", None, place)
    assert compared.trials[0].curve[0] == pytest.approx(raw(place, "the cat sat")[0], abs=1e-5)
    ablated = tiny.ablate(TEXT, [(0, 0)], None, place)
    assert ablated.labels and ablated.labels[0].labels[0].score == pytest.approx(number, abs=1e-5)
    layers = tiny.attribute_layers(TEXT, None, place)
    assert layers.input_output == pytest.approx(number, abs=1e-5)
    with pytest.raises(ChoiceError, match="gives numbers, not probabilities"):
        tiny.attribute(TEXT, None, place, output="probability")
    with pytest.raises(MissingHeadError, match="gives numbers, not labels"):
        tiny.prune([("the cat", "LABEL_0"), ("a dog", "LABEL_0")], place, 2, 1)


def test_number_is_written_as_a_number(tiny: BertService, tmp_path: Path) -> None:
    place = save(tmp_path, problem_type="regression")
    found = tiny.classify(TEXT, None, place)
    said = " ".join(re.sub(r"<[^>]+>", " ", plots.labels_panel(found)).split())
    assert f"LABEL_0 {found.labels[0].score:+.3f}".replace("-", "\N{MINUS SIGN}") in said and "%" not in said
    assert "Nothing is made of the logits" in said
    ablated = tiny.ablate(TEXT, [(0, 0)], None, place)
    assert ablated.labels
    panel = head_ablation.labels_panel(*ablated.labels, "head 0-0")
    assert "The number changes by" in panel and "%" not in re.sub(r"<[^>]+>", " ", panel)


PASSAGES = ("a dog ran in the house", "ice is good", "the film was very sad")


def test_passages_are_ranked_by_their_raw_number(tiny: BertService, tmp_path: Path) -> None:
    place = save(tmp_path)
    expected = {text: raw(place, TEXT, text)[0] for text in PASSAGES}
    ranking = tiny.rerank(TEXT, PASSAGES, place)
    assert [each.text for each in ranking.passages] == sorted(PASSAGES, key=lambda each: -expected[each])
    for each in ranking.passages:
        assert each.number == pytest.approx(expected[each.text], abs=1e-5) and PASSAGES[each.place] == each.text
        assert each.score == pytest.approx(1 / (1 + np.exp(-each.number)), abs=1e-6)
    several = save(tmp_path / "several", 3)
    assert tiny.rerank(TEXT, PASSAGES, several).target == "LABEL_2"
    first = tiny.rerank(TEXT, PASSAGES, several, "LABEL_0").passages[0]
    assert first.number == pytest.approx(max(raw(several, TEXT, text)[0] for text in PASSAGES), abs=1e-5)
    with pytest.raises(ChoiceError, match="passages must be a list"):
        tiny.rerank(TEXT, "a dog", place)


def test_difference_of_two_passages_closes_its_ledger(tiny: BertService, tmp_path: Path) -> None:
    place = save(tmp_path)
    one, other = PASSAGES[:2]
    found = tiny.attribute_ranking(TEXT, one, other, place)
    assert found.difference == pytest.approx(raw(place, TEXT, one)[0] - raw(place, TEXT, other)[0], abs=1e-5)
    assert found.converged and abs(found.delta) <= 0.01 * abs(found.change) + 1e-5
    answer = Calls(tiny).attribute_ranking(TEXT, one, other, place)
    assert sum(each["score"] for each in answer["words"]) + answer["rest"] == pytest.approx(answer["total"])
    assert [each["part"] for each in answer["words"]] == ["query"] * 6 + ["first"] * 6 + ["second"] * 3
    turned = tiny.attribute_ranking(TEXT, other, one, place)
    assert turned.difference == pytest.approx(-found.difference, abs=1e-6)


def captum_scores(directory: str, query: str, passage: str) -> np.ndarray:
    """captum's Integrated Gradients of the raw number at 1,000 points, special tokens kept in a baseline of padding."""
    model = AutoModelForSequenceClassification.from_pretrained(directory).eval()
    inputs = AutoTokenizer.from_pretrained(directory)(
        query, passage, return_tensors="pt", return_special_tokens_mask=True
    )
    special, ids = inputs.pop("special_tokens_mask").bool(), inputs.pop("input_ids")

    def score(ids: torch.Tensor) -> torch.Tensor:
        return model(input_ids=ids, **{name: each.expand(len(ids), -1) for name, each in inputs.items()}).logits[:, 0]

    scores = LayerIntegratedGradients(score, model.bert.embeddings).attribute(
        ids, torch.where(special, ids, 0), n_steps=1000, internal_batch_size=100
    )
    return scores.sum(-1)[0].detach().double().numpy()


def test_difference_of_two_passages_is_that_of_captums_attributions(tiny: BertService, tmp_path: Path) -> None:
    place = save(tmp_path)
    one, other = PASSAGES[:2]
    found = tiny.attribute_ranking(TEXT, one, other, place, tolerance=1e-4)
    expected = [captum_scores(place, TEXT, passage) for passage in (one, other)]
    assert found.converged
    for attribution, scores in zip((found.first, found.second), expected, strict=True):
        assert attribution.scores == pytest.approx(scores, abs=1e-3 * np.abs(scores).max())
    # Every word of these texts is one token: [CLS], six of the query, [SEP], those of the passage, [SEP].
    first, second = expected
    shares = [*(first[1:7] - second[1:7]), *first[8:14], *-second[8:11]]
    size = max(map(abs, shares))
    assert [each.score for each in found.words] == pytest.approx(shares, abs=2e-3 * size)
    parts = [sum(shares[:6]), sum(shares[6:12]), sum(shares[12:]), first[[0, 7, 14]].sum() - second[[0, 7, 11]].sum()]
    assert list(found.parts) == ["query", "first", "second", "rest"]
    assert list(found.parts.values()) == pytest.approx(parts, abs=5e-3 * size)
    assert sum(found.parts.values()) == pytest.approx(found.total)


def test_two_passages_that_were_clicked_are_compared(tiny: BertService, tmp_path: Path) -> None:
    ask = Ask(TEXT, "", save(tmp_path))
    ranked = tiny.rerank(TEXT, PASSAGES, ask.model).passages
    clicks = [{"place": each.place, "is": each.text} for each in ranked]

    def shown(*picked: dict[str, Any]) -> str:
        panel = ranked_passages(tiny, ask, "\n".join(PASSAGES), {"passages": picked, "turn": 1}, JobProgress())
        return " ".join(re.sub(r"<[^>]+>", " ", panel).split())

    assert chosen_ranks(tiny.rerank(TEXT, PASSAGES, ask.model), None) == (0, 1)
    assert "What lifted passage 1 above passage 2" in shown()
    assert "What lifted passage 1 above passage 3" in shown(clicks[2])
    assert "What lifted passage 2 above passage 3" in shown(clicks[1], clicks[2])
    assert "What lifted passage 2 above passage 3" in shown(clicks[2], clicks[1])
    gone = {"place": 0, "is": "no longer there"}
    assert "What lifted passage 1 above passage 2" in shown(gone, clicks[1])
    found = tiny.attribute_ranking(TEXT, ranked[1].text, ranked[2].text, ask.model)
    said = shown(clicks[1], clicks[2])
    for name, part in zip(("the text", "passage 2", "passage 3"), ("query", "first", "second"), strict=True):
        assert f"words of {name} {number(found.parts[part], 3)}" in said
    assert f"missing {number(found.delta, 5)}" in said


def test_single_passage_has_nothing_to_click(tiny: BertService, tmp_path: Path) -> None:
    panel = ranked_passages(tiny, Ask(TEXT, "", save(tmp_path)), PASSAGES[0], None, JobProgress())
    assert "data-pick" not in panel and "What lifted" not in panel
