"""What `evaluate` says of a model that tags words, on sentences whose words are tagged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from bert_demo.results.base import Result, Wire, check, wire
from bert_demo.results.intervals import Interval


@dataclass(frozen=True, slots=True)
class TypeFigures(Wire):
    """Figures of one type of entities: support: how many there are; predicted: how many were found."""

    type: str
    precision: Interval
    recall: Interval
    f1: Interval
    support: int
    predicted: int


@dataclass(frozen=True, slots=True)
class Outcomes(Wire):
    """How many entities are right, of the wrong type, of wrong borders, missed, and spurious (found where none is)."""

    right: int
    wrong_type: int
    wrong_borders: int
    missed: int
    spurious: int


@dataclass(frozen=True, slots=True)
class Span(Wire):
    """A stretch of a text and its type. start, end: characters."""

    type: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class EntityMistake(Wire):
    """An entity that is not right: what is there and what was found, None for nothing; score: the probability of what
    was found, None for nothing. row: from 0; line: where it stands in the visitor's file."""

    row: int
    line: int
    text: str
    outcome: str
    true: Span | None
    found: Span | None
    score: float | None


@dataclass(frozen=True, slots=True)
class TaggedRow(Wire):
    """A sentence, the right tags of its words and those of the model, parted by blanks."""

    line: int
    text: str
    truth: str
    answer: str
    right: bool


@dataclass(frozen=True, slots=True)
class EntityEvaluation(Result):
    """Whole entities, by seqeval's rules.

    rows: sentences; words: in all of them; precision, recall, f1: of all types together (micro); types: of each, in
    the order of the alphabet; mistakes: the surest first, what was missed last; tagged: the sentences in the visitor's
    order; answers: the tags that the model gives each.
    """

    WIRE: ClassVar = (
        "model", "revision", "rows", "words", "precision", "recall", "f1", "types", "outcomes", "mistakes", "answers",
    )  # fmt: skip

    model: str
    revision: str
    rows: int
    words: int
    precision: Interval
    recall: Interval
    f1: Interval
    types: tuple[TypeFigures, ...]
    outcomes: Outcomes
    mistakes: tuple[EntityMistake, ...]
    tagged: tuple[TaggedRow, ...] = field(metadata=wire(None))

    def __post_init__(self) -> None:
        check(len(self.tagged) == self.rows, "a row for each sentence")

    @property
    def answers(self) -> tuple[str, ...]:
        """The model's tags of each sentence, as IOB2 names them."""
        return tuple(each.answer for each in self.tagged)
