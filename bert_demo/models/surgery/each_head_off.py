"""The logits without each head in turn, where nothing below the changed layer is computed twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from bert_demo.models.base import Encoding, Model
from bert_demo.models.device import numbers
from bert_demo.models.surgery.at_positions import head_at, masked_logits
from bert_demo.models.surgery.from_embeddings import begin_at_embeddings
from bert_demo.models.surgery.from_layer import drop_first_layers
from bert_demo.models.surgery.partial_layers import join_layers, widen_first_layer
from bert_demo.models.surgery.without_heads import Gate, with_gates

TOKENS_AT_ONCE = 2048
NUMBERS_AT_ONCE = 8_000_000
"""Logits of one run of several layers, which a large vocabulary would make too many: 32 MB."""


def each_head_off(
    model: Model, encoding: Encoding, window: int, mask: int | None = None
) -> tuple[np.ndarray, Iterator[tuple[int, int, np.ndarray]]]:
    """(outputs,), the untouched model's logits; for each batch its layer, its first head, and (heads, outputs): the
    logits without each head from that one on.

    mask: a position of `encoding.tokens` that holds a mask; then the logits there, over the vocabulary. What lies
    below a layer is computed once for all of them, and so is, where the kind is known, the attention of the layer
    itself. Raises MissingHeadError where heads cannot be switched off.
    """
    for ability in ("embeddings", "heads", "layers"):
        model.capabilities.require(ability)
    column = None if mask is None else encoding.windows[window].index(mask)
    inputs = model.encoder.inputs(encoding, window)
    with torch.inference_mode():
        module = model.encoder.module
        whole = (module if column is None else head_at(module, slice(None), column))(
            **inputs, output_hidden_states=True
        )
        logits = whole.logits[0] if column is None else masked_logits(whole)[0, 0]
        ids = inputs.pop("input_ids")
        states = [model.encoder.embeddings(ids, inputs), *whole.hidden_states[1:]]
    variant, gates = with_gates(module)
    run = _Run(variant, gates, states, model.info.heads, NUMBERS_AT_ONCE // len(logits))
    return numbers(logits), run.batches(begin_at_embeddings(variant, ids, column, column is None, **inputs))


class _Run:
    """states: (1, n, d) before each layer and behind the last; most_rows: of one run, if it is of several layers."""

    def __init__(
        self, variant: Any, gates: Sequence[Gate], states: Sequence[torch.Tensor], heads: int, most_rows: int
    ) -> None:
        self._variant, self._gates, self._states, self._heads = variant, gates, states, heads
        self._at_once = max(1, TOKENS_AT_ONCE // states[0].shape[1])
        self._layers_at_once = max(1, min(self._at_once, most_rows) // heads)

    def batches(self, logits_from: Any) -> Iterator[tuple[int, int, np.ndarray]]:
        """logits_from: of what runs from such a state on, (rows, outputs).

        Where the kind is known, several layers are done in one run; the rows of a layer come in when it begins.
        """
        states, each_head = self._states, torch.eye(self._heads, device=self._states[0].device)
        layer = count = 0
        while layer < len(self._gates):
            if layer:
                drop_first_layers(self._variant, count)
            widens = widen_first_layer(self._variant)
            count = min(self._layers_at_once, len(self._gates) - layer) if widens else 1
            if count > 1:
                join_layers(self._variant, states[layer + 1 : layer + count], 1 - each_head)
            for first, rows in zip(range(0, self._heads, self._at_once), each_head.split(self._at_once), strict=True):
                self._gates[layer].value = 1 - rows
                with torch.inference_mode():
                    logits = logits_from(states[layer] if widens else states[layer].expand(len(rows), -1, -1))
                for number, part in enumerate(logits.split(len(rows))):
                    yield layer + number, first, numbers(part)
            layer += count
