"""What several threads ask of one model at the same moment, answered in one batch."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
import torch

from bert_demo.backends.base import Encoding
from bert_demo.backends.device import numbers
from bert_demo.backends.variants import head_at, masked_logits

MASK_COST = 8
"""What a mask costs, in tokens: in 1,024 there is room for 128, whose probabilities of 30,000 words are 16 MB."""
MOST_WAIT = 0.05
"""Seconds that the first of a batch waits for others, at most, while many ask."""
BUSY = 0.25
"""Seconds for which many are taken to ask after two were seen to ask at the same moment."""
Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Asked(Generic[Item, Answer]):
    def __init__(self, item: Item, cost: int) -> None:
        self.item, self.cost = item, cost
        self.done = False
        self.answer: Answer | None = None


class Together(Generic[Item, Answer]):
    """Who asks alone is answered at once. Who comes while a batch is computed is part of the next one; and while many
    ask, the first of a batch waits for others as long as the batch before took. most: the cost of one batch, of which
    a dearer item has its own."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside = 0
        self._busy_until = self._lasted = 0.0
        self._waiting: deque[_Asked[Item, Answer]] = deque()
        self._turn = threading.Lock()

    def ask(self, item: Item, cost: int, answer: Callable[[Sequence[Item]], Sequence[Answer]]) -> Answer:
        """What `answer` gives for the item, perhaps computed by another thread beside others.

        An error of `answer` for several items is not handed on: each of them is computed again, alone.
        """
        asked: _Asked[Item, Answer] = _Asked(item, cost)
        self._waiting.append(asked)
        self._inside += 1
        if self._inside > 1:
            self._busy_until = time.monotonic() + BUSY
        try:
            with self._turn:
                while not asked.done:
                    self._compute(asked, answer)
        finally:
            self._inside -= 1
        if asked.answer is None:
            return answer([item])[0]
        return asked.answer

    def _compute(self, mine: _Asked[Item, Answer], answer: Callable[[Sequence[Item]], Sequence[Answer]]) -> None:
        """The next batch. In the order in which they came, so that `mine` is reached."""
        if time.monotonic() < self._busy_until:
            time.sleep(min(MOST_WAIT, self._lasted))
        begun = time.monotonic()
        batch = [self._waiting.popleft()]
        while self._waiting and sum(each.cost for each in batch) + self._waiting[0].cost <= self._most:
            batch.append(self._waiting.popleft())
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


class Batched(ABC):
    """What HubBackend answers together. In `_memo`, which copies of a loaded model share, lie the queues."""

    together: int = 0
    """Tokens of all texts of one batch, so that nobody waits for long; 0: each text is computed when it comes."""
    _model: Any
    _memo: dict[str, Any]

    @abstractmethod
    def _need(self, task: str) -> None:
        """Raises MissingHeadError where the model lacks the head for `task`."""

    @abstractmethod
    def _inputs(self, encoding: Encoding, positions: tuple[int, ...]) -> dict[str, torch.Tensor]:
        """What the model is called with for those positions of the tokens, each (1, n)."""

    @abstractmethod
    def _batches(self, encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], dict[str, torch.Tensor]]]:
        """Texts of one window each, those of like length together: their places, and their padded inputs."""

    @abstractmethod
    def _unwatched(self) -> Any:
        """The model without its attention weights, which takes less time."""

    def label_logits(self, encoding: Encoding) -> np.ndarray:
        """(windows, labels) logits of the classifier. Raises MissingHeadError."""
        self._need("text-classification")
        if len(encoding.windows) == 1:
            return self._ask("labels", encoding, len(encoding.tokens), self._labels_of)[None]
        model = self._unwatched()
        with torch.inference_mode():
            rows = [model(**self._inputs(encoding, window)).logits[0] for window in encoding.windows]
        return numbers(torch.stack(rows))

    def mask_probabilities(self, encoding: Encoding, window: int, positions: tuple[int, ...]) -> np.ndarray:
        """(positions, vocabulary) probabilities; the head runs at those positions only. Raises MissingHeadError."""
        self._need("fill-mask")
        if len(encoding.windows) == 1:
            cost = len(encoding.tokens) + MASK_COST * len(positions)
            return self._ask("masks", (encoding, positions), cost, self._masks_of)
        columns = torch.tensor([encoding.windows[window].index(position) for position in positions])
        return self._masked(self._inputs(encoding, encoding.windows[window]), torch.zeros_like(columns), columns)

    def _ask(self, name: str, item: Any, cost: int, answer: Callable[[Sequence[Any]], list[np.ndarray]]) -> np.ndarray:
        if not self.together:
            return answer([item])[0]
        queue: Together[Any, np.ndarray] = self._memo.setdefault(f"together {name}", Together(self.together))
        return queue.ask(item, cost, answer)

    @torch.inference_mode()
    def _labels_of(self, encodings: Sequence[Encoding]) -> list[np.ndarray]:
        answers: dict[int, np.ndarray] = {}
        model = self._unwatched()
        for places, inputs in self._batches(encodings):
            answers |= dict(zip(places, numbers(model(**inputs).logits), strict=True))
        return [answers[place] for place in range(len(encodings))]

    def _masks_of(self, asked: Sequence[tuple[Encoding, tuple[int, ...]]]) -> list[np.ndarray]:
        answers: dict[int, np.ndarray] = {}
        for places, inputs in self._batches([encoding for encoding, _ in asked]):
            counts = [len(asked[place][1]) for place in places]
            rows = torch.tensor([row for row, count in enumerate(counts) for _ in range(count)])
            columns = torch.tensor([column for place in places for column in self._columns(*asked[place])])
            scores = self._masked(inputs, rows, columns)
            parts = np.split(scores, np.cumsum(counts)[:-1])
            answers |= {place: part.copy() for place, part in zip(places, parts, strict=True)}
        return [answers[place] for place in range(len(asked))]

    @staticmethod
    def _columns(encoding: Encoding, positions: tuple[int, ...]) -> list[int]:
        return [encoding.windows[0].index(position) for position in positions]

    @torch.inference_mode()
    def _masked(self, inputs: dict[str, torch.Tensor], rows: torch.Tensor, columns: torch.Tensor) -> np.ndarray:
        model = head_at(self._unwatched(), rows, columns)
        return numbers(masked_logits(model(**inputs))[:, 0].softmax(-1))
