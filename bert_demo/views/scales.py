"""How strong a colour or how long a bar is: as the whole that is explained has it, or stretched, which is then said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """full: the size that has full colour; strongest: the greatest size that is shown; fixed: whether `full` is the
    whole that the sizes are parts of, so that two texts can be compared."""

    full: float
    strongest: float
    fixed: bool

    @classmethod
    def of(cls, scores: Iterable[float], whole: float | None = None) -> Scale:
        """The scale of `scores`: that of the `whole` which they share out, unless one of them is greater."""
        strongest = max((abs(score) for score in scores), default=0.0)
        fixed = whole is not None and abs(whole) >= strongest > 0
        return cls(abs(whole or 0.0) if fixed else strongest or 1.0, strongest, fixed)

    def strength(self, score: float) -> float:
        """From 0 to 1."""
        return min(1.0, abs(score) / self.full)


def size(value: float) -> str:
    """A size without its sign: two digits behind the point, or three of a small one."""
    return f"{abs(value):.{2 if abs(value) >= 0.1 or value == 0 else 3}f}"
