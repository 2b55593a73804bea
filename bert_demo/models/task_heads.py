"""The heads of a model of transformers: a classifier of texts or of tokens, a next-sentence head, a masked-language
model.

What several threads ask of a head at the same moment is answered in one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import numpy as np
import torch

from bert_demo.models.base import Encoding, TaskHead
from bert_demo.models.batching import MicroBatcher
from bert_demo.models.device import finite, numbers
from bert_demo.models.encoder import TransformersEncoder
from bert_demo.models.surgery.at_positions import head_at, logits_of, masked_logits, next_sentence_logits

MASK_COST = 8
"""What a mask costs, in tokens: in 1,024 there is room for 128, whose logits over 30,000 words are 16 MB."""


class ClassificationHead:
    """Logits (labels,) of a text."""

    task = "text-classification"

    def __init__(self, encoder: TransformersEncoder) -> None:
        self._encoder = encoder
        self._batcher = MicroBatcher[Encoding, np.ndarray](encoder.batch_tokens)

    def on(self, encoder: Any) -> Self:
        """The same head on another encoder."""
        return type(self)(encoder)

    def logits(self, encoding: Encoding, window: int = 0, positions: tuple[int, ...] = ()) -> np.ndarray:
        """(outputs,) of one window."""
        if len(encoding.windows) == 1:
            return self._batcher.ask(encoding, len(encoding.tokens), self._of)
        with torch.inference_mode():
            return finite(numbers(self._run(self._encoder.fast(), self._encoder.inputs(encoding, window))[0]))

    def batched_logits(self, encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], np.ndarray]]:
        """For each padded batch of texts of one window each: their places, and (texts, outputs) logits."""
        for places, inputs in self._encoder.batches(encodings):
            with torch.inference_mode():
                logits = self._run(self._encoder.plain(), inputs)
            yield places, finite(numbers(logits))

    def _run(self, module: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        logits: torch.Tensor = module(**inputs).logits
        return logits

    @torch.inference_mode()
    def _of(self, encodings: Sequence[Encoding]) -> list[np.ndarray]:
        answers: dict[int, np.ndarray] = {}
        for places, inputs in self._encoder.batches(encodings):
            answers |= dict(zip(places, finite(numbers(self._run(self._encoder.fast(), inputs))), strict=True))
        return [answers[place] for place in range(len(encodings))]


class NextSentenceHead(ClassificationHead):
    """Logits (2,) of a pair: follows, does not."""

    task = "next-sentence"

    def _run(self, module: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        if module.get_output_embeddings() is not None:
            module = head_at(module, slice(None), 0)  # nobody asks for the words, which are then read at one position
        return next_sentence_logits(module(**inputs))


class TokenHead(ClassificationHead):
    """Logits (tokens, labels) of a text."""

    task = "token-classification"

    @torch.inference_mode()
    def _of(self, encodings: Sequence[Encoding]) -> list[np.ndarray]:
        answers = super()._of(encodings)
        return [each[: len(encoding.tokens)].copy() for each, encoding in zip(answers, encodings, strict=True)]


class AnswerHead(TokenHead):
    """Logits (tokens, 2) of a question and a passage: the answer begins here, ends here."""

    task = "question-answering"

    def _run(self, module: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        return logits_of(module(**inputs))


class MaskedLMHead:
    """Logits (vocabulary,) at positions of a text; the head runs at those alone."""

    task = "fill-mask"

    def __init__(self, encoder: TransformersEncoder) -> None:
        self._encoder = encoder
        self._batcher = MicroBatcher[tuple[Encoding, tuple[int, ...]], np.ndarray](encoder.batch_tokens)

    def on(self, encoder: Any) -> Self:
        """The same head on another encoder."""
        return type(self)(encoder)

    def logits(self, encoding: Encoding, window: int = 0, positions: tuple[int, ...] = ()) -> np.ndarray:
        """(positions, vocabulary) at `positions` of the tokens, which stand in that window."""
        if len(encoding.windows) == 1:
            cost = len(encoding.tokens) + MASK_COST * len(positions)
            return self._batcher.ask((encoding, positions), cost, self._of)
        columns = torch.tensor(_columns(encoding, window, positions))
        return self._at(self._encoder.inputs(encoding, window), torch.zeros_like(columns), columns)

    def batched_logits(self, encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], np.ndarray]]:
        """For each padded batch of texts: their places, and (texts, n, vocabulary) logits, those of padding too."""
        for places, inputs in self._encoder.batches(encodings):
            with torch.inference_mode():
                logits = masked_logits(self._encoder.plain()(**inputs))
            yield places, finite(numbers(logits))

    def _of(self, asked: Sequence[tuple[Encoding, tuple[int, ...]]]) -> list[np.ndarray]:
        answers: dict[int, np.ndarray] = {}
        for places, inputs in self._encoder.batches([encoding for encoding, _ in asked]):
            counts = [len(asked[place][1]) for place in places]
            rows = torch.tensor([row for row, count in enumerate(counts) for _ in range(count)])
            columns = torch.tensor([each for place in places for each in _columns(asked[place][0], 0, asked[place][1])])
            parts = np.split(self._at(inputs, rows, columns), np.cumsum(counts)[:-1])
            answers |= {place: part.copy() for place, part in zip(places, parts, strict=True)}
        return [answers[place] for place in range(len(asked))]

    @torch.inference_mode()
    def _at(self, inputs: dict[str, torch.Tensor], rows: torch.Tensor, columns: torch.Tensor) -> np.ndarray:
        return finite(numbers(masked_logits(head_at(self._encoder.fast(), rows, columns)(**inputs))[:, 0]))


def _columns(encoding: Encoding, window: int, positions: tuple[int, ...]) -> list[int]:
    return [encoding.windows[window].index(position) for position in positions]


KINDS: dict[str, Callable[[TransformersEncoder], TaskHead]] = {
    kind.task: kind for kind in (ClassificationHead, NextSentenceHead, TokenHead, AnswerHead, MaskedLMHead)
}
"""By task."""
