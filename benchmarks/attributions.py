"""Integrated Gradients: how near the truth, and how long, against captum's default (50 Gauss-Legendre points).

The truth is captum's Gauss-Legendre rule with many points (`POINTS`). Sentences are of SST-2 dev, which no model here
learnt from; where that collection is not given (`--data`), a few sentences of our own stand in, and the row says so.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from captum.attr import LayerIntegratedGradients
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from benchmarks.tables import ROOT
from bert_demo import BertService, Settings
from bert_demo.models.transformers_model import load_model
from bert_demo.registry.models import find, unlisted

OWN = (
    "Not a masterpiece, but a warm and funny film that never outstays its welcome.",
    "The second half is a dreadful bore, and the ending insults whoever stayed awake for it.",
    "I would not say that this was a bad evening, though the cook had clearly gone home early.",
    "A slow start, a clever middle, and then nothing at all worth remembering on the way to the car.",
)
LENGTHS = (16, 70, 140)
SENTENCES, POINTS = 6, 300
SENTENCES_LARGE, POINTS_LARGE = 2, 150
"""At BERT-base's size a point of a long text takes half a second, and the path of random weights is smooth."""


def measure(data: Path | None = None) -> Iterator[tuple[str, str, str, str]]:
    """Per-token error against the largest score of the sentence, 95th percentile; median seconds of both.

    data: GLUE's SST-2 dev.tsv.
    """
    card = find("sentiment")
    assert card is not None
    with tempfile.TemporaryDirectory() as folder:
        large = like_bert_base(Path(folder))
        for length in LENGTHS:
            yield _row("sentiment", card.name, length, data, SENTENCES, POINTS)
        for length in LENGTHS:
            yield _row("BERT-base size, random weights", large, length, data, SENTENCES_LARGE, POINTS_LARGE)


def _row(name: str, source: str, length: int, data: Path | None, count: int, points: int) -> tuple[str, str, str, str]:
    service = BertService(Settings(cache_mb=0))
    model, tokenizer = plain(source)
    texts, where = texts_of(tokenizer, length, count + 1, data)
    ours: list[tuple[float, np.ndarray, int]] = []
    peer: list[tuple[float, np.ndarray]] = []
    truth: list[np.ndarray] = []
    service.attribute(texts[0], model=source, target=1)
    for text in texts[1:]:
        began = time.perf_counter()
        found = service.attribute(text, model=source, target=1)
        ours.append((time.perf_counter() - began, found.scores, found.forward_passes))
        began = time.perf_counter()
        peer.append((0.0, captum_scores(model, tokenizer, text, 50)))
        peer[-1] = (time.perf_counter() - began, peer[-1][1])
        truth.append(captum_scores(model, tokenizer, text, points))
    mine, theirs = np.median([row[0] for row in ours]), np.median([row[0] for row in peer])
    passes = np.median([row[2] for row in ours])
    return (
        f"Integrated Gradients, {name}, {length} tokens ({len(truth)} sentences of {where})",
        f"{mine:.2f} s, {passes:.0f} passes, error {error_of([row[1] for row in ours], truth)}",
        f"{theirs:.2f} s, captum, 50 points, error {error_of([row[1] for row in peer], truth)}",
        f"{mine / theirs:.2f}",
    )


def error_of(found: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> str:
    """95th percentile over tokens; [CLS] and [SEP] are left out, for their score is nothing by definition."""
    errors = np.concatenate([np.abs(a - b)[1:-1] / np.abs(b).max() for a, b in zip(found, truth, strict=True)])
    return f"{100 * np.quantile(errors, 0.95):.2f} %"


def captum_scores(model: torch.nn.Module, tokenizer: Any, text: str, points: int) -> np.ndarray:
    inputs = tokenizer(text, return_tensors="pt", return_special_tokens_mask=True)
    special = inputs.pop("special_tokens_mask").bool()
    ids = inputs["input_ids"]
    scores = LayerIntegratedGradients(lambda ids: model(input_ids=ids).logits, model.base_model.embeddings).attribute(
        ids,
        torch.where(special, ids, 0),
        target=1,
        n_steps=points,
        internal_batch_size=None if points <= 50 else 2048 // ids.shape[1],
    )
    result: np.ndarray = scores.sum(-1)[0].detach().double().numpy()
    return result


def plain(source: str) -> tuple[Any, Any]:
    """(model, tokenizer) as transformers has them, adapters merged."""
    card = find(source) or unlisted(source)
    _, tokenizer, model, _ = load_model(card)
    return model, tokenizer


def texts_of(tokenizer: Any, length: int, count: int, data: Path | None = None) -> tuple[list[str], str]:
    """`count` texts of so many tokens, and where they are from."""
    rows, where = list(OWN), "our own"
    if data is not None:
        lines = data.read_text(encoding="utf-8").splitlines()[1:]
        order = np.random.default_rng(11).permutation(len(lines))
        rows, where = [lines[place].split("\t")[0] for place in order], "SST-2 dev"
    texts: list[str] = []
    place = 0
    while len(texts) < count:
        words = rows[place % len(rows)].split()
        while len(tokenizer(" ".join(words))["input_ids"]) < length:
            place += 1
            words += rows[place % len(rows)].split()
        while len(tokenizer(" ".join(words))["input_ids"]) > length:
            words.pop()
        texts.append(" ".join(words))
        place += 1
    return texts, where


def like_bert_base(folder: Path) -> str:
    """A classifier of BERT-base's size with random weights: its times are those of any other, its path is not."""
    torch.manual_seed(0)
    BertForSequenceClassification(BertConfig(num_labels=2, initializer_range=0.05)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(ROOT / "assets" / "models" / "base").save_pretrained(folder)
    return str(folder)
