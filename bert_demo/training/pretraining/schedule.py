"""How fast to learn, in tokens: the learning rate rises, stays, and falls to zero at the target."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TokenSchedule:
    """A trapezoid over the tokens read.

    tokens: the target, where the rate is zero; warmup: tokens of the rise; decay: share of the target that the fall
    takes; batch_tokens: tokens of a step. The middle is flat, so that a run may be resumed with another target: with a
    greater one it goes on flat, with a smaller one it falls from where it stands.
    """

    tokens: int
    learning_rate: float
    batch_tokens: int = 8192
    warmup: int = 2_000_000
    decay: float = 0.3
    weight_decay: float = 0.01
    head_factor: float = 1.0

    @property
    def steps(self) -> int:
        """Steps until the target is reached."""
        return -(-self.tokens // self.batch_tokens)

    def factor(self, step: int) -> float:
        """The share of `learning_rate` used at `step` (from 0)."""
        rise = (step + 1) * self.batch_tokens / min(max(self.warmup, 1), max(1, self.tokens // 10))
        fall = (self.steps - step) / max(1.0, self.steps * self.decay)
        return max(0.0, min(1.0, rise, fall))
