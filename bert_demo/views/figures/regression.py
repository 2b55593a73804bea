"""The numbers of a regressor beside the right ones."""

from __future__ import annotations

import plotly.graph_objects as go

from bert_demo.results.regression_evaluation import RegressionEvaluation
from bert_demo.views.colours import APART, FIRST


def regression_figure(result: RegressionEvaluation) -> go.Figure:
    """A point for each row, beside the line on which an answer is right."""
    both = [*result.truth.tolist(), *result.answers.tolist()]
    ends = [min(both), max(both)]
    figure = go.Figure()
    figure.add_scatter(
        x=ends, y=ends, mode="lines", line={"color": APART, "dash": "dash"}, name="right", hoverinfo="skip"
    )
    figure.add_scatter(
        x=[each.truth for each in result.in_order],
        y=[each.answer for each in result.in_order],
        customdata=[each.line for each in result.in_order],
        mode="markers",
        marker={"size": 8, "color": FIRST, "opacity": 0.6},
        name="this model",
        cliponaxis=False,
        hovertemplate="line %{customdata}: right %{x}, answer %{y:.3f}<extra></extra>",
    )
    lines = {"gridcolor": "rgba(128,128,128,.2)", "zeroline": False}
    figure.update_xaxes(title="right number", **lines)
    figure.update_yaxes(title="answer", **lines)
    figure.update_layout(
        height=320,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "y": 1.14, "x": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": 'system-ui, "Segoe UI", "Noto Sans", sans-serif', "size": 12, "color": "#5d6771"},
    )
    return figure
