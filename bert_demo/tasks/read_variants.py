"""Variants of one text, words switched off or masked: each is read once, whoever asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from bert_demo.models.base import Embedded

MOST_OUTPUTS = 1000
"""Logits of a variant that are kept; those over a vocabulary would fill the memory."""


def read_once(embedded: Embedded) -> Embedded:
    """The same window, whose `logits_from` computes no variant twice where no gradient is wanted.

    A variant has at every position the state of the text, of the baseline or of the mask; other rows are computed as
    they come, as all of their batch. For one thread at a time.
    """
    return replace(embedded, logits_from=_Variants(embedded))


class _Variants:
    def __init__(self, embedded: Embedded) -> None:
        states = (embedded.inputs, embedded.baseline, embedded.masked)
        self._states = [each for each in states if each is not None]
        self._compute: Callable[[torch.Tensor], torch.Tensor] = embedded.logits_from
        self._known: dict[bytes, torch.Tensor] = {}

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """(batch, n, d) -> (batch, outputs)."""
        if torch.is_grad_enabled():
            return self._compute(rows)
        names = self._names(rows)
        if not all(names):
            return self._compute(rows)
        new = {name: place for place, name in enumerate(names) if name not in self._known}
        logits = self._compute(rows[list(new.values())]) if new else rows[:0]
        found = dict(zip(new, logits, strict=True))
        answer = torch.stack([found[name] if name in found else self._known[name] for name in names])
        if new and logits[0].numel() <= MOST_OUTPUTS:
            self._known |= found
        return answer

    def _names(self, rows: torch.Tensor) -> list[bytes]:
        """What stands at each position: the number of a state, from 1; b"" for a row that has another one."""
        kinds = torch.zeros(rows.shape[:2], dtype=torch.uint8)
        for number, state in enumerate(self._states, start=1):
            kinds[(kinds == 0) & (rows == state).all(-1)] = number
        return [bytes(row) if all(row) else b"" for row in kinds.tolist()]
