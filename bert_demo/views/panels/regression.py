"""A RegressionEvaluation: its figures, its numbers beside the right ones, its rows."""

from __future__ import annotations

from bert_demo.results.regression_evaluation import RegressionEvaluation
from bert_demo.views.tables import Table
from bert_demo.views.templates import render


def figures_panel(result: RegressionEvaluation) -> str:
    """Correlations and the mean error, with intervals."""
    figures = [
        ("Pearson's correlation", result.pearson),
        ("Spearman's rank correlation", result.spearman),
        ("mean absolute error", result.mean_absolute_error),
    ]
    rows = [(name, each.value, each.low, each.high) if each else (name, None, None, None) for name, each in figures]
    numbers = Table(("figure", "value", "low", "high"), rows, "figures")
    return render("regression.figures", result=result, figures=figures, numbers=numbers)


def answers_panel(result: RegressionEvaluation) -> str:
    """What the diagram shows, and its numbers."""
    rows = [(row.line, row.truth, row.answer) for row in result.in_order]
    return render("regression.answers", result=result, numbers=Table(("line", "truth", "answer"), rows, "answers"))


def rows_panel(result: RegressionEvaluation) -> str:
    """All rows, the greatest error first; a click opens one in a lens."""
    rows = [(each, {"text": each.text, "pair": each.pair or ""}) for each in result.farthest]
    above = [each.row for each in result.farthest if each.answer > each.truth]
    below = [each.row for each in result.farthest if each.answer < each.truth]
    return render("regression.rows", result=result, rows=rows, above=above, below=below)
