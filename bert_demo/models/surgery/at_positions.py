"""A model whose head is applied to some positions only, or to states that are put in."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn
from transformers.modeling_outputs import BaseModelOutputWithPooling


class _Gather(nn.Module):
    """An encoder whose last hidden state keeps only some positions: (batch, length, d) -> (chosen, 1, d)."""

    def __init__(self, encoder: nn.Module, rows: torch.Tensor | slice, columns: torch.Tensor | int) -> None:
        super().__init__()
        self.encoder = encoder
        self.rows, self.columns = rows, columns

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        output = self.encoder(*args, **kwargs)
        output.last_hidden_state = output.last_hidden_state[self.rows, self.columns].unsqueeze(1)
        return output


class _States(nn.Module):
    """Stands for an encoder and answers with the states that were put in."""

    def __init__(self, value: torch.Tensor) -> None:
        super().__init__()
        self.value = value

    def forward(self, *_: Any, **__: Any) -> BaseModelOutputWithPooling:
        return BaseModelOutputWithPooling(last_hidden_state=self.value, pooler_output=self.value[:, 0])


def head_at(module: nn.Module, rows: torch.Tensor | slice, columns: torch.Tensor | int) -> Any:
    """A masked-language model that applies its head at the given positions only.

    rows, columns: (chosen,), or a slice of the rows and the one position that is wanted of each. Its logits are
    (chosen, 1, vocabulary) instead of (batch, length, vocabulary), which saves the vocabulary projection, the dearest
    layer of a small model, everywhere else.
    """
    return _with_encoder(module, _Gather(getattr(module, str(module.base_model_prefix)), rows, columns))


def head_on(module: nn.Module, states: torch.Tensor) -> Any:
    """A model whose heads read `states` (batch, n, d), whatever it is given."""
    return _with_encoder(module, _States(states))


def _with_encoder(module: nn.Module, encoder: nn.Module) -> Any:
    variant = copy.copy(module)
    variant._modules = dict(module._modules)
    setattr(variant, str(module.base_model_prefix), encoder)
    return variant


def logits_of(output: Any) -> torch.Tensor:
    """The logits of any other head; of one for answers (batch, length, 2), where they begin and where they end."""
    if "start_logits" in output:
        return torch.stack((output.start_logits, output.end_logits), dim=-1)
    logits: torch.Tensor = output.logits
    return logits


def masked_logits(output: Any) -> torch.Tensor:
    """The masked-language-model logits of a model with that head alone or with both."""
    logits: torch.Tensor = output.prediction_logits if "prediction_logits" in output else output.logits
    return logits


def next_sentence_logits(output: Any) -> torch.Tensor:
    """The next-sentence logits of a model with that head alone or with both."""
    logits: torch.Tensor = output.seq_relationship_logits if "seq_relationship_logits" in output else output.logits
    return logits
