"""Entities in their text, as a table, and against what is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bert_demo.results import Attribution
from bert_demo.results.entities import Entity, EntityReading
from bert_demo.views.tables import Table
from bert_demo.views.templates import render

KINDS = 6
"""Types that are told apart by a colour and an underline; every one has its name beside it."""
HOW = {
    "first": "A word is what its first piece is.",
    "average": "A word is what its pieces are on average.",
    "max": "A word is what its surest piece is.",
    "simple": "Pieces are taken alone, so that a word may be cut in two.",
    "none": "Each piece stands alone, with its label.",
}
OUTCOMES = ("right", "wrong type", "wrong borders", "missed", "spurious")


def entities_panel(result: EntityReading) -> str:
    """The text with its entities marked, each of them and each other word to click, and the table."""
    kinds = {name: f"kind{place % KINDS}" for place, name in enumerate(result.types)}
    names = {each: kinds.get(_type_of(each.type, result.types), "kind0") for each in result.entities}
    rows = [(each.type, each.text, each.score, each.start, each.end) for each in result.entities]
    return render(
        "entities.entities",
        result=result,
        how=HOW[result.aggregation],
        chips=list(_chips(result, names)),
        numbers=Table(("type", "text", "score", "start", "end"), rows, "entities"),
    )


def _type_of(name: str, types: tuple[str, ...]) -> str:
    """The type in a label, where each piece stands alone."""
    return name if name in types else next((each for each in types if each in name), name)


def _chips(result: EntityReading, names: dict[Entity, str]) -> Iterator[dict[str, Any]]:
    """Stretches of the text in order: entities, the words between them, and what is neither."""
    words: dict[int, tuple[int, int]] = {}
    for token in result.tokens:
        if token.word is not None:
            words[token.word] = (words.get(token.word, (token.start, 0))[0], token.end)
    free = [
        (start, end, None)
        for start, end in words.values()
        if not any(each.start < end and start < each.end for each in result.entities)
    ]
    last = 0
    for start, end, entity in sorted([*((e.start, e.end, e) for e in result.entities), *free], key=lambda c: c[0]):
        if start > last:
            yield {"text": result.text[last:start], "pick": None, "entity": None, "kind": ""}
        if end > max(start, last):
            start = max(start, last)
            pick = {"start": start, "end": end, "is": result.text[start:end]}
            yield {"text": pick["is"], "pick": pick, "entity": entity, "kind": names[entity] if entity else ""}
        last = max(last, end)
    if last < len(result.text):
        yield {"text": result.text[last:], "pick": None, "entity": None, "kind": ""}


def judged_panel(result: EntityReading) -> str:
    """What was found against what is there; nothing where that was not said."""
    if result.judgements is None:
        return ""
    rows = [
        (
            each.outcome,
            each.true.type if each.true else None,
            each.true.text if each.true else None,
            each.found.type if each.found else None,
            each.found.text if each.found else None,
        )
        for each in result.judgements
    ]
    counts = [(name, sum(each.outcome == name for each in result.judgements)) for name in OUTCOMES]
    return render(
        "entities.judged",
        result=result,
        counts=counts,
        rows=rows,
        numbers=Table(("outcome", "true type", "true text", "found type", "found text"), rows, "judged"),
    )


def reason_panel(result: Attribution, stretch: str, pieces: str) -> str:
    """Which scalar is explained, in a sentence."""
    return render(
        "entities.reason", result=result, stretch=stretch, pieces=pieces, both=result.target.split(" \N{MINUS SIGN} ")
    )
