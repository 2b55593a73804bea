"""Where the probabilities of two texts lie among pairs that are known."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from bert_demo.results import NextSentence
from bert_demo.results.next_sentence import NextSentenceBaseline
from bert_demo.views.colours import APART, FIRST, SECOND
from bert_demo.views.figures.labels import plain
from bert_demo.views.panels.next_sentence import ORDERS

ROWS = ("your two texts", "shuffled", "turned round", "belong together")
"""From the bottom of the picture to its top."""
_SPREAD = 0.5
"""How far the dots of a row are spread, in rows, so that they do not hide one another."""


def baseline_figure(result: NextSentenceBaseline, forth: NextSentence, back: NextSentence) -> go.Figure:
    """A dot for each known pair, and the visitor's two orders below them."""
    figure = go.Figure()
    known = (
        (3, _names(result), result.true, {"color": SECOND, "symbol": "circle", "size": 9}),
        (2, _names(result, "turned"), result.turned, {"color": SECOND, "symbol": "circle-open", "size": 9}),
        (1, _names(result, "shuffled"), result.shuffled, {"color": APART, "symbol": "x", "size": 7}),
    )
    for row, names, values, marker in known:
        count = len(values)
        heights = [row + _SPREAD * ((5 * place) % count / count - 0.5) for place in range(count)]
        _dots(figure, ROWS[row], list(values), heights, names, {**marker, "opacity": 0.75})
    mine = {"color": FIRST, "symbol": ["diamond", "diamond-open"], "size": 14, "line": {"width": 2}}
    _dots(figure, ROWS[0], [forth.is_next, back.is_next], [0.12, -0.12], list(ORDERS), mine)
    figure.add_vline(x=0.5, line={"color": "rgba(128,128,128,.6)", "dash": "dot", "width": 1})
    figure.update_xaxes(
        title="probability",
        range=[-0.03, 1.03],
        zeroline=False,
        tickformat=".0%",
        gridcolor="rgba(128,128,128,.2)",
    )
    figure.update_yaxes(
        tickvals=list(range(len(ROWS))),
        ticktext=[name.replace(" ", "<br>", 1) for name in ROWS],
        range=[-0.5, len(ROWS) - 0.5],
        showgrid=False,
        zeroline=False,
    )
    figure.update_layout(
        height=360,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        showlegend=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": 'system-ui, "Segoe UI", "Noto Sans", sans-serif', "size": 12, "color": "#5d6771"},
    )
    return figure


def _dots(
    figure: go.Figure, name: str, values: list[float], heights: list[float], names: list[str], marker: dict[str, Any]
) -> None:
    figure.add_scatter(
        x=values,
        y=heights,
        name=name,
        mode="markers",
        marker=marker,
        customdata=names,
        cliponaxis=False,
        hovertemplate="%{customdata}<br>%{x:.2%}<extra></extra>",
    )


def _names(result: NextSentenceBaseline, kind: str = "true") -> list[str]:
    """What stands beside each dot, in the order of `true`, `turned` or `shuffled`."""
    pairs = list(zip(result.firsts, result.seconds, strict=True))
    if kind == "turned":
        pairs = [(second, first) for first, second in pairs]
    if kind == "shuffled":
        pairs = [(first, second) for first, own in pairs for second in result.seconds if second != own]
    return [f"{plain(first)}<br>{plain(second)}" for first, second in pairs]
