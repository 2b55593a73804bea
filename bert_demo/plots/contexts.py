"""One word in several sentences: its cosines layer by layer, and all tokens on a plane."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import plotly.graph_objects as go

from bert_demo.plots.attention import plain, short
from bert_demo.plots.markup import card, check, esc, pictures, table
from bert_demo.results.insides import Contexts, Occurrence

MOST_LINES = 6
"""Pairs that have a line each; of more, the mean and the range are drawn."""
MOST_CELLS = 12
"""Places of the word that fit into a matrix on the page; the table has all."""
MOST_NAMES = 60
"""Tokens that have their names beside their points."""
_COLOURS = ("#0e6b7c", "#d9730d", "#2166ac", "#8c510a", "#762a83", "#1b7837", "#c51b7d", "#4d4d4d")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_SHAPES = ("diamond", "square", "triangle-up", "star", "cross", "hexagram", "triangle-down", "pentagon")
_FONT = {
    "family": 'system-ui, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", sans-serif',
    "size": 12,
    "color": "#79828b",
}
_CLEAR = {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "font": _FONT}


def state_name(state: int) -> str:
    """The states in words: 0 is what layer 0 reads, 1 what it gives."""
    return "before layer 0" if state == 0 else f"after layer {state - 1}"


def names_of(result: Contexts) -> list[str]:
    """The word's places: the number of the sentence from 1, with a letter where it stands there more than once."""
    texts = [each.text for each in result.occurrences]
    names = []
    for place, text in enumerate(texts):
        nth = texts[:place].count(text)
        names.append(f"{text + 1}{_letters(nth) if texts.count(text) > 1 else ''}")
    return names


def _letters(number: int) -> str:
    return chr(97 + number) if number < 26 else f".{number + 1}"


def lines_figure(result: Contexts) -> go.Figure:
    """Cosine of each pair over the states, and the mean of different words, dashed with crosses."""
    states = list(range(len(result.others)))
    names = names_of(result)
    pairs = list(combinations(range(len(names)), 2))
    figure = go.Figure()
    line = {"x": states, "mode": "lines+markers"}
    if len(pairs) <= MOST_LINES:
        for place, (one, two) in enumerate(pairs):
            look = {"color": _COLOURS[place], "dash": _DASHES[place], "width": 2}
            marker = {"symbol": _SHAPES[place], "size": 8}
            values = result.similarity[:, one, two]
            figure.add_scatter(**line, y=values, name=f"{names[one]} and {names[two]}", line=look, marker=marker)
    else:
        values = np.stack([result.similarity[:, one, two] for one, two in pairs])
        edge = {"x": states, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_scatter(**edge, y=values.min(0), showlegend=False)
        band = {"fill": "tonexty", "fillcolor": "rgba(14,107,124,0.2)"}
        figure.add_scatter(**edge, y=values.max(0), name="least to most alike pair", **band)
        look = {"color": _COLOURS[0], "width": 2}
        figure.add_scatter(**line, y=values.mean(0), name=f"mean of {len(pairs)} pairs", line=look)
    look = {"color": "#8a8f94", "dash": "4px,3px", "width": 2}
    figure.add_scatter(**line, y=result.others, name="different words, mean", line=look, marker={"symbol": "x"})
    figure.update_traces(hovertemplate="state %{x}: %{y:.4f}<extra>%{fullData.name}</extra>")
    shade = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False, "automargin": True}
    figure.update_xaxes(shade, title="state (0: before layer 0)", dtick=1 if len(states) < 14 else 2)
    figure.update_yaxes(shade, title="cosine", rangemode="tozero", range=[min(0.0, float(_least(result))), 1.02])
    legend = {"orientation": "h", "y": -0.2, "font": {"size": 12}}
    figure.update_layout(height=380, margin={"l": 10, "r": 10, "t": 10, "b": 10}, legend=legend, **_CLEAR)
    return figure


def _least(result: Contexts) -> float:
    return float(min(result.similarity.min(), result.others.min()))


def plane_figure(result: Contexts) -> go.Figure:
    """All tokens at the last state; the word's by the shape and colour of their sentence.

    layout.meta holds the points of every state, so that assets/inside.js moves them without asking the server.
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
            text=[plain(short(result.names[place])) for place in places],
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
    legend = {"orientation": "h", "y": -0.16, "font": {"size": 12}}
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
    return {"symbol": _SHAPES[place % len(_SHAPES)], "size": 14, "color": _COLOURS[place % len(_COLOURS)]}


def _axis(result: Contexts, state: int, axis: int) -> str:
    return f"direction {axis + 1}: {100 * result.variance[state, axis]:.1f} %"


def words_panel(result: Contexts) -> str:
    """Where the word stands, its matrix at each state (one shown), the check and the numbers."""
    names = names_of(result)
    places = "".join(
        f"<li><b>{name}</b> {_shown(result, each)}</li>" for name, each in zip(names, result.occurrences, strict=True)
    )
    last = len(result.others) - 1
    matrices = "".join(_matrix(result, names, state, state == last) for state in range(last + 1))
    first, end = (float(result.similarity[state, 0, 1]) for state in (0, last))
    said = (
        f"Places {names[0]} and {names[1]}: {first:.2f} before layer 0, <b>{end:.2f}</b> after the last layer, where "
        f"different words have {result.others[last]:.2f} on average."
    )
    proof = check(
        result.largest_error < 1e-4,
        "read again, several sentences at once and attention in one fused step: no cosine of any state is further off "
        f"than about {result.largest_error:.0e}",
    )
    note = (
        "The same word has another vector in each sentence. A cosine means something only beside that of different "
        "words, since in some layers all vectors point much the same way (Ethayarajh 2019). It shows how far the "
        "sentence moves the vector, not that the model knows two meanings."
    )
    body = f'<ol class="places">{places}</ol><p class="claim">{said}</p>{matrices}{proof}{_numbers(result, names)}'
    return card(f"<bdi>{esc(result.word)}</bdi> in {esc(result.model)}", body, note)


def _shown(result: Contexts, each: Occurrence) -> str:
    text = result.texts[each.text]
    before, after = text[: each.start], text[each.end :]
    return f"<bdi>{esc(before)}<mark>{esc(text[each.start : each.end])}</mark>{esc(after)}</bdi>"


def _matrix(result: Contexts, names: Sequence[str], state: int, shown: bool) -> str:
    said = f"<h3>{state_name(state).capitalize()}: different words {result.others[state]:.2f} on average</h3>"
    hidden = "" if shown else " hidden"
    if len(names) > MOST_CELLS:
        return f'<div data-state="{state}"{hidden}>{said}</div>'
    return f'<div data-state="{state}"{hidden}>{said}{matrix(names, result.similarity[state])}</div>'


def matrix(names: Sequence[str], values: np.ndarray, least: float = 0.0) -> str:
    """Cosines as a table; the nearer to 1 the darker, from `least` on."""
    head = "<th></th>" + "".join(f'<th scope="col">{esc(name)}</th>' for name in names)
    lines = []
    for name, row in zip(names, values.tolist(), strict=True):
        cells = "".join(
            f'<td style="--a:{min(1.0, max(0.0, (value - least) / max(1e-9, 1 - least))):.3f}">'
            f"{value:.2f}</td>".replace("-0.", "\N{MINUS SIGN}0.")
            for value in row
        )
        lines.append(f'<tr><th scope="row">{esc(name)}</th>{cells}</tr>')
    body = "".join(lines)
    return f'<div class="cosines" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _numbers(result: Contexts, names: Sequence[str]) -> str:
    states = [state_name(state) for state in range(len(result.others))]
    rows: list[tuple[object, ...]] = [
        (names[one], names[two], *result.similarity[:, one, two].tolist())
        for one, two in combinations(range(len(names)), 2)
    ]
    rows.append(("different words", "mean", *result.others.tolist()))
    return table(("place", "and", *states), rows, "contexts", pictures("context-lines", "contexts"))


def plane_panel(result: Contexts) -> str:
    """What the plane shows, what it leaves out, the check, and the points of every state."""
    own = {(each.text, place) for each in result.occurrences for place in each.positions}
    states = range(len(result.plane))
    columns = [f"{axis}, {state_name(state)}" for state in states for axis in ("x", "y")]
    rows = [
        (text + 1, position, name, "yes" if (text, position) in own else "", *result.plane[:, place].ravel().tolist())
        for place, ((text, position), name) in enumerate(zip(result.tokens, result.names, strict=True))
    ]
    drift, mixed = _spread(result.plane)
    shares = result.variance.sum(1)
    note = (
        "Principal components: the two directions along which the tokens differ most, found anew for each state; per "
        "cent: their share of the variance. Together they keep from "
        f"{shares.min():.0%} to {shares.max():.0%}; what is near on the plane may be far apart in the rest. Shapes "
        "mark the word, one for each sentence."
    )
    proof = check(
        max(drift, mixed) < 1e-6,
        f"in every state the points are centred and the two directions uncorrelated, to within {max(drift, mixed):.0e}",
    )
    keep = table(("sentence", "position", "token", "the word", *columns), rows, "plane", pictures("plane", "plane"))
    return card("All tokens on a plane", proof + keep, note)


def _spread(plane: np.ndarray) -> tuple[float, float]:
    """The greatest mean of the coordinates beside their spread, and the greatest correlation of the two."""
    spread = np.sqrt((plane**2).mean(1)) + 1e-12
    drift = float((np.abs(plane.mean(1)) / spread.max(1, keepdims=True)).max())
    mixed = float((np.abs((plane[..., 0] * plane[..., 1]).mean(1)) / (spread.max(1) ** 2)).max())
    return drift, mixed
