"""Another device than the processor: the same numbers or none of it. Where torch sees a GPU, a GPU too.

"cpu:0" is the processor under a name that counts as another device: every tensor has to be made there or brought there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fuzzing import answered
from tiny_families import FAMILIES, build

import bert_demo.shelf
from bert_demo import BertService, Settings
from bert_demo.api import ENDPOINTS, Api
from bert_demo.backends.device import CPU, chosen
from bert_demo.backends.hub import HubBackend
from bert_demo.errors import ModelError
from bert_demo.naming import card_of

DEVICES = [torch.device("cpu", 0), *([torch.device("cuda")] if torch.cuda.is_available() else [])]
CHECKPOINTS = [(family, kind) for family in FAMILIES for kind in family.kinds]


def loaded(place: str) -> HubBackend:
    return HubBackend(card_of(place, "any"))


def close(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Where two JSON values differ, numbers by more than 1e-4."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name in one:
            yield from close(one[name], other[name], f"{path}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, pair in enumerate(zip(one, other, strict=True)):
            yield from close(*pair, f"{path}[{place}]")
    elif isinstance(one, float) and isinstance(other, float | int):
        if not math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-4):
            yield f"{path}: {one} {other}"
    elif one != other:
        yield f"{path}: {one!r} {other!r}"


@pytest.mark.parametrize("device", DEVICES, ids=str)
@pytest.mark.parametrize("endpoint", sorted({*ENDPOINTS} - {"models"}))
def test_every_endpoint_gives_the_same_numbers(
    endpoint: str, device: torch.device, tiny_models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> Any:
        answer = getattr(Api(lambda: BertService(Settings())), endpoint)(**answered(endpoint, tiny_models))
        return json.loads(json.dumps(answer))

    here = told()
    moved: list[torch.device] = []
    monkeypatch.setattr(bert_demo.shelf, "chosen", lambda wanted: moved.append(device) or device)
    there = told()
    assert moved
    volatile = ("seconds", "milliseconds")
    assert [each for each in close(here, there) if not each.partition(":")[0].endswith(volatile)] == []


@pytest.mark.parametrize("device", DEVICES, ids=str)
@pytest.mark.parametrize("checkpoint", CHECKPOINTS, ids=lambda each: f"{each[0].name}-{each[1]}")
def test_every_family_moves(checkpoint: tuple[Any, str], device: torch.device, tmp_path: Path) -> None:
    build(*checkpoint, tmp_path)
    backend = loaded(str(tmp_path))
    backend.move(device)
    assert backend.device == device


class Elsewhere(HubBackend):
    """A model whose other device computes `wrong`."""

    wrong: Any = None
    late = False
    """Whether only the last layer computes it."""

    def _go(self, device: torch.device) -> None:
        self.device = device
        weight = self._model.classifier.bias if self.late else next(self._model.parameters())
        if device == CPU:
            weight.data = self.kept
            return
        self.kept = weight.data
        if isinstance(self.wrong, Exception):
            raise self.wrong
        weight.data = weight.data * self.wrong


@pytest.mark.parametrize(
    ("wrong", "stays"),
    [
        (1.0, False),
        (1.5, True),
        (math.nan, True),
        (torch.OutOfMemoryError("no memory"), True),
        (NotImplementedError("no such layer"), True),
    ],
    ids=str,
)
def test_a_device_that_computes_something_else_is_not_used(
    wrong: Any, stays: bool, tiny_models: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    backend = Elsewhere(card_of(tiny_models["labels"], "any"))
    backend.wrong = wrong
    before = backend.label_logits(backend.encode("the cat"))
    backend.move(torch.device("cpu", 0))
    assert (backend.device == CPU) is stays
    assert (backend.label_logits(backend.encode("the cat")) == before).all()
    assert bool(caplog.records) is stays


@pytest.mark.parametrize("wrong", [1.5, math.nan])
def test_every_lens_is_compared(wrong: float, tiny_models: dict[str, str]) -> None:
    backend = Elsewhere(card_of(tiny_models["labels"], "any"))
    backend.wrong, backend.late = wrong, True
    with torch.no_grad():
        backend._model.classifier.bias += 1
    backend.move(torch.device("cpu", 0))
    assert backend.device == CPU and np.isfinite(backend.label_logits(backend.encode("the cat"))).all()


def test_a_model_that_lacks_a_way_stays_on_the_processor(
    tiny_models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = loaded(tiny_models["labels"])

    def trace(*_: Any) -> Any:
        raise ModelError("The attention heads of this kind of model cannot be taken one by one.")

    monkeypatch.setattr(backend, "trace", trace)
    backend.move(torch.device("cpu", 0))
    assert backend.device == CPU and len(backend.label_logits(backend.encode("the cat"))) == 1


def test_which_device_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [chosen(each).type for each in ("auto", "cpu", "cuda")] == ["cuda", "cpu", "cuda"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [chosen(each).type for each in ("auto", "cpu")] == ["cpu", "cpu"]
    with pytest.raises(ModelError, match=r"torch sees no GPU here\. Set BERT_DEMO_DEVICE to auto or cpu\."):
        chosen("cuda")
