"""What each head is worth: a layer x head map of the change of one score, and the heads in order of it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from bert_demo.plots.markup import card, check, esc, number, pictures, table
from bert_demo.results import HeadWorth

SHOWN = 12
"""Heads that get a line with a switch; the table has all."""
_SCALE = [[0.0, "rgba(33,102,172,0.8)"], [0.5, "rgba(128,128,128,0)"], [1.0, "rgba(217,115,13,0.8)"]]


def worth_figure(result: HeadWorth) -> go.Figure:
    """Rows are layers from above, columns heads; blue falls without the head, orange rises; signs as text."""
    layers, heads = result.changes.shape
    most = float(max(np.abs(result.changes).max(), 1e-9))
    digits = 2 if most >= 0.1 else 3
    rows = result.changes.tolist()
    figure = go.Figure(
        go.Heatmap(
            z=result.changes,
            x=list(range(heads)),
            y=list(range(layers)),
            colorscale=_SCALE,
            zmin=-most,
            zmax=most,
            text=[[number(change, digits) for change in row] for row in rows],
            texttemplate="%{text}" if heads <= 16 else None,
            textfont={"color": "#79828b", "size": 11},
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


def worth_panel(result: HeadWorth) -> str:
    """What the map shows, its check, and the heads in order of the change, each with its switch."""
    layers, heads = result.changes.shape
    every = [(layer, head, float(result.changes[layer, head])) for layer in range(layers) for head in range(heads)]
    every.sort(key=lambda row: -abs(row[2]))
    lines = "".join(_line(layer, head, change, abs(every[0][2])) for layer, head, change in every[:SHOWN])
    single = result.full_passes * layers
    cost = (
        f"{result.layer_passes:,} passes through single layers, where {result.full_passes:,} full passes would have "
        f"been {single:,} ({result.layer_passes / single:.0%}); the untouched model "
        "and the check take 3 full passes more"
    )
    note = (
        f"{esc(result.output).capitalize()} of \N{LEFT DOUBLE QUOTATION MARK}<bdi>{esc(result.target)}</bdi>"
        f"\N{RIGHT DOUBLE QUOTATION MARK}: {number(result.score, 3)} with all heads. Blue, "
        "\N{MINUS SIGN}: it falls without the head, which spoke for it. Orange, +: it rises. Each head alone: changes "
        "do not add up, for two heads can stand in for one another, and both off may change much more or less."
    )
    keep = table(("layer", "head", "change"), every, "head-worth", pictures("worth-map", "head-worth"))
    return card("The heads in order of their worth", f"{lines}{_proof(result)}{check(True, cost)}{keep}", note)


def _proof(result: HeadWorth) -> str:
    layer, head = result.greatest
    change = float(result.changes[layer, head])
    gap = abs(result.again - change)
    return check(
        gap <= 1e-4 * max(1.0, abs(change)),
        f"the greatest change, head {layer}-{head}, by a full pass of the model without it: {number(result.again, 4)}; "
        f"the map says {number(change, 4)} (apart by {gap:.0e})",
    )


def _line(layer: int, head: int, change: float, most: float) -> str:
    side = "pos" if change >= 0 else "neg"
    width = 100 * abs(change) / most if most else 0.0
    return (
        f'<div class="worth"><button type="button" class="gate" data-off-head="{layer}-{head}" aria-pressed="false" '
        f'aria-label="layer {layer}, head {head} off">{layer}-{head}</button>'
        f'<div><u class="{side}" style="width:{width:.1f}%"></u></div><em>{number(change, 4)}</em></div>'
    )
