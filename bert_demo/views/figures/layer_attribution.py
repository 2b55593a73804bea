"""A LayerAttribution as a heatmap of tokens and layers."""

from __future__ import annotations

import plotly.graph_objects as go

from bert_demo.results import LayerAttribution
from bert_demo.views.colours import FOR_AND_AGAINST, LIGHT
from bert_demo.views.figures.labels import plain, short
from bert_demo.views.panels.layer_attribution import layer_names, layers_scale
from bert_demo.views.templates import number


def layers_figure(result: LayerAttribution) -> go.Figure:
    """Rows are layers from above, columns tokens; for and against the target; short texts have the numbers."""
    names = layer_names(result)
    places = list(range(len(result.tokens)))
    labels = [f"{place} {plain(token.shown)}" for place, token in enumerate(result.tokens)]
    full = layers_scale(result).full
    few = len(places) <= 40
    digits = 3 if result.output == "probability" else 2
    figure = go.Figure(
        go.Heatmap(
            z=result.scores,
            x=labels,
            y=names,
            colorscale=FOR_AND_AGAINST,
            zmin=-full,
            zmax=full,
            text=[[number(score, digits) for score in row] for row in result.scores.tolist()],
            texttemplate="%{text}" if few else None,
            textfont={"color": LIGHT.ink},
            hovertemplate="%{y}, %{x}<br>%{z:+.5f}<extra></extra>",
            colorbar={"orientation": "h", "y": 0, "yanchor": "top", "thickness": 8, "outlinewidth": 0, "len": 0.6},
        )
    )
    axis = {"type": "category", "showgrid": False, "zeroline": False, "automargin": True}
    ticks = (
        {"tickmode": "array", "tickvals": places, "ticktext": [short(token.shown) for token in result.tokens]}
        if few
        else {"nticks": 20}
    )
    figure.update_xaxes(axis | ticks, tickangle=-60, side="top", title=None)
    figure.update_yaxes(axis, autorange="reversed", title=None)
    figure.update_layout(
        height=max(360, 44 * len(names) + 150),
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": 'system-ui, "Segoe UI", "Noto Sans", sans-serif', "size": 12, "color": "#5d6771"},
    )
    return figure
