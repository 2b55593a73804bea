"""Results that may be asked for again, within a byte budget; what is asked twice at once is made once."""

from __future__ import annotations

import copy
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotReady
from typing import Any, TypeVar

from bert_demo.core.errors import CancelledError, DemoError
from bert_demo.core.scheduler import check_cancelled

INTERVAL = 0.2
"""Seconds between two checks whether one who waits for another's result has left."""
Value = TypeVar("Value")
_Making = Future[tuple[Any] | DemoError | None]
"""What others get: the value, the error, or None if another is to make it."""


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
            if (found := _awaited(making)) is not None:
                return found[0]  # type: ignore[no-any-return]

    def bytes_held(self) -> int:
        """Bytes of what is kept."""
        return self._bytes

    def _make(self, key: Hashable, make: Callable[[], Value], mine: _Making) -> Value:
        try:
            value = make()
            size = size_of(value)
        except BaseException as error:
            with self._lock:
                del self._making[key]
            mine.set_result(_shared(error))
            raise
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


def _awaited(making: _Making) -> tuple[Any] | None:
    """What another thread makes, or None if it made nothing. Raises CancelledError if this thread's asker leaves, and
    the error of the other, as one of its own."""
    while True:
        check_cancelled()
        try:
            made = making.result(INTERVAL)
        except NotReady:
            continue
        if isinstance(made, DemoError):
            raise copy.copy(made)
        return made


def _shared(error: BaseException) -> DemoError | None:
    """What others get of an error. Never the error itself: it holds the frames that it came through, and with them
    the models that were at work there, and its own future."""
    if isinstance(error, CancelledError) or not isinstance(error, DemoError):
        return None
    return copy.copy(error)


def size_of(value: Any) -> int:
    """Bytes of a value: what it says itself (results and arrays do), or what Python says of anything else."""
    if isinstance(value, tuple):
        return sum(map(size_of, value))
    own = getattr(value, "nbytes", None)
    return sys.getsizeof(value) if own is None else int(own)
