"""Masked words: fill-mask against the pipeline of transformers, and every word in turn against a batch of passes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer, pipeline

from benchmarks.tables import ROOT
from benchmarks.timing import interleaved
from bert_demo import BertService, Settings

BASE = ROOT / "assets" / "models" / "base"
LENGTHS = {16: 101, 128: 41, 512: 9}
"""Tokens, special ones included, and how often each of the two runs."""
WORDS, TIMES = 30, 21
SENTENCE = (
    "the boats left the old harbour in the morning and came back late at night when the wind was cold and the people "
    "of the town had long gone to bed"
)


def measure() -> Iterator[tuple[str, str, str, str]]:
    """Medians in milliseconds of runs that take turns; cache off."""
    service = BertService(Settings(cache_mb=0))
    fill = pipeline("fill-mask", model=str(BASE))
    for length, times in LENGTHS.items():
        yield _filled(service, fill, length, times)
    yield _in_turn(service)


def _filled(service: BertService, fill: Any, length: int, times: int) -> tuple[str, str, str, str]:
    words = [*((SENTENCE + " . ") * 20).split()[: length - 4], "[MASK]", "."]
    text = " ".join(words)
    assert len(fill.tokenizer(text)["input_ids"]) == length
    expected = [each["score"] for each in fill(text)]
    found = [each.score for each in service.fill_mask(text).slots[0].candidates]
    assert max(abs(one - other) for one, other in zip(found, expected, strict=True)) < 1e-5
    ours, peer = interleaved(lambda: service.fill_mask(text), lambda: fill(text), times)
    return (
        f"Fill-mask, {length} tokens",
        f"{1000 * ours:.1f} ms",
        f'{1000 * peer:.1f} ms, pipeline("fill-mask")',
        f"{ours / peer:.2f}",
    )


def _in_turn(service: BertService) -> tuple[str, str, str, str]:
    text = " ".join(SENTENCE.split()[:WORDS])
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    model = AutoModelForMaskedLM.from_pretrained(BASE).eval()
    ids = tokenizer(text, return_tensors="pt")["input_ids"]
    assert ids.shape[1] == WORDS + 2
    rows = ids.repeat(WORDS, 1)
    rows[range(WORDS), range(1, WORDS + 1)] = tokenizer.mask_token_id

    def passes() -> torch.Tensor:
        with torch.inference_mode():
            return model(input_ids=rows).logits

    scores = passes().log_softmax(-1)[range(WORDS), range(1, WORDS + 1), ids[0, 1:-1]]
    assert abs(float(scores.sum()) - service.surprises(text).score) < 1e-3
    ours, peer = interleaved(lambda: service.surprises(text), passes, TIMES)
    return (
        f"Every word in turn, {WORDS} words",
        f"{1000 * ours:.0f} ms",
        f"{1000 * peer:.0f} ms, one batch of {WORDS} forward passes",
        f"{ours / peer:.2f}",
    )
