"""A figure and how far it may be off."""

from __future__ import annotations

from dataclasses import dataclass

from bert_demo.results.base import Wire


@dataclass(frozen=True, slots=True)
class Interval(Wire):
    """A figure with its 95 % interval; how it was made stands where it was."""

    value: float
    low: float
    high: float

    def percent(self, digits: int = 1) -> str:
        """The figure in per cent, as "91.2 % (89.3 to 93.0)"."""
        return (
            f"{self.value:.{digits}%}".replace("%", " %")
            + f" ({100 * self.low:.{digits}f} to {100 * self.high:.{digits}f})"
        )

    def number(self, digits: int = 3) -> str:
        """The figure as it is, as "0.912 (0.893 to 0.930)"."""
        return f"{self.value:.{digits}f} ({self.low:.{digits}f} to {self.high:.{digits}f})"
