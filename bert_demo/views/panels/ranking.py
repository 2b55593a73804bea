"""Passages in the order of a reranker, and what lifted one above another."""

from __future__ import annotations

from bert_demo.results.ranking import PARTS, Ranking, RankingAttribution
from bert_demo.views.scales import Scale
from bert_demo.views.tables import Table
from bert_demo.views.templates import number, render, side

BEST = (0, 1)
"""The two that are compared until others are chosen."""
KNOWN_BY = 80
"""Characters by which a passage that is clicked is known again."""


def ranking_panel(result: Ranking, chosen: tuple[int, int] = BEST) -> str:
    """Numbers in descending order, each with its bar; of several, two are compared, and others can be clicked.

    chosen: the ranks of those two, from 0.
    """
    rows = [(rank, each.text, each.number, each.score) for rank, each in enumerate(result.passages, start=1)]
    numbers = Table(("rank", "passage", "number", "score"), rows, "ranking")
    most = max(abs(each.number) for each in result.passages) or 1.0
    picks = [{"place": each.place, "is": each.text[:KNOWN_BY]} for each in result.passages]
    return render("ranking.ranking", result=result, most=most, picks=picks, chosen=chosen, numbers=numbers)


def lifted_panel(result: RankingAttribution, ranks: tuple[int, int] = BEST) -> str:
    """The words of the query and of both passages by what they add to the difference, and its ledger.

    ranks: those of the two passages, from 0.
    """
    scale = Scale.of((each.score for each in result.words), abs(result.change))
    first, second = (f"passage {rank + 1}" for rank in ranks)
    titles = dict(zip(PARTS, ("the text", first, second), strict=True))
    parts = [
        (
            title,
            number(result.parts[name], 3),
            [
                (each.text, each.score, side(each.score), f"{scale.strength(each.score):.3f}")
                for each in result.words
                if each.part == name
            ],
        )
        for name, title in titles.items()
    ]
    rows = [(titles[each.part], each.text, each.score) for each in result.words]
    numbers = Table(("part", "word", "score"), [*rows, ("special tokens", "", result.rest)], "lifted")
    return render("ranking.lifted", result=result, parts=parts, names=(first, second), scale=scale, numbers=numbers)
