"""The input pipeline in a thread of its own, a few steps ahead."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


@contextmanager
def prefetched(make: Callable[[int], Item], first: int, end: int, ahead: int = 4) -> Iterator[Iterator[Item]]:
    """Yield an iterator over make(first) ... make(end - 1), which are made in a thread, up to `ahead` of them early.

    An error of `make` is raised where its item would have come. The thread ends with the context.
    """
    made: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(ahead)
    ended = threading.Event()

    def put(item: Item | None, error: BaseException | None) -> None:
        while not ended.is_set():
            try:
                return made.put((item, error), timeout=0.1)
            except queue.Full:
                continue

    def work() -> None:
        try:
            for number in range(first, end):
                if ended.is_set():
                    return
                put(make(number), None)
        except BaseException as error:
            put(None, error)

    def items() -> Iterator[Item]:
        for _ in range(first, end):
            item, error = made.get()
            if error is not None:
                raise error
            yield item  # type: ignore[misc]

    thread = threading.Thread(target=work, name="input pipeline", daemon=True)
    thread.start()
    try:
        yield items()
    finally:
        ended.set()
        thread.join()
