"""The part of a backend that looks at single heads and switches them off, on copies that share every weight."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np
import torch

from bert_demo.backends.base import Encoding, Trace
from bert_demo.backends.gates import closed, with_gates
from bert_demo.backends.variants import drop_first_layers, head_at, hidden_states, masked_logits, on_embeddings
from bert_demo.errors import ModelError

TOKENS_AT_ONCE = 2048


class Headwise(ABC):
    """What HubBackend does head by head. Heads are (layer, head) from 0."""

    layers: int
    heads: int
    _model: Any
    _tokenizer: Any

    @abstractmethod
    def _inputs(self, encoding: Encoding, positions: tuple[int, ...]) -> dict[str, torch.Tensor]:
        """What the model is called with for those positions of the tokens, each (1, n)."""

    @abstractmethod
    def _embed(self, ids: torch.Tensor, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """(1, n, d), the embedding module's output."""

    def without(self, heads: Sequence[tuple[int, int]]) -> Self:
        """The same model with these heads adding nothing. Raises ModelError for an unknown kind."""
        twin = copy.copy(self)
        twin._model, gates = with_gates(self._model, self.layers)
        for gate, row in zip(gates, closed(heads, self.layers, self.heads), strict=True):
            gate.value = row[None]
        return twin

    @torch.inference_mode()
    def trace(self, encoding: Encoding, window: int, layer: int, head: int) -> Trace:
        """What one head computes on one window."""
        variant, gates = with_gates(self._model, self.layers)
        seen: dict[str, Any] = {}
        gates[layer].trace = seen
        variant.base_model(**self._inputs(encoding, encoding.windows[window]))
        q, k, v, weights, output = (np.asarray(seen[name][0, head]) for name in ("q", "k", "v", "weights", "output"))
        return Trace(q, k, v, weights, output, float(seen["scaling"]))

    def without_each(self, encoding: Encoding, window: int, mask: int | None = None) -> Iterator[np.ndarray]:
        """For each layer (heads, labels), the classifier's logits without each of its heads.

        mask: a position of `encoding.tokens` that holds a mask; then (heads, vocabulary), the logits there. What lies
        below a layer is computed once for all of them. Raises ModelError for an unknown kind.
        """
        positions = encoding.windows[window]
        column = None if mask is None else positions.index(mask)
        inputs = self._inputs(encoding, positions)
        ids = inputs.pop("input_ids")
        with torch.inference_mode():
            variant, gates = with_gates(self._model, self.layers)
            state = self._embed(ids, inputs)
            states = hidden_states(self._model, ids, inputs, state)
            logits_from = on_embeddings(variant, ids, column, **inputs)
        for layer, gate in enumerate(gates):
            with torch.inference_mode():
                if layer and not drop_first_layers(variant, 1):
                    raise ModelError("The layers of this kind of model cannot be taken one by one.")
                state = states[layer] if layer else state
                found = []
                for rows in torch.eye(self.heads).split(max(1, TOKENS_AT_ONCE // len(positions))):
                    gate.value = 1 - rows
                    found.append(logits_from(state.expand(len(rows), -1, -1)))
            yield np.asarray(torch.cat(found))

    @torch.inference_mode()
    def many_logits(self, encodings: Sequence[Encoding]) -> np.ndarray:
        """(texts, labels), the classifier's logits of texts of one window each, in padded batches."""
        rows: list[torch.Tensor | None] = [None] * len(encodings)
        for places, inputs in self._batches(encodings):
            for place, logits in zip(places, self._model(**inputs).logits, strict=True):
                rows[place] = logits
        return np.asarray(torch.stack([row for row in rows if row is not None]))

    def gate_gradients(self, encodings: Sequence[Encoding], targets: Sequence[int]) -> Iterator[tuple[int, np.ndarray]]:
        """(texts so far, (layers, heads)): for each batch the sum over texts of |d loss / d gate|.

        targets: the right label of each text. The expectation of this is the importance I_h of Michel et al. 2019.
        """
        variant, gates = with_gates(self._model, self.layers)
        done = 0
        for places, inputs in self._batches(encodings):
            opened = torch.ones(self.layers, len(places), self.heads, requires_grad=True)
            for gate, value in zip(gates, opened, strict=True):
                gate.value = value
            wanted = torch.tensor([targets[place] for place in places])
            loss = torch.nn.functional.cross_entropy(variant(**inputs).logits, wanted, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, opened)
            done += len(places)
            yield done, np.asarray(gradient.abs().sum(1))

    def _batches(self, encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], dict[str, torch.Tensor]]]:
        """Texts of like length together: their places, and their padded inputs."""
        order = sorted(range(len(encodings)), key=lambda place: len(encodings[place].tokens))
        while order:
            longest = len(encodings[order[-1]].tokens)
            places = order[-max(1, TOKENS_AT_ONCE // longest) :]
            del order[-len(places) :]
            rows = [self._inputs(encodings[place], encodings[place].windows[0]) for place in places]
            plain = [{name: row[0].tolist() for name, row in each.items()} for each in rows]
            padded = self._tokenizer.pad(
                {name: [each[name] for each in plain] for name in plain[0]}, return_tensors="pt"
            )
            yield places, dict(padded)

    def mask_logits(self, encoding: Encoding, window: int, mask: int) -> np.ndarray:
        """(vocabulary,) logits of the masked-language model at one position."""
        positions = encoding.windows[window]
        with torch.inference_mode():
            model = head_at(self._model, torch.tensor([0]), torch.tensor([positions.index(mask)]))
            return np.asarray(masked_logits(model(**self._inputs(encoding, positions)))[0, 0])
