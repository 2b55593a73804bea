"""What became of a model that was made smaller, beside the one that it was made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bert_demo.results.base import Result, Wire, check
from bert_demo.results.intervals import Interval


@dataclass(frozen=True, slots=True)
class ModelCost(Wire):
    """bytes: of weights, configuration and tokenizer on disk; parameters: each counted once; one, many: milliseconds a
    text, alone and in a batch of 32; accuracy (where each label is judged by itself, of whole rows) and macro_f1: on
    the rows. None where there are no rows."""

    bytes: int
    parameters: int
    one: float | None
    many: float | None
    accuracy: Interval | None
    macro_f1: Interval | None


@dataclass(frozen=True, slots=True)
class FlippedRow(Wire):
    """A row to which both give other labels. line: where it stands in the file; text, pair: its texts."""

    line: int
    text: str
    pair: str | None
    truth: tuple[str, ...]
    original: tuple[str, ...]
    smaller: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SmallerModel(Result):
    """A model and what it costs, before and after.

    ways: as they were asked for, in their order; done: a sentence for each; rows: how many were read, 0 for none;
    tokens: of the text that was timed; flipped: the rows whose answer changed, in the order of the file.
    """

    WIRE: ClassVar = (
        "model", "revision", "ways", "done", "rows", "measure", "tokens", "original", "smaller", "flips", "flipped",
    )  # fmt: skip

    model: str
    revision: str
    ways: tuple[str, ...]
    done: tuple[str, ...]
    rows: int
    measure: str
    tokens: int
    original: ModelCost
    smaller: ModelCost
    flipped: tuple[FlippedRow, ...]

    def __post_init__(self) -> None:
        check(len(self.ways) == len(self.done), "a sentence for each way")

    @property
    def flips(self) -> int | None:
        """How many answers changed; None without rows."""
        return len(self.flipped) if self.rows else None
