"""The test of masking words in the order of each method, as curves."""

from __future__ import annotations

import plotly.graph_objects as go

from bert_demo.registry.attribution_methods import CARDS
from bert_demo.results import Comparison
from bert_demo.views.colours import LINES
from bert_demo.views.figures.labels import BELOW, plain

_DASHES = (
    "solid",
    "dash",
    "dot",
    "dashdot",
    "longdash",
    "longdashdot",
    "4px,2px",
    "9px,3px,2px,3px,2px,3px",
    "2px,8px",
    "14px,5px",
)


def curves_figure(result: Comparison) -> go.Figure:
    """The probability of the target while words are masked, against a band from random orders."""
    steps = list(range(len(result.random_mean)))
    band = {"x": steps, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    figure = go.Figure()
    figure.add_scatter(**band, y=result.random_low, showlegend=False)
    figure.add_scatter(
        **band,
        y=result.random_high,
        fill="tonexty",
        fillcolor="rgba(120,120,120,0.22)",
        name="random orders, 5 to 95 %",
    )
    figure.add_scatter(
        x=steps, y=result.random_mean, mode="lines", line={"width": 1, "color": "#888"}, name="random orders, mean"
    )
    for place, trial in enumerate(result.trials):
        row = CARDS[trial.attribution.method]
        figure.add_scatter(
            x=steps,
            y=trial.curve,
            mode="lines",
            line={"width": 2, "color": LINES[place % len(LINES)], "dash": _DASHES[place % len(_DASHES)]},
            name=row.title,
            hovertemplate=f"{plain(row.title)}<br>%{{x}} masked: %{{y:.4f}}<extra></extra>",
        )
    grid = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False, "automargin": True}
    figure.update_xaxes(title="words masked, the highest score first", rangemode="tozero", **grid)
    curves = [result.random_low, result.random_high, *(trial.curve for trial in result.trials)]
    shares = all(each.min() >= 0 and each.max() <= 1 for each in curves)
    title, span = ("probability of", [0, 1.02]) if shares else ("number of", None)  # that of a regression
    figure.update_yaxes(title=f"{title} {plain(result.target)}", range=span, **grid)
    figure.update_layout(
        height=520,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend=BELOW | {"font": {"size": 11}},
        font={"family": 'system-ui, "Segoe UI", "Noto Sans", sans-serif', "size": 12, "color": "#5d6771"},
    )
    return figure
