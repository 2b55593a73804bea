"""A model of transformers below its heads: its faster copies, its attention weights and its states."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
import torch
from torch import nn

from bert_demo.core.errors import MissingHeadError
from bert_demo.models.base import Encoding
from bert_demo.models.batching import MicroBatcher
from bert_demo.models.collation import Collator
from bert_demo.models.device import CPU, finite, numbers
from bert_demo.models.surgery.fused_layers import fused
from bert_demo.models.surgery.shared_copy import embeddings_of, family_of, shared_copy, without_weights

PARTS = {
    "word": ("word_embeddings", "tok_embeddings"),
    "position": ("position_embeddings",),
    "segment": ("token_type_embeddings",),
}
NORMS = ("LayerNorm", "layer_norm", "norm")
"""What is added before layer 0, and what normalises the sum, by the names of the modules that do it."""


class TransformersEncoder:
    """A module of transformers, in float32, which shows its attention weights. Several threads may call at once.

    changed: whether the module is a changed copy, which is as fast as it is; batch_tokens: of all texts that are
    computed together when several threads ask, 0 for each text when it comes.
    """

    def __init__(self, module: Any, collator: Collator, batch_tokens: int = 0, changed: bool = False) -> None:
        self.module, self.collator, self.batch_tokens = module, collator, batch_tokens
        self.device = CPU
        self._changed = changed
        self._first_position = family_of(module).position(int(module.config.pad_token_id or 0))
        self._attentions = MicroBatcher[Encoding, np.ndarray](batch_tokens)
        self._copies: dict[str, Any] = {}
        self._lock = threading.Lock()

    def on(self, module: Any) -> Self:
        """The same on a changed copy of the module."""
        twin = type(self)(module, self.collator, self.batch_tokens, changed=True)
        twin.device = self.device
        return twin

    def plain(self) -> Any:
        """A copy that shows no attention weights, which takes less time; since it is kept, nobody changes it."""
        return self._copy("plain", self._made_plain)

    def fast(self) -> Any:
        """The same in fewer steps, where its layers are of BERT's shape."""
        return self._copy("fast", lambda: fused(self.plain()) or self.plain())

    def _copy(self, kind: str, make: Any) -> Any:
        if self._changed:
            return self.module
        if kind not in self._copies:
            made = make()
            with self._lock:
                self._copies.setdefault(kind, made)
        return self._copies[kind]

    def _made_plain(self) -> Any:
        variant = shared_copy(self.module)
        without_weights(variant)
        return variant

    def move(self, device: torch.device) -> None:
        """Compute there from now on. Only for whoever loads the model: nobody else may use it meanwhile."""
        self.module.to(device)
        self._copies.clear()  # they were made of the weights where they were
        self.device = device

    def memory(self) -> int:
        """Bytes of the weights, each counted once."""
        held = {each.data_ptr(): each.nbytes for each in (*self.module.parameters(), *self.module.buffers())}
        return sum(held.values())

    def inputs(self, encoding: Encoding, window: int = 0) -> dict[str, torch.Tensor]:
        """What the module is called with for one window, each (1, n)."""
        return self.collator.inputs(encoding, window, self.device)

    def batches(
        self, encodings: Sequence[Encoding], gradients: bool = False
    ) -> Iterator[tuple[list[int], dict[str, torch.Tensor]]]:
        """Texts of one window each, those of like length together: their places, and their padded inputs."""
        return self.collator.batches(encodings, self.device, gradients)

    def positions(self, ids: torch.Tensor) -> torch.Tensor:
        """(1, n), the row of the position embeddings that each token of a text has. Families that count from behind
        their padding id leave out tokens of that id, which may be one of the text."""
        if not self._first_position:
            return torch.arange(ids.shape[1], device=ids.device)[None]
        there = ids.ne(self._first_position - 1).long()
        return there.cumsum(1) * there + self._first_position - 1

    def embeddings(
        self, ids: torch.Tensor, inputs: Mapping[str, torch.Tensor], positions: torch.Tensor | None = None
    ) -> torch.Tensor:
        """(1, n, d), the embedding module's output.

        positions: (1, n), of the text that `ids` stand for, where some were replaced; None for those of `ids`.
        """
        module = embeddings_of(self.module)
        accepted = inspect.signature(module.forward).parameters
        given = {name: value for name, value in inputs.items() if name in accepted}
        if self._first_position and "position_ids" in accepted:
            given["position_ids"] = self.positions(ids) if positions is None else positions
        embeddings: torch.Tensor = module(ids, **given)
        return embeddings

    def attentions(self, encoding: Encoding, window: int) -> np.ndarray:
        """(layers, heads, n, n) attention weights of one window, as `output_attentions` gives them."""
        if len(encoding.windows) == 1:
            return self._attentions.ask(encoding, len(encoding.tokens), self._attentions_of)
        with torch.inference_mode():
            return finite(numbers(torch.cat(self._weights(self.inputs(encoding, window)))))

    @torch.inference_mode()
    def _attentions_of(self, encodings: Sequence[Encoding]) -> list[np.ndarray]:
        answers: dict[int, np.ndarray] = {}
        for places, inputs in self.batches(encodings):
            layers = self._weights(inputs)
            for row, place in enumerate(places):
                count = len(encodings[place].tokens)
                answers[place] = finite(numbers(torch.stack([each[row, :, :count, :count] for each in layers])))
        return [answers[place] for place in range(len(encodings))]

    def _weights(self, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, ...]:
        return shares(self.module, self.module.base_model(**inputs, output_attentions=True).attentions)

    def hidden_states(self, encoding: Encoding, window: int) -> np.ndarray:
        """(layers + 1, n, d), as `output_hidden_states` gives them: before layer 0 and behind each layer."""
        with torch.inference_mode():
            output = self.module.base_model(**self.inputs(encoding, window), output_hidden_states=True)
        return finite(numbers(torch.cat(output.hidden_states)))

    def batched_hidden_states(self, encodings: Sequence[Encoding]) -> Iterator[tuple[list[int], np.ndarray]]:
        """For each padded batch of texts of one window each: their places, and (texts, layers + 1, n, d) states by
        attention in one fused step; behind a text's own tokens stands padding."""
        for places, inputs in self.batches(encodings):
            with torch.inference_mode():
                states = self.plain().base_model(**inputs, output_hidden_states=True).hidden_states
            yield places, numbers(torch.stack(states, dim=1))

    def embedding_parts(self, encoding: Encoding, window: int) -> Mapping[str, np.ndarray]:
        """What is added before layer 0, by name ("word", "position", "segment"), each (n, d), then "normalised", their
        sum as the module's LayerNorm leaves it, and "output", the embedding module's own, each (n, d).

        Raises MissingHeadError for a model that makes its first states in another way.
        """
        module = embeddings_of(self.module)
        inputs = self.inputs(encoding, window)
        ids = inputs.pop("input_ids")
        indices = {
            "word": ids,
            "position": self.positions(ids),
            "segment": inputs.get("token_type_ids", torch.zeros_like(ids)),
        }
        with torch.inference_mode():
            found = {
                name: table(indices[name])[0]
                for name, places in PARTS.items()
                if isinstance(table := _first(module, places), nn.Module)
            }
            output = self.embeddings(ids, inputs)[0]
            alike = bool(found) and all(part.shape == output.shape for part in found.values())
            norm = _first(module, NORMS) or nn.Identity()
            total = norm(sum(found.values())) if alike else None
            if total is None or not torch.allclose(total, output, atol=1e-4):
                raise MissingHeadError(
                    "This kind of model does not simply add up what its first layer reads; there are no parts to show. "
                    'Choose a BERT, such as "base".'
                )
        every = {**found, "normalised": total, "output": output}
        return {name: numbers(value) for name, value in every.items()}

    def position_vectors(self) -> np.ndarray:
        """(positions, d), one learned vector for each place in the input. Raises MissingHeadError without such."""
        table = getattr(embeddings_of(self.module), "position_embeddings", None)
        if not isinstance(table, nn.Embedding):
            raise MissingHeadError(
                'This kind of model has no learned vector for each position. Choose a BERT, such as "base".'
            )
        return numbers(table.weight.detach()[self._first_position :])


def _first(module: Any, names: Iterable[str]) -> Any:
    """The first of these that the module has; None where it has none."""
    return next((found for name in names if (found := getattr(module, name, None)) is not None), None)


def shares(module: Any, attentions: Any) -> tuple[torch.Tensor, ...]:
    """The attention weights of each layer, of what transformers gives for them; none where a family has none."""
    if family_of(module).scores:
        return tuple(each.softmax(-1) for each in attentions)
    return tuple(attentions or ())
