"""What `attribute_rows` says: which words push a label, over many texts."""

from __future__ import annotations

from dataclasses import dataclass

from bert_demo.results.base import Result, Wire
from bert_demo.results.intervals import Interval


@dataclass(frozen=True, slots=True)
class WordEffect(Wire):
    """A word in any case.

    rows: explained rows that have it; occurrences: in those; carrying: how many of those rows carry the label; effect:
    the mean of its attributions over its occurrences, with a t interval whose units are rows; places: the rows, from 0.
    """

    word: str
    rows: int
    occurrences: int
    carrying: int
    effect: Interval
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RowAttribution(Wire):
    """The words of a row and their scores. row: from 0; line: where it stands in the visitor's file."""

    row: int
    line: int
    words: tuple[str, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WordEffects(Result):
    """Attributions of a label over labelled rows, by word.

    rows: how many there are; explained: how many of them were drawn and explained; too_long: rows that were left out,
    since they are read in more windows than can be explained; carrying: explained rows that carry the label; closed:
    those whose ledger closed within the tolerance; words: those of `least` rows or more, the surest first;
    attributions: each explained row.
    """

    model: str
    revision: str
    target: str
    method: str
    baseline: str
    output: str
    tolerance: float
    rows: int
    explained: int
    too_long: int
    carrying: int
    closed: int
    least: int
    words: tuple[WordEffect, ...]
    attributions: tuple[RowAttribution, ...]
