"""What next-sentence prediction answers on pairs that are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bert_demo.results.base import Result, check, frozen


@dataclass(frozen=True, slots=True)
class NextSentenceBaseline(Result):
    """n pairs of sentences of which the second follows the first, and all that come of shuffling them.

    matrix: (n, n) probability that the second sentence of pair j follows the first of pair i; on the diagonal the pairs
    as they are; turned: (n,) that the first sentence of each pair follows its second one.
    """

    WIRE: ClassVar = (
        "model",
        "revision",
        "firsts",
        "seconds",
        "matrix",
        "turned",
        "true=true_pairs",
        "shuffled=shuffled_pairs",
    )

    model: str
    revision: str
    firsts: tuple[str, ...]
    seconds: tuple[str, ...]
    matrix: np.ndarray
    turned: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "matrix", frozen(self.matrix))
        object.__setattr__(self, "turned", frozen(self.turned))
        count = len(self.firsts)
        check(count == len(self.seconds) and self.matrix.shape == (count, count), "one row and column for each pair")
        check(self.turned.shape == (count,), "one for each pair")

    @property
    def true(self) -> np.ndarray:
        """(n,) of the pairs as they are."""
        return np.diagonal(self.matrix)

    @property
    def shuffled(self) -> np.ndarray:
        """(n * (n - 1),) of the others, row by row."""
        return np.asarray(self.matrix[~np.eye(len(self.matrix), dtype=bool)])

    @property
    def right(self) -> tuple[float, float]:
        """Share of the true pairs that get more than a half, and of the shuffled ones that get less."""
        return float((self.true > 0.5).mean()), float((self.shuffled < 0.5).mean())

    @property
    def true_pairs(self) -> dict[str, int | float]:
        """How many, their mean, and the share judged right."""
        return {"pairs": len(self.true), "mean": float(self.true.mean()), "right": self.right[0]}

    @property
    def shuffled_pairs(self) -> dict[str, int | float]:
        """The same of the shuffled ones."""
        return {"pairs": len(self.shuffled), "mean": float(self.shuffled.mean()), "right": self.right[1]}
