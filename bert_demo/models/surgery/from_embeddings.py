"""A model that begins behind its embedding module, with states that are put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from bert_demo.models.surgery.at_positions import head_at, logits_of, masked_logits
from bert_demo.models.surgery.partial_layers import narrow_last_layer
from bert_demo.models.surgery.shared_copy import begin_with, shared_copy, without_weights


class Given(nn.Module):
    """Stands for an embedding module and answers with the tensor that was put in."""

    def __init__(self, value: torch.Tensor | None = None) -> None:
        super().__init__()
        self.value = value

    def forward(self, *_: Any, **__: Any) -> torch.Tensor | None:
        """(batch, n, d), what was put in."""
        return self.value


def from_embeddings(
    module: nn.Module, ids: torch.Tensor, position: int | None = None, classifies: bool = False, **inputs: torch.Tensor
) -> Callable[[torch.Tensor], torch.Tensor]:
    """A function (batch, n, d) -> (batch, outputs) that runs `module` from its embedding module's output on.

    ids: (1, n), which give the model its shapes; inputs: further (1, n) inputs, such as token types; position: of a
    masked-language model the one whose logits over the vocabulary are wanted; classifies: its head reads the text as a
    whole, which layers of BERT's shape bring to the first position.
    """
    return begin_at_embeddings(shared_copy(module), ids, position, classifies, **inputs)


def begin_at_embeddings(
    variant: Any, ids: torch.Tensor, position: int | None = None, classifies: bool = False, **inputs: torch.Tensor
) -> Callable[[torch.Tensor], torch.Tensor]:
    """The same of a copy that is nobody else's, which is changed for it."""
    without_weights(variant)
    given = Given()
    begin_with(variant, given)
    read = 0 if classifies else position
    narrow = read is not None and narrow_last_layer(variant, read)

    def logits_from(embeddings: torch.Tensor) -> torch.Tensor:
        given.value = embeddings
        run = variant if position is None else head_at(variant, slice(None), 0 if narrow else position)
        try:
            output = run(**expanded(ids, inputs, len(embeddings)))
        finally:
            given.value = None
        return logits_of(output) if position is None else masked_logits(output)[:, 0]

    return logits_from


def hidden_states(
    module: nn.Module, ids: torch.Tensor, inputs: Mapping[str, torch.Tensor], embeddings: torch.Tensor
) -> tuple[torch.Tensor, ...]:
    """The states before each layer and behind the last, each (batch, n, d), from the embedding module's output on."""
    variant = shared_copy(module)
    begin_with(variant, Given(embeddings))
    output = variant.base_model(**expanded(ids, inputs, len(embeddings)), output_hidden_states=True)
    states: tuple[torch.Tensor, ...] = output.hidden_states
    return states


def expanded(ids: torch.Tensor, inputs: Mapping[str, torch.Tensor], rows: int) -> dict[str, torch.Tensor]:
    """Inputs of one row for so many rows."""
    return {name: each.expand(rows, -1) for name, each in {"input_ids": ids, **inputs}.items()}
