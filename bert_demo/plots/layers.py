"""A LayerAttribution as a heatmap of tokens and layers, each row with its own ledger."""

from __future__ import annotations

import plotly.graph_objects as go

from bert_demo.plots.attention import plain, short
from bert_demo.plots.markup import card, check, esc, grid, number, pictures, table
from bert_demo.results import LayerAttribution

_SCALE = [[0.0, "#2166ac"], [0.5, "rgba(255,255,255,0)"], [1.0, "#d9730d"]]


def layer_names(result: LayerAttribution) -> list[str]:
    """The rows from below: the embeddings, and the states behind each layer."""
    return ["embeddings", *(f"after layer {number}" for number in range(len(result.scores) - 1))]


def layers_figure(result: LayerAttribution) -> go.Figure:
    """Rows are layers, columns tokens; orange speaks for the target, blue against it; short texts have the numbers."""
    names = layer_names(result)
    places = list(range(len(result.tokens)))
    labels = [f"{place} {plain(token.text)}" for place, token in enumerate(result.tokens)]
    below = result.scores[:-1] if len(result.scores) > 1 else result.scores
    most = float(max(abs(below).max(), 1e-9))
    few = len(places) <= 40
    digits = 3 if result.output == "probability" else 2
    figure = go.Figure(
        go.Heatmap(
            z=result.scores,
            x=labels,
            y=names,
            colorscale=_SCALE,
            zmin=-most,
            zmax=most,
            text=[[number(score, digits) for score in row] for row in result.scores.tolist()],
            texttemplate="%{text}" if few else None,
            textfont={"color": "#79828b"},
            hovertemplate="%{y}, %{x}<br>%{z:+.5f}<extra></extra>",
            colorbar={"orientation": "h", "y": 0, "yanchor": "top", "thickness": 8, "outlinewidth": 0, "len": 0.6},
        )
    )
    axis = {"type": "category", "showgrid": False, "zeroline": False, "automargin": True}
    ticks = (
        {"tickmode": "array", "tickvals": places, "ticktext": [short(token.text) for token in result.tokens]}
        if few
        else {"nticks": 20}
    )
    figure.update_xaxes(axis | ticks, tickangle=-60, side="top", title=None)
    figure.update_yaxes(axis, title=None)
    figure.update_layout(
        height=max(360, 44 * len(names) + 150),
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": 'system-ui, "Segoe UI", "Noto Sans", sans-serif', "size": 12, "color": "#5d6771"},
    )
    return figure


def ledgers_panel(result: LayerAttribution) -> str:
    """Each layer's ledger: what is to be explained, what its row sums to, what is missing."""
    difference = result.input_output - result.baseline_output
    names = layer_names(result)
    rows = [
        (name, float(row.sum()), float(delta), "closed" if closed else "not converged")
        for name, row, delta, closed in zip(names, result.scores, result.deltas, result.converged, strict=True)
    ]
    body = "".join(
        f'<tr><th scope="row">{esc(name)}</th><td>{number(total, 3)}</td><td>{number(missing, 4)}</td>'
        f"<td>{said}</td></tr>"
        for name, total, missing, said in rows
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("state", "sum of the row", "missing", "ledger"))
    scores = [
        (name, place, token.text, float(row[place]))
        for name, row in zip(names, result.scores, strict=True)
        for place, token in enumerate(result.tokens)
    ]
    proof = check(
        all(result.converged),
        f"{sum(result.converged)} of {len(names)} rows closed within {result.tolerance:.2%} of the difference, or a "
        f"tenth of it of all movement ({result.forward_passes} passes)",
    )
    return card(
        "Every layer, the same ledger",
        grid(head, body)
        + proof
        + table(("state", "position", "token", "score"), scores, "layers", pictures("layer-map", "layers")),
        f"Integrated Gradients of {esc(result.target)} from the state that the baseline ({esc(result.baseline)}) has "
        f"there. Each row must sum to {number(difference, 3)}: the same decision, carried by other positions layer by "
        "layer, at the end by [CLS] alone. Colours end at the greatest score below the last row.",
    )
