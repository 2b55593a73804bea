"""A PruneCurve: what the curve of accuracy shows, its points, and the order of the heads."""

from __future__ import annotations

from bert_demo.results import PruneCurve
from bert_demo.views.tables import Table
from bert_demo.views.templates import render


def prune_panel(result: PruneCurve, untouched: float) -> str:
    """What the curve shows, its check, its points, the order of the heads. untouched: accuracy of the Classify lens."""
    points = zip(result.counts, result.accuracy.tolist(), result.random.tolist(), strict=True)
    order = [
        (place, layer, head, float(result.importance[layer, head]))
        for place, (layer, head) in enumerate(result.order, start=1)
    ]
    return render(
        "head_pruning.curve",
        result=result,
        first=float(result.accuracy[0]),
        untouched=untouched,
        points=Table(("heads_off", "accuracy", "random"), points, "pruning"),
        order=Table(("place", "layer", "head", "importance"), order, "pruning-order"),
    )
