"""A FillMask as a sentence of words to click and, for each mask, candidates to click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from bert_demo.results import FillMask
from bert_demo.views.tables import Table
from bert_demo.views.templates import render

MOST_WORDS = 600
MOST_NAMED = 5
"""Hidden words that a sentence names."""


class _Piece(NamedTuple):
    """A word to click: what stands before it, what is written on it, what it hides, the spans after a click."""

    before: str
    label: str
    hides: str
    literal: bool
    spans: list[tuple[int, int]]


def words_panel(text: str, words: Sequence[tuple[int, int]], hidden: Sequence[tuple[int, int]], mask: str) -> str:
    """The text, each word a button that hides it or shows it again; above it what is hidden, or what to do.

    words, hidden: (start, end) characters.
    """
    pieces: list[_Piece] = []
    last = 0
    for start, end in words[:MOST_WORDS]:
        word = text[start:end]
        hides = word if (start, end) in hidden else ""
        spans = sorted({*hidden} ^ {(start, end)})
        pieces.append(_Piece(text[last:start], mask if hides else word, hides, word == mask, spans))
        last = end
    whole = len(words) <= MOST_WORDS
    names = [text[start:end] for start, end in hidden if (start, end) in words]
    return render(
        "fill_mask.words",
        pieces=pieces,
        rest=text[last:] if whole else " \N{HORIZONTAL ELLIPSIS}",
        names=names[:MOST_NAMED],
        more=max(0, len(names) - MOST_NAMED),
        offer=None if mask in text else _offer(text, words[:MOST_WORDS]),
        hidden=",".join(f"{start}-{end}" for start, end in hidden),
        shown=MOST_WORDS,
        whole=whole,
    )


def _offer(text: str, words: Sequence[tuple[int, int]]) -> tuple[str, tuple[int, int]] | None:
    """The longest word, which says more than a short one, and where it stands."""
    longest = max(words, key=lambda word: word[1] - word[0], default=None)
    return None if longest is None else (text[slice(*longest)], longest)


def no_mask_panel(mask: str) -> str:
    """What is said instead of candidates when nothing is masked."""
    return render("fill_mask.no_mask", mask)


def slot_panel(result: FillMask, index: int) -> str:
    """The candidates of one mask; clicking one writes it into the text."""
    return render("fill_mask.slot", **_slot(result, index))


def result_panel(result: FillMask) -> str:
    """All masks of a result, side by side."""
    return render("fill_mask.result", [_slot(result, index) for index in range(len(result.slots))])


def _slot(result: FillMask, index: int) -> dict[str, Any]:
    slot = result.slots[index]
    rows = [(each.token_str, each.token, each.score, each.sequence) for each in slot.candidates]
    return {
        "slot": slot,
        "number": index + 1,
        "before": result.text[max(0, slot.start - 40) : slot.start],
        "after": result.text[slot.end : slot.end + 40],
        "total": sum(each.score for each in slot.candidates),
        "numbers": Table(("token_str", "token", "score", "sequence"), rows, f"mask-{index + 1}"),
    }
