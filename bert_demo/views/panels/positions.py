"""Positions and segments: how alike the vectors of places are, and what is added before layer 0."""

from __future__ import annotations

import numpy as np

from bert_demo.results.representations import FirstStates, Positions
from bert_demo.views.tables import Table
from bert_demo.views.templates import render

MOST_SHOWN = 64
"""Positions that the picture shows at most."""
_DISTANCES = (1, 4, 16, 64, 256)


def step_of(result: Positions) -> int:
    """Every how many-th position is shown."""
    return -(-len(result.vectors) // MOST_SHOWN)


def positions_panel(result: Positions) -> str:
    """What the picture shows, the mean cosine by distance, the check, and the numbers."""
    every = step_of(result)
    whole = result.similarity()
    count = len(whole)
    names = [f"position {place}" for place in range(0, count, every)]
    shown = result.similarity(every).tolist()
    rows = [(name, *(round(cell, 6) for cell in row)) for name, row in zip(names, shown, strict=True)]
    return render(
        "positions.places",
        model=result.model,
        every=every,
        count=count,
        distances=[
            (f"{apart} apart", float(np.diagonal(whole, apart).mean())) for apart in _DISTANCES if apart < count
        ],
        error=float(max(np.abs(np.diagonal(whole) - 1).max(), np.abs(whole - whole.T).max())),
        numbers=Table(("", *names), rows, "positions"),
    )


def first_panel(result: FirstStates) -> str:
    """The lengths of what is added for each token, as a table with bars, and the check."""
    norms = result.norms()
    names = (*result.names, "their sum", "after normalisation")
    scales = np.full(len(norms), norms[:-1].max() or 1.0)
    scales[-1] = norms[-1].max() or 1.0
    strengths = norms / scales[:, None]
    rows = [
        (
            place,
            token,
            "AB"[token.segment] if token.segment < 2 else str(token.segment),
            [
                (f"{strength:.3f}", f"{length:.2f}")
                for strength, length in zip(strengths[:, place].tolist(), norms[:, place].tolist(), strict=True)
            ],
        )
        for place, token in enumerate(result.tokens)
    ]
    columns = ("position", "token", "segment", *(f"length, {name}" for name in names))
    numbers = [
        (place, token.shown, token.segment, *norms[:, place].tolist()) for place, token in enumerate(result.tokens)
    ]
    return render(
        "positions.added", result=result, names=names, rows=rows, numbers=Table(columns, numbers, "before-layer-0")
    )
