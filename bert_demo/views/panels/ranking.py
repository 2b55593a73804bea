"""Passages in the order of a reranker, and what lifted the first above the second."""

from __future__ import annotations

from bert_demo.results.ranking import Ranking, RankingAttribution
from bert_demo.views.scales import Scale
from bert_demo.views.tables import Table
from bert_demo.views.templates import render, side

PARTS = (("query", "the text"), ("first", "the passage that came first"), ("second", "the passage that came second"))


def ranking_panel(result: Ranking) -> str:
    """Numbers in descending order, each with its bar."""
    rows = [(place, each.text, each.number, each.score) for place, each in enumerate(result.passages, start=1)]
    numbers = Table(("rank", "passage", "number", "score"), rows, "ranking")
    most = max(abs(each.number) for each in result.passages) or 1.0
    return render("ranking.ranking", result=result, most=most, numbers=numbers)


def lifted_panel(result: RankingAttribution) -> str:
    """The words of the query and of both passages by what they add to the difference, and its ledger."""
    scale = Scale.of((each.score for each in result.words), abs(result.change))
    parts = [
        (
            title,
            [
                (each.text, each.score, side(each.score), f"{scale.strength(each.score):.3f}")
                for each in result.words
                if each.part == name
            ],
        )
        for name, title in PARTS
    ]
    rows = [(each.part, each.text, each.score) for each in result.words]
    numbers = Table(("part", "word", "score"), rows, "lifted")
    return render("ranking.lifted", result=result, parts=parts, scale=scale, numbers=numbers)
