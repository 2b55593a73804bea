"""A PruneCurve: accuracy while heads are switched off in order of importance, beside random orders."""

from __future__ import annotations

import plotly.graph_objects as go

from bert_demo.results import PruneCurve
from bert_demo.views.colours import APART, FIRST


def curve_figure(result: PruneCurve) -> go.Figure:
    """Two lines over the number of heads that are off: the least important first, and random orders."""
    figure = go.Figure()
    for name, accuracy, line, symbol in (
        ("least important first", result.accuracy, {"color": FIRST, "width": 3}, "circle"),
        (
            f"mean of {result.orders} random orders",
            result.random,
            {"color": APART, "dash": "dash"},
            "x",
        ),
    ):
        figure.add_scatter(
            x=list(result.counts),
            y=accuracy,
            name=name,
            line=line,
            mode="lines+markers",
            marker={"symbol": symbol, "size": 7},
            cliponaxis=False,
            hovertemplate="%{x} heads off: %{y:.1%}<extra></extra>",
        )
    figure.update_xaxes(title="heads switched off", rangemode="tozero", gridcolor="rgba(128,128,128,.2)")
    figure.update_yaxes(
        title=result.measure, range=[0, 1.03], tickformat=".0%", gridcolor="rgba(128,128,128,.2)", zeroline=False
    )
    figure.update_layout(
        height=360,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "y": 1.12, "x": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": 'system-ui, "Segoe UI", "Noto Sans", sans-serif', "size": 12, "color": "#5d6771"},
    )
    return figure
