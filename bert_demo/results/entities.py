"""The entities that a token classifier finds in a text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from bert_demo.results.base import Result, Wire, check, frozen, wire
from bert_demo.results.tokens import Token


@dataclass(frozen=True, slots=True)
class Entity(Wire):
    """A stretch of the text and its type.

    type: of the entity; with the aggregation "none" the label of the one piece; score: the mean probability of its
    words, as the aggregation has them; start, end: characters; first, last: positions of its pieces in `tokens`.
    """

    WIRE: ClassVar = ("type", "text", "start", "end", "score", "first_token=first", "last_token=last")

    type: str
    text: str
    start: int
    end: int
    score: float
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class TrueEntity(Wire):
    """An entity that the visitor says is there."""

    type: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Judgement(Wire):
    """What became of a true entity, or of one that was found.

    outcome: "right", "wrong type", "wrong borders", "missed" (nothing was found there) or "spurious" (nothing is
    there); true, found: None where there is none.
    """

    outcome: str
    true: TrueEntity | None
    found: Entity | None


@dataclass(frozen=True, slots=True)
class EntityReading(Result):
    """Entities in the order of the text.

    aggregation: how the pieces of a word became one; labels: of the model; types: of entities, as the labels name them;
    probabilities: (tokens, labels) of each piece in the window where its word stands whole and farthest from an edge;
    judgements: None where no truth was given, and then precision, recall and f1 are, too.
    """

    model: str
    revision: str
    aggregation: str
    entities: tuple[Entity, ...]
    labels: tuple[str, ...]
    types: tuple[str, ...]
    tokens: tuple[Token, ...]
    windows: int
    probabilities: np.ndarray
    judgements: tuple[Judgement, ...] | None = None
    text: str = field(default="", metadata=wire(None))
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None

    def __post_init__(self) -> None:
        check(self.probabilities.shape == (len(self.tokens), len(self.labels)), "a row for each token")
        object.__setattr__(self, "probabilities", frozen(self.probabilities))
