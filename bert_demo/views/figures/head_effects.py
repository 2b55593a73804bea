"""What each head contributes: a layer x head map of the change of one score."""

from __future__ import annotations

import plotly.graph_objects as go

from bert_demo.results import HeadEffects
from bert_demo.views.colours import FOR_AND_AGAINST, LIGHT
from bert_demo.views.panels.head_effects import effects_scale
from bert_demo.views.templates import number


def head_effects_figure(result: HeadEffects) -> go.Figure:
    """Rows are layers from above, columns heads: what the score loses without each head; signs as text."""
    layers, heads = result.changes.shape
    scale = effects_scale(result)
    digits = 2 if scale.strongest >= 0.1 else 3
    worth = 0 - result.changes
    figure = go.Figure(
        go.Heatmap(
            z=worth,
            x=list(range(heads)),
            y=list(range(layers)),
            colorscale=FOR_AND_AGAINST,
            zmin=-scale.full,
            zmax=scale.full,
            text=[[number(each, digits) for each in row] for row in worth.tolist()],
            texttemplate="%{text}" if heads <= 16 else None,
            textfont={"color": LIGHT.ink, "size": 11},
            hovertemplate="head %{y}-%{x}<br>%{z:+.5f}<extra></extra>",
            colorbar={"orientation": "h", "y": 0, "yanchor": "top", "thickness": 8, "outlinewidth": 0, "len": 0.6},
            xgap=1,
            ygap=1,
        )
    )
    axis = {"showgrid": False, "zeroline": False, "automargin": True, "dtick": 1}
    figure.update_xaxes(axis, side="top", title="head")
    figure.update_yaxes(axis, autorange="reversed", title="layer")
    figure.update_layout(
        height=max(260, 36 * layers + 130),
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": 'system-ui, "Segoe UI", "Noto Sans", sans-serif', "size": 12, "color": "#5d6771"},
    )
    return figure
