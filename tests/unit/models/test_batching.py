"""What several threads ask at once is answered in one batch, with the answers that each gets alone."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from test_scheduler import at_once

from bert_demo import Settings
from bert_demo.models import batching
from bert_demo.models.base import Model
from bert_demo.models.batching import MicroBatcher
from bert_demo.models.transformers_model import load
from bert_demo.registry.names import card_of
from bert_demo.tasks.classification import classify, next_sentence
from bert_demo.tasks.fill_mask import fill_mask


class Slow:
    """Twice each item, 50 ms for each batch; refuses a batch that holds 13."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        time.sleep(0.05)
        if 13 in items:
            raise ValueError("13")
        return [2 * item for item in items]


def asked_at_once(items: Sequence[int], answer: Slow, most: int, cost: int = 1) -> list[object]:
    queue: MicroBatcher[int, int] = MicroBatcher(most)
    gate = threading.Barrier(len(items))

    def ask(number: int) -> int:
        gate.wait()
        return queue.ask(items[number], cost, answer)

    return at_once(len(items), ask)


def test_those_who_come_meanwhile_are_one_batch() -> None:
    slow = Slow()
    assert asked_at_once(range(10), slow, 100) == [2 * number for number in range(10)]
    assert len(slow.batches) <= 3 and sorted(itertools.chain(*slow.batches)) == list(range(10))


def test_one_alone_does_not_wait() -> None:
    slow, queue = Slow(), MicroBatcher[int, int](100)
    assert [queue.ask(number, 1, slow) for number in range(3)] == [0, 2, 4]
    assert slow.batches == [[0], [1], [2]]


def test_batch_is_bounded_but_for_one_dear_item() -> None:
    slow = Slow()
    asked_at_once(range(10), slow, 4)
    assert max(map(len, slow.batches)) <= 4 and sorted(itertools.chain(*slow.batches)) == list(range(10))
    slow = Slow()
    asked_at_once(range(3), slow, 4, cost=9)
    assert sorted(slow.batches) == [[0], [1], [2]]


def test_error_is_its_own() -> None:
    slow = Slow()
    found = asked_at_once([13, 1, 2, 3], slow, 100)
    assert found[1:] == [2, 4, 6] and isinstance(found[0], ValueError)
    with pytest.raises(ValueError, match="13"):
        MicroBatcher[int, int](4).ask(13, 1, slow)


TEXTS = ["A film.", "A warm and funny film that never outstays its welcome.", "Dull.", "What a waste of time!"]


def watched(model: Model, monkeypatch: pytest.MonkeyPatch, shows_weights: bool = False) -> list[int]:
    """Rows of each pass of the model (or of that which shows its weights), whose passes are made to take time."""
    rows: list[int] = []
    encoder = (model.encoder.module if shows_weights else model.encoder.fast()).base_model.encoder
    forward = encoder.forward

    def slowed(states: Any, *arguments: Any, **named: Any) -> Any:
        rows.append(len(states))
        time.sleep(0.05)
        return forward(states, *arguments, **named)

    monkeypatch.setattr(encoder, "forward", slowed)
    return rows


@cache
def loaded(name: str) -> Model:
    """A bundled model that answers in batches, loaded once; what a test changes of it is undone."""
    return load(card_of(name, "any"), batch_tokens=Settings().batch_tokens)


def test_labels_asked_at_once_are_those_asked_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    model = loaded("sentiment")
    texts = [f"{text} {number}" for number, text in enumerate(TEXTS * 6)]
    alone = [classify(model, text, None) for text in texts]
    rows = watched(model, monkeypatch)
    found: list[Any] = at_once(len(texts), lambda number: classify(model, texts[number], None))
    assert max(rows) > 4 and len(rows) < len(texts)
    for result, its in zip(found, alone, strict=True):
        expected = {each.label: each.score for each in its.labels}
        assert {each.label: each.score for each in result.labels} == pytest.approx(expected, abs=2e-6)


def test_masks_asked_at_once_are_those_asked_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    model = loaded("base")
    texts = [f"{text} It was [MASK]{' and [MASK]' * (number % 3)}." for number, text in enumerate(TEXTS * 3)]
    alone = [fill_mask(model, text, 5, None, ()) for text in texts]
    rows = watched(model, monkeypatch)
    found: list[Any] = at_once(len(texts), lambda number: fill_mask(model, texts[number], 5, None, ()))
    assert max(rows) > 2 and len(rows) < len(texts)
    for result, expected in zip(found, alone, strict=True):
        assert [slot.position for slot in result.slots] == [slot.position for slot in expected.slots]
        for slot, its in zip(result.slots, expected.slots, strict=True):
            assert [each.token_str for each in slot.candidates] == [each.token_str for each in its.candidates]
            scores = np.array([each.score for each in slot.candidates])
            np.testing.assert_allclose(scores, [each.score for each in its.candidates], atol=2e-6)


def test_pairs_asked_at_once_are_those_asked_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    model = loaded("base")
    pairs = [(f"{first} {number}", second) for number, (first, second) in enumerate(itertools.product(TEXTS, TEXTS))]
    alone = [next_sentence(model, *pair).is_next for pair in pairs]
    rows = watched(model, monkeypatch)
    found: list[Any] = at_once(len(pairs), lambda number: next_sentence(model, *pairs[number]).is_next)
    assert max(rows) > 4 and len(rows) < len(pairs)
    assert found == pytest.approx(alone, abs=2e-6)


def test_weights_asked_at_once_are_those_asked_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    model = loaded("base")
    encodings = [model.encode(f"{text} {number}") for number, text in enumerate(TEXTS * 3)]
    alone = [model.encoder.attentions(encoding, 0) for encoding in encodings]
    rows = watched(model, monkeypatch, shows_weights=True)
    found: list[Any] = at_once(len(encodings), lambda number: model.encoder.attentions(encodings[number], 0))
    assert max(rows) > 2 and len(rows) < len(encodings)
    for weights, its in zip(found, alone, strict=True):
        np.testing.assert_allclose(weights, its, atol=2e-6)


def test_small_batch_waits_and_one_that_is_enough_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four at once make the queue busy; those that come next wait for enough, and no longer."""
    monkeypatch.setattr(batching, "MOST_WAIT", 5.0)
    monkeypatch.setattr(batching, "BUSY", 60.0)
    slow, queue = Slow(), MicroBatcher[int, int](10 * batching.ENOUGH)
    at_once(3, lambda number: queue.ask(number, batching.ENOUGH, lambda items: time.sleep(0.6) or list(items)))
    begun = time.monotonic()
    assert at_once(4, lambda number: queue.ask(number, batching.ENOUGH // 4, slow)) == [0, 2, 4, 6]
    assert time.monotonic() - begun < 2 and [sorted(batch) for batch in slow.batches] == [[0, 1, 2, 3]]


def test_batch_of_texts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    model = loaded("sentiment")
    texts = [f"boat {number} " * 100 for number in range(12)]
    length = len(model.encode(texts[0]).tokens)
    rows = watched(model, monkeypatch)
    at_once(len(texts), lambda number: classify(model, texts[number], None))
    assert 1 < max(rows) <= Settings().batch_tokens // length


def test_host_may_turn_batches_off(monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(card_of("sentiment", "any"), batch_tokens=0)
    rows = watched(model, monkeypatch)
    at_once(8, lambda number: classify(model, f"A film {number}.", None))
    assert rows == [1] * 8
