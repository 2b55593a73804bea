"""The part of a backend that looks at single heads and switches them off, on copies that share every weight."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np
import torch
from torch.nn import functional

from bert_demo.backends.base import Encoding, Trace
from bert_demo.backends.device import numbers
from bert_demo.backends.gates import Gate, closed, with_gates
from bert_demo.backends.variants import (
    drop_first_layers,
    head_at,
    join_layers,
    masked_logits,
    on_embeddings,
    widen_first_layer,
)
from bert_demo.errors import ModelError

TOKENS_AT_ONCE = 2048
NUMBERS_AT_ONCE = 8_000_000
"""Logits of one run of several layers, which a large vocabulary would make too many: 32 MB."""


class Headwise(ABC):
    """What HubBackend does head by head. Heads are (layer, head) from 0."""

    layers: int
    heads: int
    activation: str
    device: torch.device
    _model: Any
    _tokenizer: Any
    _memo: dict[str, Any]

    @abstractmethod
    def _inputs(self, encoding: Encoding, positions: tuple[int, ...]) -> dict[str, torch.Tensor]:
        """What the model is called with for those positions of the tokens, each (1, n)."""

    @abstractmethod
    def _rows(self, encoding: Encoding, positions: tuple[int, ...]) -> dict[str, list[int]]:
        """The same as lists, each of n numbers."""

    @abstractmethod
    def _embed(self, ids: torch.Tensor, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """(1, n, d), the embedding module's output."""

    def without(self, heads: Sequence[tuple[int, int]]) -> Self:
        """The same model with these heads adding nothing. Raises ModelError for an unknown kind."""
        twin = copy.copy(self)
        twin._memo = {"of": self}  # so that the model counts as used while its twin is
        twin._model, gates = with_gates(self._model, self.layers)
        for gate, row in zip(gates, closed(heads, self.layers, self.heads).to(self.device), strict=True):
            gate.value = row[None]
        return twin

    @torch.inference_mode()
    def trace(self, encoding: Encoding, window: int, layer: int, head: int) -> Trace:
        """What one head computes on one window."""
        variant, gates = with_gates(self._model, self.layers)
        seen: dict[str, Any] = {}
        gates[layer].trace = seen
        variant.base_model(**self._inputs(encoding, encoding.windows[window]))
        kinds = ("q", "k", "v", "weights", "output")
        q, k, v, weights, output = (numbers(seen[name][0, head]).copy() for name in kinds)
        return Trace(q, k, v, weights, output, float(seen["scaling"]))

    def without_each(
        self, encoding: Encoding, window: int, mask: int | None = None
    ) -> tuple[np.ndarray, Iterator[tuple[int, int, np.ndarray]]]:
        """(labels,), the untouched model's logits; for each batch its layer, its first head, and (heads, labels): the
        logits without each head from that one on.

        mask: a position of `encoding.tokens` that holds a mask; then the logits there, over the vocabulary. What lies
        below a layer is computed once for all of them, and so is, where the kind is known, the attention of the layer
        itself. Raises ModelError for an unknown kind.
        """
        positions = encoding.windows[window]
        column = None if mask is None else positions.index(mask)
        inputs = self._inputs(encoding, positions)
        with torch.inference_mode():
            model = self._model if column is None else head_at(self._model, slice(None), column)
            whole = model(**inputs, output_hidden_states=True)
            logits = whole.logits[0] if column is None else masked_logits(whole)[0, 0]
            ids = inputs.pop("input_ids")
            states = [self._embed(ids, inputs), *whole.hidden_states[1:]]
        variant, gates = with_gates(self._model, self.layers)
        logits_from = on_embeddings(variant, ids, column, **inputs)
        most_rows = NUMBERS_AT_ONCE // len(logits)
        return numbers(logits), self._each_layer(variant, gates, states, logits_from, most_rows)

    def _each_layer(
        self, variant: Any, gates: Sequence[Gate], states: Sequence[torch.Tensor], logits_from: Any, most_rows: int
    ) -> Iterator[tuple[int, int, np.ndarray]]:
        """states: (1, n, d) before each layer; logits_from: of what runs from such a state on, (rows, labels);
        most_rows: from one run, if it is of several layers.

        Where the kind is known, several layers are done in one run; the rows of a layer come in when it begins.
        """
        at_once = max(1, TOKENS_AT_ONCE // states[0].shape[1])
        together = max(1, min(at_once, most_rows) // self.heads)
        each_head = torch.eye(self.heads, device=self.device)
        layer = count = 0
        while layer < self.layers:
            if layer and not drop_first_layers(variant, count):
                raise ModelError("The layers of this kind of model cannot be taken one by one.")
            widens = widen_first_layer(variant)
            if widens:  # then no gate is in a layer whose attention is not by hand
                variant.config._attn_implementation = "sdpa"
            count = min(together, self.layers - layer) if widens else 1
            if count > 1:
                join_layers(variant, states[layer + 1 : layer + count], 1 - each_head)
            for first, rows in zip(range(0, self.heads, at_once), each_head.split(at_once), strict=True):
                gates[layer].value = 1 - rows
                with torch.inference_mode():
                    logits = logits_from(states[layer] if widens else states[layer].expand(len(rows), -1, -1))
                for number, part in enumerate(logits.split(len(rows))):
                    yield layer + number, first, numbers(part)
            layer += count

    def many_logits(self, encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], np.ndarray]]:
        """For each padded batch of texts of one window each: their places, and the logits (texts, labels)."""
        for places, inputs in self._batches(encodings):
            with torch.inference_mode():
                logits = self._model(**inputs).logits
            yield places, numbers(logits)

    def gate_gradients(self, encodings: Sequence[Encoding], truth: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """For each batch how many texts it has, and (layers, heads), their sum of |d loss / d gate|.

        truth: (texts, labels) of 0 and 1. The loss is the cross-entropy; where each label is judged by itself, the sum
        of the labels' binary ones. The expectation of this is the importance I_h of Michel et al. 2019.
        """
        variant, gates = with_gates(self._model, self.layers)
        loss_of: Any = functional.binary_cross_entropy_with_logits
        if self.activation == "softmax":
            loss_of = functional.cross_entropy
        for places, inputs in self._batches(encodings):
            opened = torch.ones(self.layers, len(places), self.heads, device=self.device, requires_grad=True)
            for gate, value in zip(gates, opened, strict=True):
                gate.value = value
            logits = variant(**inputs).logits
            loss = loss_of(
                logits, torch.as_tensor(truth[places], dtype=logits.dtype, device=self.device), reduction="sum"
            )
            (gradient,) = torch.autograd.grad(loss, opened)
            yield len(places), numbers(gradient.abs().sum(1))

    def _batches(self, encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], dict[str, torch.Tensor]]]:
        """Texts of like length together, none of them less than half as long as another, where the tokenizer can pad:
        their places, and their padded inputs."""
        order = sorted(range(len(encodings)), key=lambda place: len(encodings[place].tokens))
        while order:
            longest = len(encodings[order[-1]].tokens)
            at_once = max(1, TOKENS_AT_ONCE // longest) if self._tokenizer.pad_token is not None else 1
            places = [place for place in order[-at_once:] if 2 * len(encodings[place].tokens) >= longest]
            del order[-len(places) :]
            rows = [self._rows(encodings[place], encodings[place].windows[0]) for place in places]
            if len(rows) == 1:
                yield places, self._inputs(encodings[places[0]], encodings[places[0]].windows[0])
                continue
            padded = self._tokenizer.pad(
                {name: [row[name] for row in rows] for name in rows[0]}, padding_side="right", return_tensors="pt"
            )
            yield places, {name: each.to(self.device) for name, each in padded.items()}

    def mask_logits(self, encoding: Encoding, window: int, mask: int) -> np.ndarray:
        """(vocabulary,) logits of the masked-language model at one position."""
        positions = encoding.windows[window]
        with torch.inference_mode():
            model = head_at(self._model, torch.tensor([0]), torch.tensor([positions.index(mask)]))
            return numbers(masked_logits(model(**self._inputs(encoding, positions)))[0, 0])
