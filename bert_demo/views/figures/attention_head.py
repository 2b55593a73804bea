"""The heatmap of what is open."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from bert_demo.results.attention_views import HeadView
from bert_demo.views.colours import UNSEEN, UNSEEN_OPACITY
from bert_demo.views.figures.labels import plain, short
from bert_demo.views.panels.attention_head import key_of, labels_of

FEW = 80
"""Up to so many words each has a tick of its own."""

_SCALE = [[0.0, "rgba(14,107,124,0)"], [0.15, "rgba(14,107,124,0.35)"], [1.0, "rgba(14,107,124,1)"]]


def head_figure(view: HeadView) -> go.Figure:
    """A heatmap: exact weights on hover, repeated tokens kept apart by their positions."""
    rows, columns = ([plain(label) for label in labels] for labels in labels_of(view))
    weights = view.weights.astype("float32")
    if view.outside is not None:
        weights = np.where(view.outside, np.float32("nan"), weights)
    figure = go.Figure(
        go.Heatmap(
            z=weights,
            x=columns,
            y=rows,
            colorscale=_SCALE,
            zmin=0,
            zmax=float(max(view.weights.max(), 1e-9)),
            hovertemplate="%{y} \N{RIGHTWARDS ARROW} %{x}<br>%{z:.6f}<extra></extra>",
            colorbar={"orientation": "h", "y": 0, "yanchor": "top", "thickness": 8, "outlinewidth": 0, "len": 0.6},
        )
    )
    if view.outside is not None:
        figure.add_trace(_outside(view.outside, rows, columns))
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


def _outside(outside: np.ndarray, rows: list[str], columns: list[str]) -> go.Heatmap:
    """What the head cannot look at, in grey."""
    unseen = "rgba({},{},{},{})".format(*UNSEEN, UNSEEN_OPACITY)
    return go.Heatmap(
        z=np.where(outside, np.float32(1), np.float32("nan")),
        x=columns,
        y=rows,
        colorscale=[[0.0, unseen], [1.0, unseen]],
        showscale=False,
        hovertemplate="%{y} \N{RIGHTWARDS ARROW} %{x}<br>outside its window: not looked at<extra></extra>",
    )


def _ticks(view: HeadView, places: tuple[int, ...]) -> dict[str, object]:
    if len(places) > FEW:
        return {"nticks": 20}
    names = [short(view.names[place]) for place in places]
    return {"tickmode": "array", "tickvals": list(range(len(places))), "ticktext": names}
