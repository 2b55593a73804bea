"""Models as the service loads them, for tests of what lies below it."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch.nn.modules.module import register_module_forward_hook

from bert_demo.models.base import Model
from bert_demo.models.transformers_model import load
from bert_demo.registry.names import card_of


@cache
def bundled(name: str) -> Model:
    """A bundled model, loaded once; nothing may change it."""
    return load(card_of(name, "any"))


def loaded(place: str) -> Model:
    """A model from its directory."""
    return load(card_of(place, "any"))


class Passes:
    """Forward passes of all models of some class of transformers, by name, copies included."""

    def __init__(self, kind: str) -> None:
        self.count, self._kind = 0, kind

    def __enter__(self) -> Passes:
        self._handle = register_module_forward_hook(self._add)
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.remove()

    def _add(self, module: torch.nn.Module, *_: Any) -> None:
        self.count += type(module).__name__ == self._kind
