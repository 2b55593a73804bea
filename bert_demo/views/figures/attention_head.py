"""The heatmap of what is open."""

from __future__ import annotations

import plotly.graph_objects as go

from bert_demo.results.attention_views import HeadView
from bert_demo.views.figures.labels import plain, short
from bert_demo.views.panels.attention_head import key_of, labels_of

FEW = 80
"""Up to so many words each has a tick of its own."""

_SCALE = [[0.0, "rgba(14,107,124,0)"], [0.15, "rgba(14,107,124,0.35)"], [1.0, "rgba(14,107,124,1)"]]


def head_figure(view: HeadView) -> go.Figure:
    """A heatmap: exact weights on hover, repeated tokens kept apart by their positions."""
    rows, columns = ([plain(label) for label in labels] for labels in labels_of(view))
    figure = go.Figure(
        go.Heatmap(
            z=view.weights.astype("float32"),
            x=columns,
            y=rows,
            colorscale=_SCALE,
            zmin=0,
            zmax=float(max(view.weights.max(), 1e-9)),
            hovertemplate="%{y} \N{RIGHTWARDS ARROW} %{x}<br>%{z:.6f}<extra></extra>",
            colorbar={"orientation": "h", "y": 0, "yanchor": "top", "thickness": 8, "outlinewidth": 0, "len": 0.6},
        )
    )
    axis = {"type": "category", "showgrid": False, "zeroline": False, "automargin": True, "constrain": "domain"}
    figure.update_xaxes(axis | _ticks(view, view.columns), tickangle=-60, side="top", title=None)
    figure.update_yaxes(axis | _ticks(view, view.rows), autorange="reversed", title=None)
    few = len(rows) <= FEW
    figure.update_layout(
        meta=key_of(view),
        height=max(420, min(900, 22 * len(rows) + 140)) if few else 720,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={
            "family": 'system-ui, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", sans-serif',
            "size": 12,
            "color": "#5d6771",
        },
    )
    return figure


def _ticks(view: HeadView, places: tuple[int, ...]) -> dict[str, object]:
    if len(places) > FEW:
        return {"nticks": 20}
    names = [short(view.names[place]) for place in places]
    return {"tickmode": "array", "tickvals": list(range(len(places))), "ticktext": names}
