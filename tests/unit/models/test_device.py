"""Another device than the processor: the same numbers or none of it. Where torch sees a GPU, a GPU too.

"cpu:0" is the processor under a name that counts as another device: every tensor has to be made there or brought there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from calls import ENDPOINT_NAMES, Calls
from fuzzing import answered
from tiny_families import CHECKPOINTS, build

import bert_demo.models.pool
from bert_demo import BertService, Settings
from bert_demo.core.errors import ModelError
from bert_demo.models import moving
from bert_demo.models.base import Model, TaskHeads
from bert_demo.models.device import CPU, chosen
from bert_demo.models.encoder import TransformersEncoder
from bert_demo.models.moving import move
from bert_demo.models.transformers_model import load
from bert_demo.registry.names import card_of

WITHOUT_DEVICE = {"models", "train", "train_status", "train_stop"}
"""They ask no model here: a training has a process of its own, on the processor."""
DEVICES = [torch.device("cpu", 0), *([torch.device("cuda")] if torch.cuda.is_available() else [])]
MODELS = [(checkpoint, kind) for checkpoint in CHECKPOINTS for kind in checkpoint.kinds]


def loaded(place: str) -> Model:
    return load(card_of(place, "any"))


def labels(model: Model) -> np.ndarray:
    return model.heads["text-classification"].logits(model.encode("the cat"))


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
@pytest.mark.parametrize("endpoint", sorted({*ENDPOINT_NAMES} - WITHOUT_DEVICE))
def test_every_endpoint_gives_the_same_numbers(
    endpoint: str, device: torch.device, tiny_models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked() -> Any:
        answer = getattr(Calls(BertService(Settings())), endpoint)(**answered(endpoint, tiny_models))
        return json.loads(json.dumps(answer))

    here = asked()
    moved: list[torch.device] = []
    monkeypatch.setattr(bert_demo.models.pool, "chosen", lambda wanted: moved.append(device) or device)
    there = asked()
    assert moved
    volatile = ("seconds", "milliseconds")
    assert [each for each in close(here, there) if not each.partition(":")[0].endswith(volatile)] == []


@pytest.mark.parametrize("device", DEVICES, ids=str)
@pytest.mark.parametrize("checkpoint", MODELS, ids=lambda each: f"{each[0].name}-{each[1]}")
def test_every_family_moves(checkpoint: tuple[Any, str], device: torch.device, tmp_path: Path) -> None:
    build(*checkpoint, tmp_path)
    model = loaded(str(tmp_path))
    move(model, device)
    assert model.encoder.device == device


class Elsewhere(TransformersEncoder):
    """An encoder whose other device multiplies its weights by `wrong`; late: only the classifier's bias."""

    wrong: Any = None
    late = False

    def move(self, device: torch.device) -> None:
        self.device = device
        weight = self.module.classifier.bias if self.late else next(self.module.parameters())
        if device == CPU:
            weight.data = self.kept
            return
        self.kept = weight.data
        if isinstance(self.wrong, Exception):
            raise self.wrong
        weight.data = weight.data * self.wrong


def elsewhere(place: str, wrong: Any, late: bool = False) -> Model:
    model = loaded(place)
    encoder = Elsewhere(model.encoder.module, model.encoder.collator)  # type: ignore[attr-defined]
    encoder.wrong, encoder.late = wrong, late
    heads = {task: head.on(encoder) for task, head in model.heads.items()}
    return replace(model, encoder=encoder, heads=TaskHeads(heads, "", {}))


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
    model = elsewhere(tiny_models["labels"], wrong)
    before = labels(model)
    move(model, torch.device("cpu", 0))
    assert (model.encoder.device == CPU) is stays
    assert (labels(model) == before).all()
    assert bool(caplog.records) is stays


@pytest.mark.parametrize("wrong", [1.5, math.nan])
def test_every_lens_is_compared(wrong: float, tiny_models: dict[str, str]) -> None:
    model = elsewhere(tiny_models["labels"], wrong, late=True)
    with torch.no_grad():
        model.encoder.module.classifier.bias += 1
    move(model, torch.device("cpu", 0))
    assert model.encoder.device == CPU and np.isfinite(labels(model)).all()


def test_a_model_that_lacks_a_way_stays_on_the_processor(
    tiny_models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = loaded(tiny_models["labels"])

    def trace(*_: Any) -> Any:
        raise ModelError("The attention heads of this kind of model cannot be taken one by one.")

    monkeypatch.setattr(moving, "trace_head", trace)
    move(model, torch.device("cpu", 0))
    assert model.encoder.device == CPU and labels(model).shape == (3,)


def test_which_device_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [chosen(each).type for each in ("auto", "cpu", "cuda")] == ["cuda", "cpu", "cuda"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [chosen(each).type for each in ("auto", "cpu")] == ["cpu", "cpu"]
    with pytest.raises(ModelError, match=r"torch sees no GPU here\. Set BERT_DEMO_DEVICE to auto or cpu\."):
        chosen("cuda")
