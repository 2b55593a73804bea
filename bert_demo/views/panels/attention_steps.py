"""HeadSteps as strips of coloured cells, one line a key. Every number is sent once, and drawn in the browser."""

from __future__ import annotations

import numpy as np

from bert_demo.results import HeadSteps
from bert_demo.views.tables import packed
from bert_demo.views.templates import number, render

MOST_KEYS = 24
"""Keys that get a line of their own; the table holds all."""

EXACT = 1e-5
"""How near the numbers must be to the model's own."""


def steps_panel(result: HeadSteps) -> str:
    """From the query to the output of the head for it, in five steps, each with its numbers."""
    shown = shown_keys(result)
    keys = [
        {
            "place": place,
            "name": f"{place} {result.tokens[place].shown}",
            "product": number(result.products[place], 3),
            "scaled": number(result.scaled[place], 3),
            "weight": float(result.weights[place]),
        }
        for place in shown
    ]
    vectors = np.concatenate([result.q[None], result.keys, result.values]).astype("<f4")
    figures = np.concatenate([result.products, result.scaled, result.weights, result.output]).astype("<f8")
    tokens = [token.shown for token in result.tokens]
    return render(
        "attention_steps.steps",
        result=result,
        keys=keys,
        root=f"\N{SQUARE ROOT}{len(result.q)}",
        vectors=packed(vectors.tobytes()),
        figures=packed(figures.tobytes()),
        tokens=tokens,
        queries=[
            (place, token.shown, token.text if token.characters else "") for place, token in enumerate(result.tokens)
        ],
        left=max(1 - float(result.weights[shown].sum()), 0.0),
        exact=EXACT,
    )


def shown_keys(result: HeadSteps) -> list[int]:
    """The keys that are drawn, in the order of the text: all, or the strongest."""
    best = np.argsort(-result.weights, kind="stable")[:MOST_KEYS]
    return sorted(int(key) for key in best)
