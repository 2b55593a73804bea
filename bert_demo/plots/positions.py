"""Positions and segments: how alike the vectors of places are, and what is added before layer 0."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from bert_demo.plots.markup import card, check, esc, grid, number, pictures, table
from bert_demo.results.insides import FirstStates, Positions

MOST_SHOWN = 64
"""Positions that the picture shows at most."""
_SCALE = [[0.0, "rgba(33,102,172,0.9)"], [0.5, "rgba(128,128,128,0)"], [1.0, "rgba(217,115,13,0.9)"]]
_DISTANCES = (1, 4, 16, 64, 256)


def step_of(result: Positions) -> int:
    """Every how many-th position is shown."""
    return -(-len(result.vectors) // MOST_SHOWN)


def positions_figure(result: Positions) -> go.Figure:
    """Cosine between the vectors of every k-th position; orange alike, blue opposite."""
    every = step_of(result)
    places = list(range(0, len(result.vectors), every))
    figure = go.Figure(
        go.Heatmap(
            z=result.similarity(every).astype("float32"),
            x=places,
            y=places,
            colorscale=_SCALE,
            zmin=-1,
            zmax=1,
            hovertemplate="positions %{y} and %{x}<br>%{z:+.4f}<extra></extra>",
            colorbar={"orientation": "h", "y": -0.08, "yanchor": "top", "thickness": 8, "outlinewidth": 0, "len": 0.6},
        )
    )
    axis = {"showgrid": False, "zeroline": False, "automargin": True, "constrain": "domain"}
    figure.update_xaxes(axis, side="top", title="position")
    figure.update_yaxes(axis, autorange="reversed", title="position", scaleanchor="x")
    figure.update_layout(
        height=470,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": 'system-ui, "Segoe UI", "Noto Sans", sans-serif', "size": 12, "color": "#79828b"},
    )
    return figure


def positions_panel(result: Positions) -> str:
    """What the picture shows, the mean cosine by distance, the check, and the numbers."""
    every = step_of(result)
    whole = result.similarity()
    count = len(whole)
    apart = [(each, float(np.diagonal(whole, each).mean())) for each in _DISTANCES if each < count]
    head = "".join(f'<th scope="col">{each} apart</th>' for each, _ in apart)
    cells = "".join(f"<td>{number(value)}</td>" for _, value in apart)
    error = float(max(np.abs(np.diagonal(whole) - 1).max(), np.abs(whole - whole.T).max()))
    shown = result.similarity(every).tolist()
    names = [f"position {place}" for place in range(0, count, every)]
    rows = [(name, *(round(cell, 6) for cell in row)) for name, row in zip(names, shown, strict=True)]
    which = f"Every {every}th of {count:,} positions is shown" if every > 1 else f"All {count} positions are shown"
    note = (
        f"{which}, from 0. The vectors were learnt and are the same for every text: what is near is alike, so that the "
        "model can tell near from far. The picture says nothing about what the layers make of it."
    )
    return card(
        f"Places in {esc(result.model)}",
        grid(f"<th></th>{head}", f'<tr><th scope="row">mean cosine</th>{cells}</tr>')
        + check(
            error < 1e-6,
            f"all {count * (count - 1) // 2:,} pairs: the same both ways round, and each with itself 1, to within "
            f"{error:.0e}",
        )
        + table(("", *names), rows, "positions", pictures("position-map", "positions")),
        note,
    )


def first_panel(result: FirstStates) -> str:
    """The lengths of what is added for each token, as a table with bars, and the check."""
    norms = result.norms()
    names = (*result.names, "their sum", "after normalisation")
    most = float(norms[:-1].max()) or 1.0
    scales = [most] * (len(norms) - 1) + [float(norms[-1].max()) or 1.0]
    lines = []
    for place, token in enumerate(result.tokens):
        cells = "".join(
            f'<td style="--a:{value / scale:.3f}">{value:.2f}</td>'
            for value, scale in zip(norms[:, place].tolist(), scales, strict=True)
        )
        segment = "AB"[token.segment] if token.segment < 2 else str(token.segment)
        lines.append(
            f'<tr><th scope="row">{place} <bdi>{esc(token.text)}</bdi> <small>{segment}</small></th>{cells}</tr>'
        )
    head = "<th></th>" + "".join(f'<th scope="col">{esc(name)}</th>' for name in names)
    rows = [(place, token.text, token.segment, *norms[:, place].tolist()) for place, token in enumerate(result.tokens)]
    without = "" if "segment" in result.names else " This kind of model has no segments."
    note = (
        "Lengths of the vectors that are added for each token, then of their sum and of what layer 0 reads. Small "
        "letters: segment A or B. Lengths do not add up, since the vectors point elsewhere; normalisation makes the "
        f"sums comparable. A length says how much is there, not what it says.{without}"
    )
    return card(
        "What is added before layer 0",
        f'<div class="norms">{grid(head, "".join(lines))}</div>'
        + check(
            result.largest_error < 1e-5,
            f"the normalised sum of the {len(result.parts)} is what the embedding module gives, to within "
            f"{result.largest_error:.0e}, for all {len(result.tokens)} tokens",
        )
        + table(("position", "token", "segment", *(f"length, {name}" for name in names)), rows, "before-layer-0"),
        note,
    )
