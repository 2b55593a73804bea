"""A LayerAttribution: the ledger of each layer."""

from __future__ import annotations

from bert_demo.results import LayerAttribution
from bert_demo.views.scales import Scale
from bert_demo.views.tables import Table
from bert_demo.views.templates import render


def layer_names(result: LayerAttribution) -> list[str]:
    """The rows from above: the embeddings, and the states behind each layer."""
    return ["embeddings", *(f"after layer {number}" for number in range(len(result.scores) - 1))]


def layers_scale(result: LayerAttribution) -> Scale:
    """The scale of the scores: that of the difference which each row shares out."""
    return Scale.of(result.scores.ravel().tolist(), result.input_output - result.baseline_output)


def ledgers_panel(result: LayerAttribution) -> str:
    """Each layer's ledger: what is to be explained, what its row sums to, what is missing."""
    names = layer_names(result)
    scores = [
        (name, place, token.shown, float(row[place]))
        for name, row in zip(names, result.scores, strict=True)
        for place, token in enumerate(result.tokens)
    ]
    return render(
        "layer_attribution.ledgers",
        result=result,
        rows=[
            (name, float(row.sum()), float(delta), bool(closed))
            for name, row, delta, closed in zip(names, result.scores, result.deltas, result.converged, strict=True)
        ],
        scale=layers_scale(result),
        difference=result.input_output - result.baseline_output,
        numbers=Table(("state", "position", "token", "score"), scores, "layers"),
    )
