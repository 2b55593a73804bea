"""Every architecture of the family: downloaded from a hub, and every lens answers or says which head is lacking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_hub import COMMIT, small_hub
from test_download import point_to
from tiny_families import FAMILIES, LABELS, Family, build
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForNextSentencePrediction,
    AutoModelForPreTraining,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    pipeline,
)

from bert_demo import BertService, Settings
from bert_demo.api import ENDPOINTS, Api
from bert_demo.errors import MissingHeadError

CHECKPOINTS = [(family, kind) for family in FAMILIES for kind in family.kinds]
NEEDS = {
    "text-classification": ("classify", "attribute", "attribute_layers", "compare", "what_if", "prune"),
    "fill-mask": (
        "fill_mask", "fill_jointly", "score_candidates", "compare_blanks", "prefer", "surprises", "layer_guesses",
        "attribute_mask",
    ),
    "next-sentence": ("next_sentence", "next_sentence_baseline"),
    "text-classification or fill-mask": ("ablate", "head_worth"),
}  # fmt: skip
"""Endpoints that need a head; all others answer for every model."""
TASKS = {
    "ForSequenceClassification": ("text-classification",),
    "ForMaskedLM": ("fill-mask",),
    "ForNextSentencePrediction": ("next-sentence",),
    "ForPreTraining": ("fill-mask", "next-sentence"),
}
SAID = {
    "text-classification": "has no text-classification head|has no labels",
    "fill-mask": "has no fill-mask head",
    "next-sentence": "has no next-sentence head",
    "text-classification or fill-mask": "it needs a classification head|has neither labels nor a fill-mask head",
}


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A checkpoint of each, by the id that the hub gives it."""
    root = tmp_path_factory.mktemp("families")
    found = {}
    for family, kind in CHECKPOINTS:
        found[f"tiny/{family.name}-{kind}"] = root / family.name / kind
        build(family, kind, root / family.name / kind)
    return found


@pytest.fixture(scope="module")
def service(repositories: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[BertService]:
    with small_hub(repositories) as (address, _), pytest.MonkeyPatch.context() as patch:
        point_to(patch, address, tmp_path_factory.mktemp("cache"))
        yield BertService(Settings())


def arguments(family: Family, service: BertService, model: str, masked: bool) -> dict[str, dict[str, Any]]:
    """A request for every endpoint in the family's own words."""
    first, second, third = family.texts
    mask = service.mask_token(model)
    (start, end), *_ = service.words(first, model)
    word, blank = first[start:end], f"{second} {mask}"
    text = {"text": first}
    either = {"text": blank if masked else first}
    return {
        "classify": {"text": first, "pair": second},
        "fill_mask": {"text": blank},
        "fill_jointly": {"text": f"{blank} {mask}"},
        "score_candidates": {"text": blank, "candidates": [word]},
        "compare_blanks": {"first": blank, "second": f"{mask} {third}"},
        "prefer": {"first": first, "second": second},
        "surprises": text,
        "layer_guesses": text,
        "attention": {"text": first, "pair": second},
        "attribute": text,
        "attribute_mask": {"text": blank, "candidate": word},
        "attribute_layers": text,
        "compare": text,
        "what_if": {"text": first, "word": 0},
        "attention_steps": {"text": first, "query": 1},
        "head_profiles": text,
        "ablate": either | {"heads": [[0, 0], [2, 1]]},
        "head_worth": either,
        "prune": {"rows": [[first, "low"], [second, "high"]], "points": 2, "orders": 1},
        "pieces": text,
        "contexts": {"word": word, "texts": [first, f"{first} {second}"]},
        "positions": {},
        "first_states": {"text": first, "pair": second},
        "similarity": {"texts": [first, second]},
        "features": text,
        "next_sentence": {"first": first, "second": second},
        "next_sentence_baseline": {},
    }


def lacking(endpoint: str, family: Family, kind: str) -> str | None:
    """What a checkpoint says that it lacks for an endpoint, None where it must answer."""
    for need, endpoints in NEEDS.items():
        if endpoint in endpoints:
            return None if set(need.split(" or ")) & set(TASKS[kind]) else SAID[need]
    return "there are no parts to show" if (endpoint, family.name) == ("first_states", "mobilebert") else None


def named(checkpoint: tuple[Family, str]) -> str:
    return f"{checkpoint[0].name}-{checkpoint[1]}"


@pytest.mark.parametrize("checkpoint", CHECKPOINTS, ids=named)
def test_every_lens_answers_or_says_which_head_is_lacking(checkpoint: tuple[Family, str], service: BertService) -> None:
    family, kind = checkpoint
    model = f"tiny/{named(checkpoint)}"
    api = Api(lambda: service)
    requests = arguments(family, service, model, "fill-mask" in TASKS[kind])
    assert set(requests) == set(ENDPOINTS) - {"models"}
    for endpoint, request in requests.items():
        lack = lacking(endpoint, family, kind)
        if lack is None:
            assert getattr(api, endpoint)(**request, model=model)
        else:
            with pytest.raises(MissingHeadError, match=lack):
                getattr(api, endpoint)(**request, model=model)
    info = service.describe(model)
    assert (info.tasks, info.revision, info.source) == (TASKS[kind], COMMIT, model)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_labels_and_attention_are_those_of_transformers(
    family: Family, service: BertService, repositories: dict[str, Path]
) -> None:
    model, (first, second, _) = f"tiny/{family.name}-ForSequenceClassification", family.texts
    directory = repositories[model]
    oracle = AutoModelForSequenceClassification.from_pretrained(directory, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(directory)
    ask = pipeline("text-classification", model=oracle, tokenizer=tokenizer, top_k=None)
    for text, pair in ((first, None), (first, second)):
        expected = {each["label"]: each["score"] for each in ask({"text": text, "text_pair": pair})}
        found = {each.label: each.score for each in service.classify(text, pair, model).labels}
        assert found == pytest.approx(expected, abs=1e-5)
        assert len({round(score, 4) for score in found.values()}) == len(LABELS)
        ids = tokenizer(text, pair, return_tensors="pt")
        weights = np.stack([layer[0].detach() for layer in oracle(**ids, output_attentions=True).attentions])
        shown = service.attention(text, pair, model)
        assert np.allclose(shown.weights, weights, atol=1e-6)
        assert [token.id for token in shown.tokens] == ids["input_ids"][0].tolist()
    explained = service.attribute(first, model=model)
    change = explained.input_output - explained.baseline_output
    assert sum(explained.scores) == pytest.approx(change, abs=0.011 * abs(change) + 1e-3)
    layers = service.attribute_layers(first, model=model)
    sums = layers.scores.sum(1)[np.array(layers.converged)]
    assert len(layers.scores) == len(weights) + 1 and len(sums) >= 3
    assert np.allclose(sums, change, atol=0.02 * abs(change) + 2e-3)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_fillings_are_those_of_transformers(
    family: Family, service: BertService, repositories: dict[str, Path]
) -> None:
    model = f"tiny/{family.name}-ForMaskedLM"
    oracle = AutoModelForMaskedLM.from_pretrained(repositories[model]).eval()
    tokenizer = AutoTokenizer.from_pretrained(repositories[model])
    text = f"{family.texts[1]} {tokenizer.mask_token}"
    ask = pipeline("fill-mask", model=oracle, tokenizer=tokenizer, top_k=4)
    expected = [(each["token"], each["token_str"]) for each in ask(text)]
    found = service.fill_mask(text, model, 4).slots[0].candidates
    assert [(each.token, each.token_str) for each in found] == expected
    assert [each.score for each in found] == pytest.approx([each["score"] for each in ask(text)], abs=1e-5)


@pytest.mark.parametrize(
    ("name", "loader"),
    [
        ("bert-ForNextSentencePrediction", AutoModelForNextSentencePrediction),
        ("mobilebert-ForNextSentencePrediction", AutoModelForNextSentencePrediction),
        ("bert-ForPreTraining", AutoModelForPreTraining),
        ("mobilebert-ForPreTraining", AutoModelForPreTraining),
    ],
)
def test_next_sentences_are_those_of_transformers(
    name: str, loader: Any, service: BertService, repositories: dict[str, Path]
) -> None:
    directory = repositories[f"tiny/{name}"]
    ids = AutoTokenizer.from_pretrained(directory)("a good film", "the dog ran", return_tensors="pt")
    output = loader.from_pretrained(directory).eval()(**ids)
    logits = output.seq_relationship_logits if "seq_relationship_logits" in output else output.logits
    found = service.next_sentence("a good film", "the dog ran", f"tiny/{name}")
    assert [found.is_next, found.not_next] == pytest.approx(logits[0].softmax(-1).tolist(), abs=1e-5)


def test_what_follows_a_space_is_a_word(service: BertService) -> None:
    """Byte pairs and unigrams write the space into the word; a candidate typed without it is meant with it."""
    for name in ("roberta", "xlm-roberta", "camembert", "albert"):
        mask = service.mask_token(f"tiny/{name}-ForMaskedLM")
        found = service.fill_mask(f"a good {mask}", f"tiny/{name}-ForMaskedLM", candidates=["film"]).slots[0]
        whole = service.fill_mask(f"a good {mask}", f"tiny/{name}-ForMaskedLM", top_k=90).slots[0]
        written = {each.token: (each.score, each.sequence) for each in whole.candidates}
        assert written[found.candidates[0].token][0] == pytest.approx(found.candidates[0].score)
        assert found.candidates[0].sequence == "a good film"
