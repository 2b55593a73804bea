"""A PruneCurve: accuracy while heads are switched off in order of importance, beside random orders."""

from __future__ import annotations

import plotly.graph_objects as go

from bert_demo.plots.markup import card, check, esc, pictures, table
from bert_demo.results import PruneCurve


def curve_figure(result: PruneCurve) -> go.Figure:
    """Two lines over the number of heads that are off: the least important first, and random orders."""
    figure = go.Figure()
    for name, accuracy, line, symbol in (
        ("least important first", result.accuracy, {"color": "#d9730d", "width": 3}, "circle"),
        (
            f"mean of {result.orders} random orders",
            result.random,
            {"color": "#2166ac", "dash": "dash"},
            "x",
        ),
    ):
        figure.add_scatter(
            x=list(result.counts),
            y=accuracy,
            name=name,
            line=line,
            mode="lines+markers",
            marker={"symbol": symbol, "size": 7},
            cliponaxis=False,
            hovertemplate="%{x} heads off: %{y:.1%}<extra></extra>",
        )
    figure.update_xaxes(title="heads switched off", rangemode="tozero", gridcolor="rgba(128,128,128,.2)")
    figure.update_yaxes(
        title=result.measure, range=[0, 1.03], tickformat=".0%", gridcolor="rgba(128,128,128,.2)", zeroline=False
    )
    figure.update_layout(
        height=360,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "y": 1.12, "x": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": 'system-ui, "Segoe UI", "Noto Sans", sans-serif', "size": 12, "color": "#5d6771"},
    )
    return figure


def prune_panel(result: PruneCurve, untouched: float) -> str:
    """What the curve shows, its check, its points, the order of the heads. untouched: accuracy of the Classify lens."""
    points = list(zip(result.counts, result.accuracy.tolist(), result.random.tolist(), strict=True))
    order = [
        (place, layer, head, float(result.importance[layer, head]))
        for place, (layer, head) in enumerate(result.order, start=1)
    ]
    first = float(result.accuracy[0])
    meant = " (a text is right when all its labels are, at 0.5)" if result.measure == "subset accuracy" else ""
    proof = check(
        abs(first - untouched) < 1e-9,
        f"with no head off {first:.1%} are right, as the lens Classify says of the same texts one by one "
        f"({untouched:.1%})",
    )
    note = (
        f"{result.measure.capitalize()} of {esc(result.model)} over {result.rows} texts{meant} while heads are "
        "switched off for all of them, the least important first. Importance is the mean size of the gradient of the "
        "loss by the head's switch, each layer scaled to length 1 (Michel et al. 2019). It was measured on these same "
        "texts, so the curve flatters; "
        f"one text is {1 / result.rows:.1%}. A head that can be spared here may matter for other texts."
    )
    return card(
        f"How many heads {esc(result.model)} can spare",
        f'{proof}<p class="note keep-title">the points</p>'
        f"{table(('heads_off', 'accuracy', 'random'), points, 'pruning', pictures('prune-curve', 'pruning'))}"
        '<p class="note keep-title">the order of the heads</p>'
        f"{table(('place', 'layer', 'head', 'importance'), order, 'pruning-order')}",
        note,
    )
