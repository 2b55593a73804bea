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
from bert_demo.backends.fused import fused
from bert_demo.backends.variants import following_logits, head_at, masked_logits

MASK_COST = 8
"""What a mask costs, in tokens: in 1,024 there is room for 128, whose probabilities of 30,000 words are 16 MB."""
MOST_WAIT = 0.05
"""Seconds that the first of a batch waits for others, at most, while many ask."""
BUSY = 0.25
"""Seconds for which many are taken to ask after two were seen to ask at the same moment."""
ENOUGH = 256
"""The cost for which a batch waits: the processor does no more tokens a second in a larger one."""
Item = TypeVar("Item")
Answer = TypeVar("Answer")
_one_makes = threading.Lock()


class _Asked(Generic[Item, Answer]):
    def __init__(self, item: Item, cost: int) -> None:
        self.item, self.cost = item, cost
        self.turn = threading.Event()
        """It was answered, or its thread is to compute the next batch."""
        self.done = False
        self.answer: Answer | None = None


class Together(Generic[Item, Answer]):
    """Who asks alone is answered at once. Who comes while a batch is computed is part of the next one; and while many
    ask, a small batch waits for others as long as the batch before took. most: the cost of one batch, of which a dearer
    item has its own.

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


class Batched(ABC):
    """What HubBackend answers together. In `_memo`, which copies of a loaded model share, lie the queues."""

    info: Any
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

    def _swift(self) -> Any:
        """The same in fewer steps, where its layers are of BERT's shape."""
        if "swift" not in self._memo:
            with _one_makes:
                if "swift" not in self._memo:
                    plain = self._unwatched()
                    self._memo["swift"] = fused(plain) or plain
        return self._memo["swift"]

    def hurry(self) -> None:
        """Make now what the first question would wait for."""
        self._swift()

    def label_logits(self, encoding: Encoding) -> np.ndarray:
        """(windows, labels) logits of the classifier. Raises MissingHeadError."""
        self._need("text-classification")
        if len(encoding.windows) == 1:
            return self._ask("labels", encoding, len(encoding.tokens), self._labels_of)[None]
        model = self._swift()
        with torch.inference_mode():
            rows = [model(**self._inputs(encoding, window)).logits[0] for window in encoding.windows]
        return numbers(torch.stack(rows))

    def next_sentence_logits(self, encoding: Encoding) -> np.ndarray:
        """(2,) logits of a pair of one window: follows, does not. Raises MissingHeadError."""
        self._need("next-sentence")
        return self._ask("pairs", encoding, len(encoding.tokens), self._pairs_of)

    def attentions(self, encoding: Encoding, window: int) -> np.ndarray:
        """(layers, heads, n, n) attention weights of one window, as `output_attentions` gives them."""
        if len(encoding.windows) == 1:
            return self._ask("weights", encoding, len(encoding.tokens), self._weights_of)
        with torch.inference_mode():
            return numbers(torch.cat(self._weights(self._inputs(encoding, encoding.windows[window]))))

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
        return self._each(encodings, lambda inputs: self._swift()(**inputs).logits)

    @torch.inference_mode()
    def _pairs_of(self, encodings: Sequence[Encoding]) -> list[np.ndarray]:
        model = self._swift()
        if "fill-mask" in self.info.tasks:  # then that head, which nobody asks, reads one position instead of all
            model = head_at(model, slice(None), 0)
        return self._each(encodings, lambda inputs: following_logits(model(**inputs)))

    def _each(self, encodings: Sequence[Encoding], run: Callable[[Any], torch.Tensor]) -> list[np.ndarray]:
        """The row of each text."""
        answers: dict[int, np.ndarray] = {}
        for places, inputs in self._batches(encodings):
            answers |= dict(zip(places, numbers(run(inputs)), strict=True))
        return [answers[place] for place in range(len(encodings))]

    @torch.inference_mode()
    def _weights_of(self, encodings: Sequence[Encoding]) -> list[np.ndarray]:
        answers: dict[int, np.ndarray] = {}
        for places, inputs in self._batches(encodings):
            layers = self._weights(inputs)
            for row, place in enumerate(places):
                count = len(encodings[place].tokens)
                answers[place] = numbers(torch.stack([each[row, :, :count, :count] for each in layers]))
        return [answers[place] for place in range(len(encodings))]

    def _weights(self, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, ...]:
        found: tuple[torch.Tensor, ...] = self._model.base_model(**inputs, output_attentions=True).attentions
        return found

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
        model = head_at(self._swift(), rows, columns)
        return numbers(masked_logits(model(**inputs))[:, 0].softmax(-1))
