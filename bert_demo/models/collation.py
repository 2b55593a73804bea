"""Encodings as tensors: the one place that turns token ids into what a model is called with, and pads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch

from bert_demo.models.base import Encoding

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TOKENS_AT_ONCE = 2048
"""Of one batch, padding included."""
TOKENS_AT_ONCE_WITH_GRADIENTS = 1024
"""Of one batch that is gone back through, which takes three times as long: whoever leaves waits for its end."""


class Collator:
    """Inputs for a model. pads: whether texts may be read in padded batches, which needs a padding token."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self.pads = tokenizer.pad_token is not None
        self.pad_id: int | None = tokenizer.pad_token_id

    def inputs(self, encoding: Encoding, window: int, device: torch.device) -> dict[str, torch.Tensor]:
        """One window, each (1, n)."""
        return {name: torch.tensor([row], device=device) for name, row in self._rows(encoding, window).items()}

    def batches(
        self, encodings: Sequence[Encoding], device: torch.device, gradients: bool = False
    ) -> Iterator[tuple[list[int], dict[str, torch.Tensor]]]:
        """Texts of one window each, none of them less than half as long as another of its batch, where the tokenizer
        can pad: their places, and their padded inputs, each (texts, n).

        gradients: whether each batch is gone back through, too.
        """
        most = TOKENS_AT_ONCE_WITH_GRADIENTS if gradients else TOKENS_AT_ONCE
        order = sorted(range(len(encodings)), key=lambda place: len(encodings[place].tokens))
        while order:
            longest = len(encodings[order[-1]].tokens)
            at_once = max(1, most // longest) if self.pads else 1
            places = [place for place in order[-at_once:] if 2 * len(encodings[place].tokens) >= longest]
            del order[-len(places) :]
            if len(places) == 1:
                yield places, self.inputs(encodings[places[0]], 0, device)
                continue
            rows = [self._rows(encodings[place], 0) for place in places]
            padded = self._tokenizer.pad(
                {name: [row[name] for row in rows] for name in rows[0]}, padding_side="right", return_tensors="pt"
            )
            yield places, {name: each.to(device) for name, each in padded.items()}

    def _rows(self, encoding: Encoding, window: int) -> dict[str, list[int]]:
        positions = encoding.windows[window]
        rows = {"input_ids": [encoding.tokens[position].id for position in positions]}
        if "token_type_ids" in self._tokenizer.model_input_names:
            rows["token_type_ids"] = [encoding.segments[position] for position in positions]
        return rows
