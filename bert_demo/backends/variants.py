"""Variants of a model that share its weights and never touch it.

A variant is a deep copy of the module tree whose memo already holds every parameter and buffer: it costs
milliseconds and no memory to speak of, and whatever is replaced on it leaves the shared model as it was.
"""

from __future__ import annotations

import copy
from itertools import chain
from typing import Any

import torch
from torch import nn


def shared_copy(model: nn.Module) -> Any:
    """Copy the modules of `model`, not its weights."""
    memo = {id(tensor): tensor for tensor in chain(model.parameters(), model.buffers())}
    return copy.deepcopy(model, memo)


class _Gather(nn.Module):
    """An encoder whose last hidden state keeps only some positions: (batch, length, d) -> (chosen, 1, d)."""

    def __init__(self, encoder: nn.Module, rows: torch.Tensor, columns: torch.Tensor) -> None:
        super().__init__()
        self.encoder = encoder
        self.rows, self.columns = rows, columns

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        output = self.encoder(*args, **kwargs)
        output.last_hidden_state = output.last_hidden_state[self.rows, self.columns].unsqueeze(1)
        return output


def head_at(model: nn.Module, rows: torch.Tensor, columns: torch.Tensor) -> Any:
    """A masked-language model that applies its head at the given positions only.

    rows, columns: (chosen,). Its logits are (chosen, 1, vocabulary) instead of (batch, length, vocabulary), which
    saves the vocabulary projection, the dearest layer of a small model, everywhere else.
    """
    prefix = str(model.base_model_prefix)
    variant = copy.copy(model)
    variant._modules = dict(model._modules)
    setattr(variant, prefix, _Gather(getattr(model, prefix), rows, columns))
    return variant


def masked_logits(output: Any) -> torch.Tensor:
    """The masked-language-model logits of a model with that head alone or with both."""
    logits: torch.Tensor = output.prediction_logits if "prediction_logits" in output else output.logits
    return logits


class _Given(nn.Module):
    """Stands for an embedding module and answers with the tensor that was put in."""

    def __init__(self) -> None:
        super().__init__()
        self.value: torch.Tensor | None = None

    def forward(self, *_: Any, **__: Any) -> torch.Tensor | None:
        return self.value


def with_embeddings(model: nn.Module, ids: torch.Tensor, **inputs: torch.Tensor) -> Any:
    """A function (batch, n, d) -> logits that runs `model` from its embedding module's output on.

    ids: (1, n), which give the model its shapes; inputs: further (1, n) inputs, such as token types.
    """
    variant = shared_copy(model)
    given = _Given()
    variant.base_model.embeddings = given

    def logits_from(embeddings: torch.Tensor) -> torch.Tensor:
        given.value = embeddings
        rows = embeddings.shape[0]
        try:
            logits: torch.Tensor = variant(
                input_ids=ids.expand(rows, -1), **{name: value.expand(rows, -1) for name, value in inputs.items()}
            ).logits
        finally:
            given.value = None
        return logits

    return logits_from
