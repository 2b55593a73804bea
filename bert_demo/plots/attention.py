"""An Attention as small multiples of all heads, and one head as a plotly heatmap."""

from __future__ import annotations

import base64
import io

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from bert_demo.plots.markup import card, check, data, esc
from bert_demo.results import Attention

THUMBNAIL = 48
"""Pixels a side of a head in the overview; longer texts are averaged down to it."""

ALL_WEIGHTS = '<button type="button" data-weights>all weights as CSV</button>'
"""A button that writes the weights of the drawn head, which the browser already holds, into a file."""

_ACCENT = (14, 107, 124)
_SCALE = [[0.0, "rgba(14,107,124,0)"], [0.15, "rgba(14,107,124,0.35)"], [1.0, "rgba(14,107,124,1)"]]


def overview_panel(result: Attention, chosen: tuple[int, int]) -> str:
    """Every head of every layer as a small picture to click; strength is the square root of the weight."""
    rows = []
    for layer in result.layers:
        cells = "".join(_thumbnail(result, layer, head, (layer, head) == chosen) for head in result.heads)
        rows.append(f'<div class="heads"><small>{layer}</small>{cells}</div>')
    size = len(result.tokens)
    note = (
        f"Layers 0 to {result.layers[-1]} from top to bottom, heads 0 to {result.heads[-1]} from left to right. Each "
        "square is one head: rows ask, columns answer. Click one to open it."
    )
    if size > THUMBNAIL:
        note += f" {size} tokens are averaged down to {THUMBNAIL} squares a side."
    if result.windows > 1:
        note += f" The text is read in {result.windows} windows; this is window {result.window}."
    error = result.largest_row_error
    proof = check(error < 1e-5, f"every row is a distribution: the sums are 1 to within {error:.0e}")
    return card("Every head", f'<div class="overview">{"".join(rows)}</div>{proof}', note)


def head_title(result: Attention, layer: int, head: int) -> str:
    """Name of an open head, in both ways of counting, and what its picture does not show."""
    return (
        f"<h2>Head {layer}-{head} <small>({layer + 1}-{head + 1} counted from one, as in the literature)</small></h2>"
        '<p class="note">Rows ask, columns answer. It shows where the head looks, not why the model decided.</p>'
    )


def head_figure(result: Attention, layer: int, head: int) -> go.Figure:
    """One head as a heatmap: exact weights on hover, repeated tokens kept apart by their positions."""
    weights = result.head(layer, head)
    names = [token.text for token in result.tokens]
    places = list(range(len(names)))
    labels = [f"{place} {plain(name)}" for place, name in enumerate(names)]
    few = len(names) <= 80
    figure = go.Figure(
        go.Heatmap(
            z=weights,
            x=labels,
            y=labels,
            colorscale=_SCALE,
            zmin=0,
            zmax=float(max(weights.max(), 1e-9)),
            hovertemplate="%{y} \N{RIGHTWARDS ARROW} %{x}<br>%{z:.6f}<extra></extra>",
            colorbar={"orientation": "h", "y": 0, "yanchor": "top", "thickness": 8, "outlinewidth": 0, "len": 0.6},
        )
    )
    shown = [short(name) for name in names]
    axis = {"type": "category", "showgrid": False, "zeroline": False, "automargin": True, "constrain": "domain"}
    ticks = {"tickmode": "array", "tickvals": places, "ticktext": shown} if few else {"nticks": 20}
    figure.update_xaxes(axis | ticks, tickangle=-60, side="top", title=None)
    figure.update_yaxes(axis | ticks, autorange="reversed", title=None)
    figure.update_layout(
        height=max(420, min(900, 22 * len(names) + 140)) if few else 720,
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


def strongest(result: Attention, layer: int, head: int) -> list[tuple[int, str, int, str, float]]:
    """For each query the key with the largest weight: position, token, position, token, weight."""
    weights = result.head(layer, head)
    best = weights.argmax(-1)
    names = [token.text for token in result.tokens]
    return [(q, names[q], int(k), names[int(k)], float(weights[q, k])) for q, k in enumerate(best)]


def _thumbnail(result: Attention, layer: int, head: int, chosen: bool) -> str:
    image = _png(shrink(result.head(layer, head), THUMBNAIL))
    return (
        f'<button type="button" class="thumb" data-head="{layer}-{head}" aria-pressed="{str(chosen).lower()}" '
        f'data-pick="{data({"layer": layer, "head": head})}" title="layer {layer}, head {head}" '
        f'aria-label="layer {layer}, head {head}"><img alt="" src="data:image/png;base64,{image}"></button>'
    )


def shrink(weights: np.ndarray, most: int) -> np.ndarray:
    """Average a square matrix down to at most `most` a side; smaller ones stay exact."""
    size = len(weights)
    if size <= most:
        return weights
    edges = np.linspace(0, size, most + 1).round().astype(int)
    sums = np.add.reduceat(np.add.reduceat(weights, edges[:-1], 0), edges[:-1], 1)
    counts = np.diff(edges)
    means: np.ndarray = sums / np.outer(counts, counts)
    return means


def _png(weights: np.ndarray) -> str:
    """A palette picture whose index is the opacity of the accent colour."""
    strength = np.sqrt(weights / max(float(weights.max()), 1e-9))
    image = Image.fromarray((strength * 255).round().astype(np.uint8), "L")
    image = Image.frombytes("P", image.size, image.tobytes())
    image.putpalette(list(_ACCENT) * 256)
    stream = io.BytesIO()
    image.save(stream, "PNG", transparency=bytes(range(256)), optimize=False)
    return base64.b64encode(stream.getvalue()).decode("ascii")


def plain(name: str) -> str:
    """plotly reads tags in labels: take their brackets away."""
    return esc(name).replace("&#36;", "$").replace("&#123;", "{").replace("&#125;", "}").replace("&#96;", "`")


def short(name: str) -> str:
    """A token as a tick: at most 16 characters."""
    shown = name if len(name) <= 16 else f"{name[:15]}\N{HORIZONTAL ELLIPSIS}"
    return plain(shown)
