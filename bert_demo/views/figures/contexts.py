"""One word in several sentences: its cosines layer by layer, and all tokens on a plane."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import plotly.graph_objects as go

from bert_demo.results.representations import Contexts
from bert_demo.views.colours import LINES
from bert_demo.views.figures.labels import BELOW, plain, short
from bert_demo.views.panels.contexts import names_of

MOST_LINES = 6
"""Pairs that have a line each; of more, the mean and the range are drawn."""
MOST_NAMES = 60
"""Tokens that have their names beside their points."""
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_SHAPES = ("diamond", "square", "triangle-up", "star", "cross", "hexagram", "triangle-down", "pentagon")
_FONT = {
    "family": 'system-ui, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", sans-serif',
    "size": 12,
    "color": "#79828b",
}
_CLEAR = {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "font": _FONT}


def lines_figure(result: Contexts) -> go.Figure:
    """Cosine of each pair over the states, and the mean of different words, dashed with crosses."""
    states = list(range(len(result.others)))
    names = names_of(result)
    pairs = list(combinations(range(len(names)), 2))
    figure = go.Figure()
    line = {"x": states, "mode": "lines+markers"}
    if len(pairs) <= MOST_LINES:
        for place, (one, two) in enumerate(pairs):
            look = {"color": LINES[place], "dash": _DASHES[place], "width": 2}
            marker = {"symbol": _SHAPES[place], "size": 8}
            values = result.similarity[:, one, two]
            figure.add_scatter(**line, y=values, name=f"{names[one]} and {names[two]}", line=look, marker=marker)
    else:
        values = np.stack([result.similarity[:, one, two] for one, two in pairs])
        edge = {"x": states, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_scatter(**edge, y=values.min(0), showlegend=False)
        band = {"fill": "tonexty", "fillcolor": "rgba(14,107,124,0.2)"}
        figure.add_scatter(**edge, y=values.max(0), name="least to most alike pair", **band)
        look = {"color": LINES[0], "width": 2}
        figure.add_scatter(**line, y=values.mean(0), name=f"mean of {len(pairs)} pairs", line=look)
    look = {"color": "#8a8f94", "dash": "4px,3px", "width": 2}
    figure.add_scatter(**line, y=result.others, name="different words, mean", line=look, marker={"symbol": "x"})
    figure.update_traces(hovertemplate="state %{x}: %{y:.4f}<extra>%{fullData.name}</extra>")
    shade = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False, "automargin": True}
    figure.update_xaxes(shade, title="state (0: before layer 0)", dtick=1 if len(states) < 14 else 2)
    figure.update_yaxes(shade, title="cosine", rangemode="tozero", range=[min(0.0, float(_least(result))), 1.02])
    legend = BELOW | {"font": {"size": 12}}
    figure.update_layout(height=380, margin={"l": 10, "r": 10, "t": 10, "b": 10}, legend=legend, **_CLEAR)
    return figure


def _least(result: Contexts) -> float:
    return float(min(result.similarity.min(), result.others.min()))


def plane_figure(result: Contexts) -> go.Figure:
    """All tokens at the last state; the word's by the shape and colour of their sentence.

    layout.meta holds the points of every state, so that tabs/inside.deferred.js moves them without asking the server.
    """
    last = len(result.plane) - 1
    marked = _marked(result)
    groups = [[place for place in range(len(result.names)) if place not in marked]]
    groups += [[place for place, text in marked.items() if text == each] for each in range(len(result.texts))]
    figure = go.Figure()
    for number_, places in enumerate(groups):
        figure.add_scatter(
            x=result.plane[last, places, 0],
            y=result.plane[last, places, 1],
            text=[plain(short(result.shown[place])) for place in places],
            customdata=[result.tokens[place][0] + 1 for place in places],
            mode="markers+text" if number_ or len(result.names) <= MOST_NAMES else "markers",
            textposition="top center",
            textfont={"size": 12 if number_ else 10},
            marker=_marker(number_),
            name=f"{plain(result.word)} in {number_}" if number_ else "other tokens",
            hovertemplate="%{text}, sentence %{customdata}<br>%{x:.3f}, %{y:.3f}<extra></extra>",
        )
    rounded = np.round(result.plane, 4)
    meta = {
        "x": [[rounded[state, places, 0].tolist() for places in groups] for state in range(last + 1)],
        "y": [[rounded[state, places, 1].tolist() for places in groups] for state in range(last + 1)],
        "titles": [[_axis(result, state, axis) for axis in (0, 1)] for state in range(last + 1)],
    }
    shade = {"gridcolor": "rgba(128,128,128,0.2)", "zeroline": False, "automargin": True}
    figure.update_xaxes(shade, title=meta["titles"][last][0])
    figure.update_yaxes(shade, title=meta["titles"][last][1])
    legend = BELOW | {"font": {"size": 12}}
    figure.update_layout(height=480, margin={"l": 10, "r": 10, "t": 20, "b": 10}, legend=legend, meta=meta, **_CLEAR)
    return figure


def _marked(result: Contexts) -> dict[int, int]:
    """The points that belong to the word, and the sentence of each."""
    own = {(each.text, place) for each in result.occurrences for place in each.positions}
    return {place: text for place, (text, position) in enumerate(result.tokens) if (text, position) in own}


def _marker(group: int) -> dict[str, object]:
    if not group:
        return {"symbol": "circle-open", "size": 7, "color": "#8a8f94"}
    place = group - 1
    return {"symbol": _SHAPES[place % len(_SHAPES)], "size": 14, "color": LINES[place % len(LINES)]}


def _axis(result: Contexts, state: int, axis: int) -> str:
    return f"direction {axis + 1}: {100 * result.variance[state, axis]:.1f} %"
