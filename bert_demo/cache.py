"""Results that may be asked for again, within a byte budget; what is asked twice at once is made once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

from bert_demo.errors import CancelledError, DemoError
from bert_demo.line import go_on

LOOK = 0.2
"""Seconds between two looks whether one who waits for another's result has left."""
Value = TypeVar("Value")
_Making = Future[tuple[Any] | DemoError | None]
"""What others are told: the value, the error, or None if another is to make it."""


class ResultCache:
    """Least recently used out first. A value larger than the whole budget is returned and not kept."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._making: dict[Hashable, _Making] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value kept under `key`, or what `make` gives, kept from then on. An error of `make` is not kept.

        While one thread makes it the others wait for it, and have its DemoError; if it was stopped, or failed in a
        way that nobody foresaw, another makes it.
        """
        while True:
            with self._lock:
                if key in self._held:
                    self._held.move_to_end(key)
                    kept: Value = self._held[key][0]
                    return kept
                making = self._making.get(key)
                if making is None:
                    self._making[key] = mine = _Making()
            if making is None:
                return self._make(key, make, mine)
            if (found := _waited(making)) is not None:
                return found[0]  # type: ignore[no-any-return]

    def bytes_held(self) -> int:
        """Bytes of what is kept."""
        return self._bytes

    def _make(self, key: Hashable, make: Callable[[], Value], mine: _Making) -> Value:
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                del self._making[key]
            mine.set_result(_told(error))
            raise
        size = size_of(value)
        with self._lock:
            del self._making[key]
            if size <= self._budget:
                self._held[key] = (value, size)
                self._bytes += size
                while self._bytes > self._budget:
                    _, (_, freed) = self._held.popitem(last=False)
                    self._bytes -= freed
        mine.set_result((value,))
        return value


def _waited(making: _Making) -> tuple[Any] | None:
    """What another thread makes, or None if it made nothing. Raises CancelledError if this thread's asker leaves, and
    what the other was told, as an error of its own."""
    while True:
        go_on()
        try:
            made = making.result(LOOK)
        except NotYet:
            continue
        if isinstance(made, DemoError):
            raise type(made)(*made.args)
        return made


def _told(error: BaseException) -> DemoError | None:
    """What others are told of an error. Never the error itself: it holds the frames that it came through, and with them
    the models that were at work there, and its own future."""
    if isinstance(error, CancelledError) or not isinstance(error, DemoError):
        return None
    return type(error)(*error.args)


def size_of(value: Any) -> int:
    """Bytes of a result, arrays exactly, everything else by a rule of thumb."""
    kind = type(value)
    if kind in _SMALL:
        return 32
    if kind is str:
        return 60 + 4 * len(value)
    if kind is tuple:
        return 56 + sum(map(size_of, value))
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    return 80 + sum(size_of(getattr(value, name)) for name in _fields_of(kind))


_SMALL = frozenset({int, float, bool, type(None)})
_fields: dict[type, tuple[str, ...]] = {}


def _fields_of(kind: type) -> tuple[str, ...]:
    """The names of a dataclass's fields; of anything else none."""
    if kind not in _fields:
        _fields[kind] = tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()
    return _fields[kind]
