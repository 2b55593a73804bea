"""A masked-language model reading many variants of one text at once, or states that are no text's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from bert_demo.models.base import Encoding, Model, Reading
from bert_demo.models.collation import TOKENS_AT_ONCE
from bert_demo.models.device import numbers
from bert_demo.models.surgery.at_positions import head_at, head_on, masked_logits


def log_probabilities(
    model: Model, encoding: Encoding, window: int, readings: Sequence[Reading]
) -> Iterator[np.ndarray]:
    """For each variant of one window (asked positions, vocabulary), log-probabilities in single precision.

    The variants are read in batches, the head at the asked positions alone. Raises MissingHeadError.
    """
    model.heads["fill-mask"]  # raises MissingHeadError
    column = {position: place for place, position in enumerate(encoding.windows[window])}
    inputs = model.encoder.inputs(encoding, window)
    at_once = max(1, TOKENS_AT_ONCE // len(column))
    for first in range(0, len(readings), at_once):
        batch = readings[first : first + at_once]
        ids = inputs["input_ids"].repeat(len(batch), 1)
        for row, reading in enumerate(batch):
            for position, token in reading.tokens.items():
                ids[row, column[position]] = token
        asked = [(row, column[each]) for row, reading in enumerate(batch) for each in reading.asked]
        rows, columns = (torch.tensor(each) for each in zip(*asked, strict=True))
        rest = {name: value.expand(len(batch), -1) for name, value in inputs.items() if name != "input_ids"}
        with torch.inference_mode():
            output = head_at(model.encoder.plain(), rows, columns)(input_ids=ids, **rest)
            scores = masked_logits(output)[:, 0].log_softmax(-1)
        for part in scores.split([len(reading.asked) for reading in batch]):
            yield numbers(part)


def states_as_words(model: Model, states: np.ndarray) -> np.ndarray:
    """(n, d) states of any layer read by the masked-language-model head: (n, vocabulary) log-probabilities.

    Raises MissingHeadError.
    """
    model.heads["fill-mask"]  # raises MissingHeadError
    given = torch.tensor(states, device=model.encoder.device)[None]
    nothing = torch.zeros(given.shape[:2], dtype=torch.long, device=given.device)
    with torch.inference_mode():
        output = head_on(model.encoder.module, given)(input_ids=nothing)
        return numbers(masked_logits(output)[0].log_softmax(-1))
