"""Every architecture of the family: downloaded from a hub, and every lens answers or says which head is lacking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pytest
from calls import Calls
from examples import in_other_words
from small_hub import COMMIT, small_hub
from test_download import point_to
from tiny_families import CHECKPOINTS, LABELS, Checkpoint, build
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForNextSentencePrediction,
    AutoModelForPreTraining,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    pipeline,
)

from bert_demo import BertService, Settings
from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints import BY_NAME, ENDPOINTS
from bert_demo.core.errors import MissingHeadError

MODELS = [(checkpoint, kind) for checkpoint in CHECKPOINTS for kind in checkpoint.kinds]
NO_PARTS = "there are no parts to show"
NO_STEPS = "The attention of {} is computed in a way of its own"
NOT_SUMMED = ("mobilebert", "roc_bert", "fnet", "esm", "eurobert")
NO_POSITIONS = "no learned vector for each position"
ROTARY = (
    "modernbert",
    "deberta",
    "deberta-v2",
    "eurobert",
    "nomic_bert",
    "gte",
    "jina_embeddings_v3",
    "roformer",
    "esm",
)
NEED_ATTENTION = ("attention", "attention_steps", "head_profiles", "ablate", "head_worth", "prune")
"""What a family cannot show, and the sentence that says so."""
TASKS = {
    "ForSequenceClassification": ("text-classification",),
    "ForMaskedLM": ("fill-mask",),
    "ForNextSentencePrediction": ("next-sentence",),
    "ForPreTraining": ("fill-mask", "next-sentence"),
    "ForTokenClassification": ("token-classification",),
    "ForQuestionAnswering": ("question-answering",),
}
SAID = {
    "text-classification": "has no text-classification head|has no labels",
    "fill-mask": "has no fill-mask head",
    "next-sentence": "has no next-sentence head",
    "token-classification": "has no token-classification head",
    "question-answering": "has no question-answering head",
    "text-classification or token-classification or question-answering": "has no labels",
    "text-classification or fill-mask": "it needs a classification head|has neither labels nor a fill-mask head",
}


class Repositories(dict[str, Path]):
    """A checkpoint of each, by the id that the hub gives it, built when it is asked for."""

    def __init__(self, root: Path) -> None:
        super().__init__({f"tiny/{family.name}-{kind}": root / family.name / kind for family, kind in MODELS})
        self._kinds = {f"tiny/{family.name}-{kind}": (family, kind) for family, kind in MODELS}
        self._lock = Lock()

    def __getitem__(self, name: str) -> Path:
        directory = super().__getitem__(name)
        with self._lock:
            if not directory.exists():
                build(*self._kinds[name], directory)
        return directory

    def get(self, name: str, default: Any = None) -> Any:
        """None for what is not there."""
        return self[name] if name in self else default  # noqa: SIM401  (which would call itself)


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return Repositories(tmp_path_factory.mktemp("families"))


@pytest.fixture(scope="module")
def service(repositories: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[BertService]:
    with small_hub(repositories) as (address, _), pytest.MonkeyPatch.context() as patch:
        point_to(patch, address, tmp_path_factory.mktemp("cache"))
        yield BertService(Settings())


def arguments(family: Checkpoint, service: BertService, model: str, masked: bool) -> dict[str, dict[str, Any]]:
    """A request for every endpoint in the family's own words: by hand for those of 0.3.0, for others what their rows
    give as examples."""
    mask = service.mask_token(model)
    (start, end), *_ = service.words(family.texts[0], model)
    word = family.texts[0][start:end]
    own = frozen_arguments(family.texts, mask, word, masked)
    return own | {
        endpoint.name: in_other_words(endpoint, family.texts, mask, word)
        | ({"other": model} if "other" in endpoint.request.model_fields else {})
        for endpoint in ENDPOINTS
        if endpoint.name not in own and "model" in endpoint.request.model_fields
    }


def frozen_arguments(texts: tuple[str, str, str], mask: str, word: str, masked: bool) -> dict[str, dict[str, Any]]:
    first, second, third = texts
    blank = f"{second} {mask}"
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
        "zero_shot": {"text": first, "labels": [second, third], "entailment": "high"},
    }


def rows_for(kind: str, texts: tuple[str, str, str]) -> list[list[str | int]]:
    """What `evaluate` reads: tags of a model of entities, passages with answers, else labels."""
    first, second, third = texts
    if "token-classification" in TASKS[kind]:
        return [[text, " ".join("O" for _ in text.split())] for text in texts]
    return (
        [[first, second, third], [second, first]] if "question-answering" in TASKS[kind] else [[first, 1], [second, 0]]
    )


def lacking(endpoint: Endpoint, family: Checkpoint, kind: str) -> str | None:
    """What a checkpoint says that it lacks for an endpoint, None where it must answer."""
    head = None
    if endpoint.needs and not set(endpoint.needs) & set(TASKS[kind]):
        head = SAID[" or ".join(endpoint.needs)]
    if family.name == "fnet" and endpoint.name in NEED_ATTENTION:
        return f"FNet has no attention|{head}"  # whichever is looked at first
    if head:
        return head
    if endpoint.name == "attention_steps" and not family.family.attention_interface:
        return NO_STEPS.format(family.family.prefix)
    if endpoint.name == "positions" and family.name in ROTARY:
        return NO_POSITIONS
    return NO_PARTS if endpoint.name == "first_states" and family.name in NOT_SUMMED else None


def named(checkpoint: tuple[Checkpoint, str]) -> str:
    return f"{checkpoint[0].name}-{checkpoint[1]}"


@pytest.mark.parametrize("checkpoint", MODELS, ids=named)
def test_every_lens_answers_or_says_which_head_is_lacking(
    checkpoint: tuple[Checkpoint, str], service: BertService
) -> None:
    family, kind = checkpoint
    model = f"tiny/{named(checkpoint)}"
    api = Calls(service)
    requests = arguments(family, service, model, "fill-mask" in TASKS[kind])
    requests["evaluate"] = {"rows": rows_for(kind, family.texts)}
    for name, request in requests.items():
        lack = lacking(BY_NAME[name], family, kind)
        if lack is None:
            assert getattr(api, name)(**request, model=model)
        else:
            with pytest.raises(MissingHeadError, match=lack):
                getattr(api, name)(**request, model=model)
    info = service.describe(model)
    assert (info.tasks, info.revision, info.source) == (TASKS[kind], COMMIT, model)


@pytest.mark.parametrize("family", CHECKPOINTS, ids=lambda family: family.name)
def test_labels_and_attention_are_those_of_transformers(
    family: Checkpoint, service: BertService, repositories: dict[str, Path]
) -> None:
    model, (first, second, _) = f"tiny/{family.name}-ForSequenceClassification", family.texts
    directory = repositories[model]
    oracle = AutoModelForSequenceClassification.from_pretrained(directory, attn_implementation="eager").eval()
    if family.name == "xmod":
        oracle.set_default_language("en_XX")
    tokenizer = AutoTokenizer.from_pretrained(directory)
    if family.name in ("albert", "rembert", "big_bird", "roc_bert"):  # 5.23.0 leaves their segments out, 4.57.1 did not
        tokenizer.model_input_names = ["input_ids", "token_type_ids", "attention_mask"]
    ask = pipeline("text-classification", model=oracle, tokenizer=tokenizer, top_k=None)
    for text, pair in ((first, None), (first, second)):
        expected = {each["label"]: each["score"] for each in ask({"text": text, "text_pair": pair})}
        found = {each.label: each.score for each in service.classify(text, pair, model).labels}
        assert found == pytest.approx(expected, abs=1e-5)
        assert len({round(score, 4) for score in found.values()}) == len(LABELS)
        ids = tokenizer(text, pair, return_tensors="pt")
        assert [token.id for token in service.model(model).encode(text, pair).tokens] == ids["input_ids"][0].tolist()
        if family.name == "fnet":
            continue
        weights = np.stack([layer[0].detach() for layer in oracle(**ids, output_attentions=True).attentions])
        if family.name == "squeezebert":  # its attentions are the scores before the softmax
            weights = np.exp(weights) / np.exp(weights).sum(-1, keepdims=True)
        assert np.allclose(service.attention(text, pair, model).weights, weights, atol=1e-6)
    explained = service.attribute(first, model=model)
    change = explained.input_output - explained.baseline_output
    assert sum(explained.scores) == pytest.approx(change, abs=0.011 * abs(change) + 1e-3)
    layers = service.attribute_layers(first, model=model)
    sums = layers.scores.sum(1)[np.array(layers.converged)]
    assert len(layers.scores) == service.describe(model).layers + 1 and len(sums) >= 3
    assert np.allclose(sums, change, atol=0.02 * abs(change) + 2e-3)


@pytest.mark.parametrize("family", CHECKPOINTS, ids=lambda family: family.name)
def test_fillings_are_those_of_transformers(
    family: Checkpoint, service: BertService, repositories: dict[str, Path]
) -> None:
    model = f"tiny/{family.name}-ForMaskedLM"
    oracle = AutoModelForMaskedLM.from_pretrained(repositories[model]).eval()
    if family.name == "xmod":
        oracle.set_default_language("en_XX")
    tokenizer = AutoTokenizer.from_pretrained(repositories[model])
    text = f"{family.texts[1]} {tokenizer.mask_token}"
    ask = pipeline("fill-mask", model=oracle, tokenizer=tokenizer, top_k=4)
    expected = [(each["token"], each["token_str"]) for each in ask(text)]
    found = service.fill_mask(text, model, 4).slots[0].candidates
    assert [(each.token, each.token_str) for each in found] == expected
    assert [each.score for each in found] == pytest.approx([each["score"] for each in ask(text)], abs=1e-5)


@pytest.mark.parametrize("family", CHECKPOINTS, ids=lambda family: family.name)
def test_labels_of_tokens_are_those_of_transformers(
    family: Checkpoint, service: BertService, repositories: dict[str, Path]
) -> None:
    model, text = f"tiny/{family.name}-ForTokenClassification", family.texts[0]
    oracle = AutoModelForTokenClassification.from_pretrained(repositories[model]).eval()
    if family.name == "xmod":
        oracle.set_default_language("en_XX")
    ids = AutoTokenizer.from_pretrained(repositories[model])(text, return_tensors="pt")
    expected = oracle(**ids).logits[0].detach().softmax(-1).numpy()
    assert service.entities(text, model, "none").probabilities == pytest.approx(expected, abs=1e-5)
    explained = service.attribute_entity(text, 0, 3, "high", model=model)
    change = explained.input_output - explained.baseline_output
    assert sum(explained.scores) == pytest.approx(change, abs=0.011 * abs(change) + 1e-3)


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


def test_every_endpoint_that_names_a_model_is_asked(service: BertService) -> None:
    asked = arguments(CHECKPOINTS[0], service, "tiny/bert-ForMaskedLM", True)
    assert set(asked) == {each.name for each in ENDPOINTS if "model" in each.request.model_fields}
