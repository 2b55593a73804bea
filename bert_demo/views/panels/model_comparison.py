"""A ModelComparison: the figures of both models, whether chance explains the difference, the rows that differ."""

from __future__ import annotations

from bert_demo.results.model_comparison import ModelComparison
from bert_demo.views.tables import Table
from bert_demo.views.templates import render

MOST = 20
"""Rows that are listed; the table has all."""
BEYOND_CHANCE = 0.05


def comparison_panel(result: ModelComparison) -> str:
    """Figures of both, rows that one alone has right, rows that differ; a click shows them."""
    first, second = result.models
    only = [[each.row for each in result.differing if each.right == right] for right in ((True, False), (False, True))]
    columns = ("line", "truth", "first", "second", "first_right", "second_right", "text", "second_text")
    rows = [
        (
            each.line,
            *("; ".join(names) for names in (each.truth, *each.answers)),
            *each.right,
            each.text,
            each.pair or "",
        )
        for each in result.differing
    ]
    return render(
        "model_comparison.comparison",
        result=result,
        first=first,
        second=second,
        only=only,
        beyond=result.chance < BEYOND_CHANCE,
        most=MOST,
        numbers=Table(columns, rows, "differing-rows"),
    )
