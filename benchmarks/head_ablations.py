"""What each head is worth: all single-head ablations of a text, against as many full passes in batches as large."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from benchmarks.attributions import like_bert_base, plain, texts_of
from benchmarks.timing import seconds
from bert_demo import BertService, Settings
from bert_demo.models.surgery.each_head_off import TOKENS_AT_ONCE

LENGTHS = (16, 70, 140)


def measure() -> Iterator[tuple[str, str, str, str]]:
    """Median seconds of both; cache off."""
    with tempfile.TemporaryDirectory() as folder:
        large = like_bert_base(Path(folder))
        for name, source, times in (("sentiment", "sentiment", 9), ("BERT-base size, random weights", large, 3)):
            for length in LENGTHS:
                yield _row(name, source, length, times)


def _row(name: str, source: str, length: int, times: int) -> tuple[str, str, str, str]:
    service = BertService(Settings(cache_mb=0))
    model, tokenizer = plain(source)
    text = texts_of(tokenizer, length, 1)[0][0]
    inputs = dict(tokenizer(text, return_tensors="pt"))
    count = model.config.num_hidden_layers * model.config.num_attention_heads
    most = max(1, TOKENS_AT_ONCE // length)
    batches = [min(most, count - start) for start in range(0, count, most)]

    def full_passes() -> None:
        with torch.inference_mode():
            for rows in batches:
                model(**{name: value.expand(rows, -1) for name, value in inputs.items()})

    ours = seconds(lambda: service.head_worth(text, model=source, target=1), times)
    peer = seconds(full_passes, times)
    return (
        f"What each head is worth, {name}, {length} tokens ({count} heads)",
        f"{ours:.2f} s",
        f"{peer:.2f} s, {count} full passes in batches",
        f"{ours / peer:.2f}",
    )
