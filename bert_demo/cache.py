"""Results that may be asked for again, within a byte budget."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

Value = TypeVar("Value")


class ResultCache:
    """Least recently used out first. A value larger than the whole budget is returned and not kept."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value kept under `key`, or what `make` gives, kept from then on. An error of `make` is not kept."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                kept: Value = self._held[key][0]
                return kept
        value = make()
        size = size_of(value)
        with self._lock:
            if key not in self._held and size <= self._budget:
                self._held[key] = (value, size)
                self._bytes += size
                while self._bytes > self._budget:
                    _, (_, freed) = self._held.popitem(last=False)
                    self._bytes -= freed
        return value


def size_of(value: Any) -> int:
    """Bytes of a result, arrays exactly, everything else by a rule of thumb."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, str):
        return 60 + 4 * len(value)
    if isinstance(value, tuple):
        return 56 + sum(size_of(item) for item in value)
    if is_dataclass(value):
        return 80 + sum(size_of(getattr(value, each.name)) for each in fields(value))
    return 32
