"""Known heads: how well a head finds a relation, and its links on the visitor's own sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bert_demo.results import TO_HEAD, HeadEvaluation, HeadTable, KnownHead
from bert_demo.views.tables import Table
from bert_demo.views.templates import render

COMMAND = "python -m bert_demo heads MODEL train.conllu dev.conllu --output assets/heads.json"
_NOTEBOOK = " The notebook that the authors published prints 94.1 against 82.5 here."
_KEPT = ("head_counted_from_one", "accuracy", "offset", "baseline")


def without_table(model: str) -> str:
    """What stands in the place of the known heads for a model that nobody measured."""
    return render("known_heads.unmeasured", model, COMMAND.replace("MODEL", model))


def known_head_panel(known: HeadTable, row: KnownHead, evaluation: HeadEvaluation, source: str, wrong: str = "") -> str:
    """The figure of one known head, its links between the words of this text, and its score there.

    source: where the right answers come from: "typed", "gold" or ""; wrong: what is wrong with typed answers.
    """
    table_of_row = known if row in known.rows else known.beside or known
    notebook = _NOTEBOOK if table_of_row.published and row.relation == "auxpass" else ""
    shares = [("this head", row.accuracy)]
    if row.baseline is not None:
        shares.append(("fixed offset", row.baseline))
    return render(
        "known_heads.known",
        row=row,
        note=_sentence(table_of_row.source) + notebook,
        claim=_claim(row),
        shares=shares,
        paper=_published(known, row),
        wrong=wrong,
        judged=_judged(evaluation, source),
        links=_links(evaluation),
        numbers=_numbers(row, evaluation),
        pairs=_pairs(known),
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _claim(row: KnownHead) -> str:
    span = "" if row.low is None or row.high is None else f" (95 %: {100 * row.low:.1f} to {100 * row.high:.1f})"
    base = "" if row.baseline is None else f"; a fixed offset ({_offset(row)}): {_share(row.baseline)}"
    way = "" if row.direction == TO_HEAD else ", read backwards: the word that looks at it most"
    article = "an" if row.dependent[0] in "aeio" else "a"
    text = (
        f"Head {row.layer}-{row.head} finds, for {article} {row.dependent}, its {row.governor} "
        f"{_share(row.accuracy)} of the time{span}{base}{way}."
    )
    if row.baseline is not None and row.accuracy <= row.baseline:
        text += " The fixed offset does as well: no head of this model is known for it."
    return text


def _published(known: HeadTable, row: KnownHead) -> dict[str, Any] | None:
    """What the paper says of the relation of a measured row."""
    paper = known.published_for(row.relation) if row in known.rows else None
    if paper is None:
        return None
    source = _sentence(known.beside.source) if known.beside else ""
    return {"source": source, **_figures(paper)}


def _figures(row: KnownHead | None) -> dict[str, Any]:
    if row is None:
        return {"row": None}
    shares = {"accuracy": _share(row.accuracy), "baseline": _share(row.baseline)}
    return {"row": row, "offset": _offset(row), **shares}


def _share(share: float | None) -> str:
    return "unknown" if share is None else f"{100 * share:.1f} %"


def _offset(row: KnownHead) -> str:
    if row.offset is None:
        return "unknown"
    if abs(row.offset) == 1:
        return "the next word" if row.offset > 0 else "the word before"
    return f"{abs(row.offset)} words {'on' if row.offset > 0 else 'back'}"


def _judged(evaluation: HeadEvaluation, source: str) -> dict[str, Any]:
    arcs = len(evaluation.arcs)
    return {
        "single": len(evaluation.words) < 2,
        "hits": f"{sum(evaluation.hits)} of {arcs} right" if arcs else "",
        "offset": evaluation.offset_hits if arcs and evaluation.offset is not None else None,
        "typed": source == "typed",
        "source": source,
    }


def _links(evaluation: HeadEvaluation) -> dict[str, Any] | None:
    words = list(_words(evaluation))
    if not words:
        return None
    to_head = evaluation.direction == TO_HEAD
    left_out = ", ".join(evaluation.left_out)
    return {
        "words": words,
        "arrow": "\N{RIGHTWARDS ARROW}" if to_head else "\N{LEFTWARDS ARROW}",
        "way": "looks at most" if to_head else "is looked at by most",
        "outside": f"{left_out} and the word itself are" if left_out else "the word itself is",
        "left": _share(float((evaluation.outside + evaluation.weights.diagonal()).mean())),
    }


def _words(evaluation: HeadEvaluation) -> Iterator[tuple[Any, ...]]:
    """Of each linked word: its number and spelling, those of its link, the weight, and the judgement: None where
    nobody knows, nothing where it is right, else the right answers."""
    right: dict[int, list[int]] = {}
    for asks, answer in evaluation.arcs:
        right.setdefault(asks, []).append(answer)
    for word, name in enumerate(evaluation.words):
        pick = int(evaluation.picks[word])
        if pick < 0:
            continue
        answers = right.get(word)
        judged = None if answers is None else "" if pick in answers else ", ".join(evaluation.words[a] for a in answers)
        yield word, name, pick, evaluation.words[pick], f"{evaluation.strength(word):.2f}", judged


def _numbers(row: KnownHead, evaluation: HeadEvaluation) -> Table:
    right = dict(evaluation.arcs)
    rows = []
    for word, name in enumerate(evaluation.words):
        pick = int(evaluation.picks[word])
        linked = (pick, evaluation.words[pick]) if pick >= 0 else (None, None)
        answer = (right[word], evaluation.words[right[word]]) if word in right else (None, None)
        rows.append((word, name, *linked, evaluation.strength(word), *answer))
    columns = ("word", "spelling", "linked_with", "linked_spelling", "weight", "right", "right_spelling")
    return Table(columns, rows, f"head-{row.layer}-{row.head}-{row.relation.replace(':', '-')}")


def _pairs(known: HeadTable) -> dict[str, Any] | None:
    """All published rows with the measured one of the same relation beside each."""
    if known.beside is None:
        return None
    pairs = known.pairs()
    columns = (
        "relation",
        "published_relation",
        *(f"{name}_{which}" for which in ("measured", "published") for name in _KEPT),
    )
    numbers = [(paper.universal, paper.relation, *_kept(mine), *_kept(paper)) for paper, mine in pairs]
    note = (
        f"{_sentence(known.beside.source)} Measured here: {known.source.removeprefix('measured ')}, with Universal "
        "Dependencies: another corpus and scheme. Heads are counted from 0, in brackets from one, as the paper counts."
    )
    return {
        "rows": [(paper, _scheme(paper), _figures(mine), _figures(paper)) for paper, mine in pairs],
        "note": note,
        "numbers": Table(columns, numbers, "measured-and-published"),
    }


def _kept(row: KnownHead | None) -> tuple[object, ...]:
    if row is None:
        return (None,) * len(_KEPT)
    return f"{row.layer + 1}-{row.head + 1}", row.accuracy, row.offset, row.baseline


def _scheme(paper: KnownHead) -> str:
    """How the paper calls the relation, where that is another name."""
    exchanged = ", words exchanged" if paper.exchanged else ""
    return f"{paper.relation}{exchanged}" if paper.relation != paper.universal else ""
