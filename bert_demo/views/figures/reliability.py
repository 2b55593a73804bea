"""A reliability diagram: how often answers of a confidence are right (Niculescu-Mizil and Caruana 2005)."""

from __future__ import annotations

import plotly.graph_objects as go

from bert_demo.results.evaluation import Calibration
from bert_demo.views.colours import APART, FIRST


def reliability_figure(result: Calibration) -> go.Figure:
    """A point for each bin with its 95 % interval, beside the line of a calibrated model."""
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": APART, "dash": "dash"},
        name="calibrated",
        hoverinfo="skip",
    )
    right = [each.right for each in result.bins]
    figure.add_scatter(
        x=[each.confidence for each in result.bins],
        y=[each.value for each in right],
        error_y={
            "type": "data",
            "array": [each.high - each.value for each in right],
            "arrayminus": [each.value - each.low for each in right],
            "color": FIRST,
            "thickness": 1.5,
            "width": 4,
        },
        customdata=[each.count for each in result.bins],
        mode="lines+markers",
        line={"color": FIRST, "width": 2},
        marker={"size": 8},
        name="this model",
        cliponaxis=False,
        hovertemplate="confidence %{x:.1%}: %{y:.1%} of %{customdata} answers right<extra></extra>",
    )
    lines = {"gridcolor": "rgba(128,128,128,.2)", "zeroline": False, "tickformat": ".0%"}
    figure.update_xaxes(title="mean confidence", range=[0, 1.02], **lines)
    figure.update_yaxes(title="share that is right", range=[0, 1.03], **lines)
    figure.update_layout(
        height=320,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "y": 1.14, "x": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": 'system-ui, "Segoe UI", "Noto Sans", sans-serif', "size": 12, "color": "#5d6771"},
    )
    return figure
