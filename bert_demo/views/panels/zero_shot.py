"""Labels of the visitor's own as bars."""

from __future__ import annotations

from bert_demo.results.zero_shot import ZeroShot
from bert_demo.views.tables import Table
from bert_demo.views.templates import render


def zero_shot_panel(result: ZeroShot) -> str:
    """Labels with their probabilities, and which of the model's own labels says that they follow."""
    rows = [(each.label, each.hypothesis, each.number, each.score) for each in result.labels]
    numbers = Table(("label", "hypothesis", "number", "score"), rows, "zero-shot")
    return render("zero_shot.panel", result=result, numbers=numbers)
