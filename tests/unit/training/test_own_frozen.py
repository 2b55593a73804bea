"""Frozen features are scikit-learn on features made by hand, and a plain model of transformers answers the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from own_jobs import TOKEN, request_of, sentences, trained
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from tiny_families import CHECKPOINTS, build
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from bert_demo import BertService, Settings
from bert_demo.core.errors import ChoiceError
from bert_demo.core.training_place import model_name
from bert_demo.training.own import frozen


def by_hand(start: str, texts: list[str], layer: int, pooling: str) -> np.ndarray:
    """Text by text, with the whole encoder: behind a layer the first state, or the normalised mean over all tokens."""
    tokenizer, model = AutoTokenizer.from_pretrained(start), AutoModel.from_pretrained(start).eval()
    found = []
    for text in texts:
        with torch.no_grad():
            states = model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states
        state = states[layer + 1 if layer >= 0 else -1][0].double().numpy()
        mean = state.mean(0) - state.mean()
        found.append(state[0] if pooling == "cls" else mean / np.sqrt((mean**2).mean()))
    return np.stack(found)


def answers_of(directory: Path, texts: list[str]) -> np.ndarray:
    """Logits of plain transformers."""
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForSequenceClassification.from_pretrained(directory).eval()
    with torch.no_grad():
        return np.concatenate([model(**tokenizer(text, return_tensors="pt")).logits.numpy() for text in texts])


@pytest.mark.parametrize(("layer", "pooling"), [(-1, "mean"), (0, "mean"), (-1, "cls"), (0, "cls")])
def test_frozen_features_are_scikit_learn_by_hand(tmp_path: Path, tiny_masked: str, layer: int, pooling: str) -> None:
    job, files = trained(tmp_path, tiny_masked, "frozen", layer=layer, pooling=pooling)
    assert (job.state, job.sentence, job.model) == ("done", "", model_name(TOKEN))
    request = files.request()
    texts = [text for text, _ in request.rows]
    features = by_hand(tiny_masked, texts, layer, pooling)
    train, test = list(request.parts.train), list(request.parts.test)
    strength = float(job.epochs[job.best - 1].tried.removeprefix("C = "))
    scaler = StandardScaler().fit(features[train])
    labels = np.array([label for _, label in request.rows])
    oracle = LogisticRegression(C=strength, max_iter=5000).fit(scaler.transform(features[train]), labels[train])
    expected = oracle.predict_proba(scaler.transform(features[test]))
    logits = torch.from_numpy(answers_of(files.model, [texts[row] for row in test]))
    assert np.allclose(logits.softmax(-1).numpy(), expected, atol=1e-4)
    assert oracle.classes_.tolist() == ["cat", "dog"]
    curve = job.learning_curve
    assert [each.rows for each in curve] == [round(share * len(train)) for share in (0.25, 0.5, 1.0)]
    assert curve[-1].score == pytest.approx(job.epochs[job.best - 1].score)
    assert job.test is not None and job.test.score.value == oracle.score(scaler.transform(features[test]), labels[test])


@pytest.mark.parametrize("kind", ["several", "number"])
def test_several_labels_and_numbers_are_scikit_learn(tmp_path: Path, tiny_masked: str, kind: str) -> None:
    job, files = trained(tmp_path, tiny_masked, "frozen", kind)
    assert job.state == "done", job.sentence
    request = files.request()
    texts = [text for text, _ in request.rows]
    features = by_hand(tiny_masked, texts, -1, "mean")
    train, test = list(request.parts.train), list(request.parts.test)
    scaler = StandardScaler().fit(features[train])
    ready = scaler.transform(features)
    logits = answers_of(files.model, [texts[row] for row in test])
    tried = float(job.epochs[job.best - 1].tried.rpartition(" ")[2])
    if kind == "number":
        truth = np.array([float(label) for _, label in request.rows])
        expected = Ridge(alpha=tried).fit(ready[train], truth[train]).predict(ready[test])
        assert np.allclose(logits[:, 0], expected, atol=1e-3)
        return
    names = [each.label for each in request.plan.labels]
    assert names == ["bad", "cat", "good", "happy"]
    for place, name in enumerate(names):
        truth = np.array([name in label.split(";") for _, label in request.rows])
        oracle = LogisticRegression(C=tried, max_iter=5000).fit(ready[train], truth[train])
        expected = oracle.predict_proba(ready[test])[:, 1]
        assert np.allclose(1 / (1 + np.exp(-logits[:, place])), expected, atol=1e-4)


def test_made_model_answers_in_every_lens(tmp_path: Path, tiny_masked: str) -> None:
    job, files = trained(tmp_path, tiny_masked, "frozen")
    service = BertService(Settings(cache_dir=str(tmp_path)))
    text = files.request().rows[0][0]
    info = service.describe(job.model)
    assert (info.labels, info.tasks, info.source, info.layers) == (
        ("cat", "dog"),
        ("text-classification",),
        "trained here",
        3,
    )
    found = {each.label: each.score for each in service.classify(text, model=job.model).labels}
    logits = torch.from_numpy(answers_of(files.model, [text]))[0].softmax(-1).tolist()
    assert found == pytest.approx(dict(zip(("cat", "dog"), logits, strict=True)), abs=1e-5)
    weights = service.attention(text, model=job.model).weights
    count = weights.shape[-1]
    assert np.allclose(weights[2], 1 / count, atol=1e-6)  # the layer that makes the mean
    explained = service.attribute(text, model=job.model)
    change = explained.input_output - explained.baseline_output
    assert sum(explained.scores) == pytest.approx(change, abs=0.011 * abs(change) + 1e-3)


def test_same_seed_gives_the_same_bytes(tmp_path: Path, tiny_masked: str) -> None:
    one, other = (trained(tmp_path, tiny_masked, "frozen", token=letter * 32)[1] for letter in "ab")
    name = "model.safetensors"
    assert (one.model / name).read_bytes() == (other.model / name).read_bytes()


@pytest.mark.parametrize("family", ["distilbert", "albert", "electra", "mpnet", "deberta-v2", "roberta"])
def test_first_state_is_carried_by_heads_of_other_shapes(tmp_path: Path, family: str) -> None:
    """tanh, ReLU and GELU stand between the dense map and the labels."""
    (checkpoint,) = (each for each in CHECKPOINTS if each.name == family)
    start = tmp_path / "start"
    build(checkpoint, "ForMaskedLM", start)
    rows = [
        (f"{checkpoint.texts[row % 3]} {checkpoint.texts[(row // 3) % 2]} {'!' * row}", "ab"[row % 2])
        for row in range(40)
    ]
    job, files = trained(tmp_path, str(start), "frozen", pooling="cls", rows=rows, length=64)
    assert job.state == "done", job.sentence
    request = files.request()
    texts = [text for text, _ in request.rows][:6]
    features = by_hand(str(start), texts, -1, "cls")
    made = answers_of(files.model, texts)
    assert np.isfinite(made).all() and np.ptp(made) > 0
    assert features.shape[0] == 6


def test_layers_that_are_not_there_and_means_that_cannot_be_carried_are_refused(
    tmp_path: Path, tiny_masked: str
) -> None:
    settings = Settings(cache_dir=str(tmp_path))
    with pytest.raises(ChoiceError, match=r"layer must be from 0 to 1: the model .* has 2"):
        request_of(settings, tiny_masked, "frozen", layer=2)
    (checkpoint,) = (each for each in CHECKPOINTS if each.name == "distilbert")
    build(checkpoint, "ForMaskedLM", tmp_path / "start")
    with pytest.raises(ChoiceError, match="Set pooling to cls"):
        request_of(settings, str(tmp_path / "start"), "frozen")
    with pytest.raises(ChoiceError, match="Frozen features has no use for rank"):
        request_of(settings, tiny_masked, "frozen", rank=4)


def test_features_are_read_in_one_pass_and_the_model_is_whole_again(tmp_path: Path, tiny_masked: str) -> None:
    request = request_of(Settings(cache_dir=str(tmp_path)), tiny_masked, "frozen")
    from bert_demo.models.loading.load import find_model, read_model
    from bert_demo.registry.models import directory_card
    from bert_demo.training.own.reading import Reader

    read = read_model(find_model(directory_card(request.source)))
    model: Any = frozen.encoder_for(read, ("a", "b"), request.plan.recipe)
    reader, seen = Reader(read.tokenizer, 32), []
    rows = reader.rows([text for text, _ in sentences(count=70)])
    features = frozen.features_of(model, reader, rows, "mean", seen.append)
    assert features.shape == (70, 16) and seen[-1] == 70 and len(model.bert.encoder.layer) == 3
