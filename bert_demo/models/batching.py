"""What several threads ask of one model at the same moment, answered in one batch."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

MOST_WAIT = 0.05
"""Seconds that the first of a batch waits for others, at most, while many ask."""
BUSY = 0.25
"""Seconds for which many are taken to ask after two were seen to ask at the same moment."""
ENOUGH = 256
"""The cost for which a batch waits: the processor does no more tokens a second in a larger one."""
Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Asked(Generic[Item, Answer]):
    def __init__(self, item: Item, cost: int) -> None:
        self.item, self.cost = item, cost
        self.turn = threading.Event()
        """It was answered, or its thread is to compute the next batch."""
        self.done = False
        self.answer: Answer | None = None


class MicroBatcher(Generic[Item, Answer]):
    """Who asks alone is answered at once. Who comes while a batch is computed is part of the next one; and while many
    ask, a small batch waits for others as long as the batch before took. most: the cost of one batch, of which a dearer
    item has its own; 0: nobody waits for anybody.

    One of the threads that ask computes for all, until it has its own answer; then the first that waits goes on.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: deque[_Asked[Item, Answer]] = deque()
        self._came = threading.Condition()
        self._computing = False
        self._busy_until = self._lasted = 0.0

    def ask(self, item: Item, cost: int, answer: Callable[[Sequence[Item]], Sequence[Answer]]) -> Answer:
        """What `answer` gives for the item, perhaps computed by another thread beside others.

        An error of `answer` for several items is not handed on: each of them is computed again, alone.
        """
        if not self._most:
            return answer([item])[0]
        asked: _Asked[Item, Answer] = _Asked(item, cost)
        with self._came:
            self._waiting.append(asked)
            first, self._computing = not self._computing, True
            if not first:
                self._busy_until = time.monotonic() + BUSY
                self._came.notify()
        if not first:
            asked.turn.wait()
        if not asked.done:
            try:
                while not asked.done:
                    self._compute(asked, answer)
            finally:
                self._hand_over()
        if asked.answer is None:
            return answer([item])[0]
        return asked.answer

    def _compute(self, mine: _Asked[Item, Answer], answer: Callable[[Sequence[Item]], Sequence[Answer]]) -> None:
        """The next batch. In the order in which they came, so that `mine` is reached."""
        batch = self._gathered()
        begun = time.monotonic()
        try:
            answers = answer([each.item for each in batch])
            for each, found in zip(batch, answers, strict=True):
                each.answer = found
        except Exception:
            if batch == [mine]:
                raise
        finally:
            self._lasted = time.monotonic() - begun
            for each in batch:
                each.done = True
                each.turn.set()

    def _gathered(self) -> list[_Asked[Item, Answer]]:
        with self._came:
            if time.monotonic() < self._busy_until:
                wait = min(MOST_WAIT, self._lasted)
                self._came.wait_for(lambda: sum(each.cost for each in self._waiting) >= min(ENOUGH, self._most), wait)
            batch = [self._waiting.popleft()]
            while self._waiting and sum(each.cost for each in batch) + self._waiting[0].cost <= self._most:
                batch.append(self._waiting.popleft())
        return batch

    def _hand_over(self) -> None:
        """Let the first that waits compute from here on."""
        with self._came:
            self._computing = bool(self._waiting)
            if self._waiting:
                self._waiting[0].turn.set()
