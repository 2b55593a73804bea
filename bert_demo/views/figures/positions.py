"""How alike the vectors of positions are."""

from __future__ import annotations

import plotly.graph_objects as go

from bert_demo.results.representations import Positions
from bert_demo.views.colours import BELOW_AND_ABOVE
from bert_demo.views.panels.positions import step_of


def positions_figure(result: Positions) -> go.Figure:
    """Cosine between the vectors of every k-th position; alike above nothing, opposite below it."""
    every = step_of(result)
    places = list(range(0, len(result.vectors), every))
    figure = go.Figure(
        go.Heatmap(
            z=result.similarity(every).astype("float32"),
            x=places,
            y=places,
            colorscale=BELOW_AND_ABOVE,
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
