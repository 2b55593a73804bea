"""Entities by the labels of their words: what a label says, where an entity begins and ends, and found against true.

Spans follow conlleval (Tjong Kim Sang and De Meulder 2003) and seqeval's default: an I- behind another type, or behind
nothing, begins an entity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

OUTSIDE = "O"
_PREFIXED = re.compile(r"([BIESLU])[-_](.+)", re.DOTALL)
_SUFFIXED = re.compile(r"(.+)[-_]([BIESLU])", re.DOTALL)
_PLACES = {"L": "E", "U": "S"}
"""BILOU's letters, as IOBES calls them."""


@dataclass(frozen=True, slots=True)
class Tag:
    """What a label says of a word. place: "B" begins, "I" inside, "E" ends, "S" alone, "O" outside; type: of it."""

    place: str
    type: str


@dataclass(frozen=True, slots=True)
class Found:
    """An entity: its type, its first and its last unit (word, piece or character), both inclusive."""

    type: str
    first: int
    last: int


Outcome = Literal["right", "wrong type", "wrong borders", "missed", "spurious"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A true entity and the one that was found in its place; one of both is None of what is missed or spurious."""

    outcome: Outcome
    true: Found | None
    found: Found | None


def tags_of(labels: Sequence[str]) -> tuple[Tag, ...]:
    """What each label of a model says.

    Labels have a place only where all of them have, in front ("B-PER") or behind ("PER-B"), and some can begin;
    otherwise a label is a type as it stands, so that PHONE-CARD and CREDIT-CARD are two.
    """
    named = [label for label in labels if label != OUTSIDE]
    for pattern, place, name in ((_PREFIXED, 1, 2), (_SUFFIXED, 2, 1)):
        matches = {label: pattern.fullmatch(label) for label in named}
        parts = {label: (match[place], match[name]) for label, match in matches.items() if match}
        if len(parts) == len(set(named)) > 0 and {letter for letter, _ in parts.values()} & {"B", "I"}:
            found = {label: Tag(_PLACES.get(letter, letter), kind) for label, (letter, kind) in parts.items()}
            return tuple(found.get(label, Tag(OUTSIDE, "")) for label in labels)
    return tuple(Tag(OUTSIDE, "") if label == OUTSIDE else Tag("I", label) for label in labels)


def types_of(tags: Iterable[Tag]) -> tuple[str, ...]:
    """The types, in the order of their first label."""
    return tuple(dict.fromkeys(tag.type for tag in tags if tag.place != OUTSIDE))


def entities_of(tags: Sequence[Tag]) -> list[Found]:
    """The entities of a row of words or pieces."""
    found: list[Found] = []
    last = Tag(OUTSIDE, "")
    for place, tag in enumerate(tags):
        if tag.place != OUTSIDE:
            if found and tag.place in "IE" and last.place in ("B", "I") and last.type == tag.type:
                found[-1] = Found(tag.type, found[-1].first, place)
            else:
                found.append(Found(tag.type, place, place))
        last = tag
    return found


def judge(true: Sequence[Found], found: Sequence[Found]) -> list[Judged]:
    """Each true entity with what was found in its place, then what was found where none is.

    In its place is the same stretch, else the first that overlaps and belongs to no other; both in the order of the
    text.
    """
    left = list(found)
    pairs: dict[int, Found] = {}
    for alike in (_same, _same_stretch, _overlap):
        for number, each in enumerate(true):
            match = next((other for other in left if alike(each, other)), None) if number not in pairs else None
            if match is not None:
                pairs[number] = match
                left.remove(match)
    judged = [Judged(_outcome(each, pairs.get(number)), each, pairs.get(number)) for number, each in enumerate(true)]
    return [*judged, *(Judged("spurious", None, each) for each in left)]


def _outcome(true: Found, found: Found | None) -> Outcome:
    if found is None:
        return "missed"
    if not _same_stretch(true, found):
        return "wrong borders"
    return "right" if true.type == found.type else "wrong type"


def _same(one: Found, other: Found) -> bool:
    return one == other


def _same_stretch(one: Found, other: Found) -> bool:
    return (one.first, one.last) == (other.first, other.last)


def _overlap(one: Found, other: Found) -> bool:
    return one.first <= other.last and other.first <= one.last


def precision_recall_f1(judged: Sequence[Judged]) -> tuple[float, float, float]:
    """Of whole entities, with seqeval's 0 where there is nothing to divide by."""
    right = sum(each.outcome == "right" for each in judged)
    found, true = sum(each.found is not None for each in judged), sum(each.true is not None for each in judged)
    return (
        right / found if found else 0.0,
        right / true if true else 0.0,
        2 * right / (found + true) if found + true else 0.0,
    )
