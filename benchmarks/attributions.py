"""Integrated Gradients: how near the truth, and how long, against captum's default and transformers-interpret.

The truth is captum's Gauss-Legendre rule with 600 points. Sentences are of SST-2 dev, which nothing here was chosen on;
where that collection is not at hand (BERT_DEMO_DATA), a few sentences of our own stand in, and the row says so.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from captum.attr import LayerIntegratedGradients
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from benchmarks.running import ROOT
from bert_demo import BertService, Settings
from bert_demo.backends.hub import load_model
from bert_demo.catalogue import find, unlisted

OWN = (
    "Not a masterpiece, but a warm and funny film that never outstays its welcome.",
    "The second half is a dreadful bore, and the ending insults whoever stayed awake for it.",
    "I would not say that this was a bad evening, though the cook had clearly gone home early.",
    "A slow start, a clever middle, and then nothing at all worth remembering on the way to the car.",
)
LENGTHS = (16, 70, 140)
EACH = 6


def measure() -> Iterator[tuple[str, str, str, str]]:
    """Per-token error against the largest score of the sentence, 95th percentile; median seconds of both."""
    card = find("sentiment")
    assert card is not None
    with tempfile.TemporaryDirectory() as folder:
        large = _like_bert_base(Path(folder))
        for name, source in (("sentiment", card.name), ("BERT-base size, random weights", large)):
            for length in LENGTHS:
                yield _row(name, source, length)


def _row(name: str, source: str, length: int) -> tuple[str, str, str, str]:
    service = BertService(Settings(cache_mb=0))
    model, tokenizer = _plain(source)
    texts, where = _texts(tokenizer, length)
    ours: list[tuple[float, np.ndarray, int]] = []
    peer: list[tuple[float, np.ndarray]] = []
    truth: list[np.ndarray] = []
    service.attribute(texts[0], model=source, target=1)
    for text in texts[1:]:
        began = time.perf_counter()
        found = service.attribute(text, model=source, target=1)
        ours.append((time.perf_counter() - began, found.scores, found.forward_passes))
        began = time.perf_counter()
        peer.append((0.0, _captum(model, tokenizer, text, 50)))
        peer[-1] = (time.perf_counter() - began, peer[-1][1])
        truth.append(_captum(model, tokenizer, text, 600))
    mine, theirs = np.median([row[0] for row in ours]), np.median([row[0] for row in peer])
    passes = np.median([row[2] for row in ours])
    return (
        f"Integrated Gradients, {name}, {length} tokens ({len(truth)} sentences of {where})",
        f"{mine:.2f} s, {passes:.0f} passes, error {_error([row[1] for row in ours], truth)}",
        f"{theirs:.2f} s, captum, 50 points, error {_error([row[1] for row in peer], truth)}",
        f"{mine / theirs:.2f}",
    )


def _error(found: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> str:
    errors = np.concatenate([np.abs(a - b) / np.abs(b).max() for a, b in zip(found, truth, strict=True)])
    return f"{100 * np.quantile(errors, 0.95):.2f} %"


def _captum(model: torch.nn.Module, tokenizer: object, text: str, points: int) -> np.ndarray:
    inputs = tokenizer(text, return_tensors="pt", return_special_tokens_mask=True)  # type: ignore[operator]
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


def _plain(source: str) -> tuple[torch.nn.Module, object]:
    card = find(source) or unlisted(source)
    _, tokenizer, model, _ = load_model(card)
    return model, tokenizer


def _texts(tokenizer: object, length: int) -> tuple[list[str], str]:
    data = Path(os.environ.get("BERT_DEMO_DATA", ROOT.parent / "shared" / "data"))
    rows, where = list(OWN), "our own"
    if (data / "sst2" / "dev.tsv").is_file():
        lines = (data / "sst2" / "dev.tsv").read_text(encoding="utf-8").splitlines()[1:]
        order = np.random.default_rng(11).permutation(len(lines))
        rows, where = [lines[place].split("\t")[0] for place in order], "SST-2 dev"
    texts: list[str] = []
    place = 0
    while len(texts) <= EACH:
        words = rows[place % len(rows)].split()
        while len(tokenizer(" ".join(words))["input_ids"]) < length:  # type: ignore[operator]
            place += 1
            words += rows[place % len(rows)].split()
        while len(tokenizer(" ".join(words))["input_ids"]) > length:  # type: ignore[operator]
            words.pop()
        texts.append(" ".join(words))
        place += 1
    return texts, where


def _like_bert_base(folder: Path) -> str:
    """A classifier of BERT-base's size with random weights: its times are those of any other, its path is not."""
    torch.manual_seed(0)
    BertForSequenceClassification(BertConfig(num_labels=2, initializer_range=0.05)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(ROOT / "assets" / "models" / "base").save_pretrained(folder)
    return str(folder)
