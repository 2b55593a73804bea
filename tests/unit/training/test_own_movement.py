"""How far layers moved: CKA by the kernels of the tokens, and states that plain transformers gives text by text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from own_jobs import trained
from transformers import AutoModel, AutoTokenizer

from bert_demo.training.own import movement
from bert_demo.training.own.movement import linear_cka, mean_cosine


def cka_of_kernels(before: np.ndarray, after: np.ndarray) -> float:
    """HSIC of the centred kernels of all pairs of rows (Kornblith et al., equations 3 and 4)."""
    count = len(before)
    centring = np.eye(count) - np.ones((count, count)) / count
    one, other = (centring @ each @ each.T @ centring for each in (before, after))
    return float(np.trace(one @ other) / np.sqrt(np.trace(one @ one) * np.trace(other @ other)))


def states_by_hand(place: str, texts: list[str]) -> list[np.ndarray]:
    """(tokens, d) of each state, each text by itself."""
    tokenizer, model = AutoTokenizer.from_pretrained(place), AutoModel.from_pretrained(place).eval()
    found = []
    with torch.no_grad():
        for text in texts:
            states = model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states
            found.append([state[0].double().numpy() for state in states])
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def test_cka_is_that_of_kernels_and_heeds_no_turn_or_stretch() -> None:
    rng = np.random.default_rng(0)
    before = rng.normal(size=(40, 6)) + 3
    after = before @ rng.normal(size=(6, 9)) + rng.normal(size=(40, 9))
    assert linear_cka(before, after) == pytest.approx(cka_of_kernels(before, after), abs=1e-12)
    turn = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    assert linear_cka(before, 5 * before @ turn + 7) == pytest.approx(1.0)
    assert mean_cosine(before, before) == pytest.approx(1.0) and mean_cosine(before, -before) == pytest.approx(-1.0)
    assert mean_cosine(np.array([[1.0, 0], [0, 2]]), np.array([[1.0, 1], [0, 5]])) == pytest.approx((0.5**0.5 + 1) / 2)
    assert linear_cka(np.ones((3, 2)), before[:3]) == 0.0


@pytest.mark.parametrize("way", ["lora", "full", "head"])
def test_movement_is_that_of_plain_states(tmp_path: Path, tiny_masked: str, way: str) -> None:
    """Of the start and of the written model, on the held-out rows; the head alone moves no layer."""
    job, files = trained(tmp_path, tiny_masked, way, batch_size=8, epochs=3, learning_rate=1e-2)
    assert job.state == "done" and job.movement is not None, job.sentence
    request = files.request()
    texts = [request.rows[row][0] for row in request.parts.held_out]
    before, after = (states_by_hand(place, texts) for place in (tiny_masked, str(files.model)))
    assert (job.movement.texts, job.movement.tokens) == (len(texts), len(before[0]))
    assert [each.layer for each in job.movement.layers] == [-1, 0, 1]
    for each, one, other in zip(job.movement.layers, before, after, strict=True):
        cosines = [np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b)) for a, b in zip(one, other, strict=True)]
        assert each.cosine == pytest.approx(np.mean(cosines), abs=1e-5)
        assert each.cka == pytest.approx(cka_of_kernels(one, other), abs=1e-5)
    still = [[each.cka, each.cosine] == pytest.approx([1.0, 1.0], abs=1e-12) for each in job.movement.layers]
    assert still == {"lora": [True, False, False], "full": [False] * 3, "head": [True] * 3}[way]


def test_tokens_are_bounded(tmp_path: Path, tiny_masked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts from the first, whole; frozen features move nothing, and have no figures of it."""
    monkeypatch.setattr(movement, "MOST_TOKENS", 30)
    job, files = trained(tmp_path, tiny_masked, "head", epochs=1)
    request, tokenizer = files.request(), AutoTokenizer.from_pretrained(tiny_masked)
    counts = [len(tokenizer(request.rows[row][0])["input_ids"]) for row in request.parts.held_out]
    expected = [end for end in np.cumsum(counts) if end <= 30]
    assert job.movement is not None and (job.movement.texts, job.movement.tokens) == (len(expected), expected[-1])
    assert trained(tmp_path, tiny_masked, "frozen", token="f" * 32)[0].movement is None
