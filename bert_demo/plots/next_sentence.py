"""Two texts in both orders, and where their probabilities lie among pairs that are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from bert_demo.plots.markup import bars, card, check, data, esc, grid, message, percent, pictures, table
from bert_demo.results import NextSentence
from bert_demo.results.pairs import NextSentenceBaseline

ROWS = ("your two texts", "shuffled", "turned round", "belong together")
"""From the bottom of the picture to its top."""
_SPREAD = 0.5
"""How far the dots of a row are spread, in rows, so that they do not hide one another."""


def tries(pairs: Sequence[tuple[str, str]], opened: bool = False) -> str:
    """Pairs to press: [data-pick] gives the number of each."""
    buttons = "".join(
        f'<button type="button" class="offer" data-pick="{data({"pair": number})}">{esc(first)} '
        f"<b>{esc(second)}</b></button>"
        for number, (first, second) in enumerate(pairs)
    )
    return f'<details class="pair-offers"{" open" * opened}><summary>Pairs to try</summary>{buttons}</details>'


def no_second_panel(pairs: Sequence[tuple[str, str]]) -> str:
    """What is said where there is one text only."""
    said = message(
        "Write a second text into the field below the first one and press Enter, or press one of these pairs. The "
        "model then says whether the second follows the first."
    )
    return card("No second text yet", said + tries(pairs, opened=True))


def orders_panel(
    first: str, second: str, forth: NextSentence, back: NextSentence, pairs: Sequence[tuple[str, str]]
) -> str:
    """Both orders as bars, with the check that the two probabilities of each sum to 1, and pairs to try next."""
    rows = [(_NAMES[0], forth.is_next), (_NAMES[1], back.is_next)]
    total = max((each.is_next + each.not_next for each in (forth, back)), key=lambda each: abs(each - 1))
    proof = check(abs(total - 1) < 1e-6, f"follows and does not follow sum to {total:.6f}")
    texts = "".join(
        f'<p class="pair-text"><b>{name}</b> <bdi>{esc(text)}</bdi></p>' for name, text in (("A", first), ("B", second))
    )
    cells = [(order, each.is_next, each.not_next) for order, each in (("A, then B", forth), ("B, then A", back))]
    note = (
        f"The probability that {esc(forth.model)} gives to the second text being what stood behind the first. It shows "
        "whether they sound like one passage, and says little about order, truth or reason."
    )
    keep = table(("order", "is_next", "not_next"), cells, "next-sentence")
    return card("Does the second text follow?", texts + bars(rows) + proof + keep + tries(pairs), note)


_NAMES = ("B follows A", "A follows B")


def baseline_figure(result: NextSentenceBaseline, forth: NextSentence, back: NextSentence) -> go.Figure:
    """A dot for each known pair, and the visitor's two orders below them."""
    figure = go.Figure()
    known = (
        (3, _names(result), result.true, {"color": "#d9730d", "symbol": "circle", "size": 9}),
        (2, _names(result, "turned"), result.turned, {"color": "#d9730d", "symbol": "circle-open", "size": 9}),
        (1, _names(result, "shuffled"), result.shuffled, {"color": "#2166ac", "symbol": "x", "size": 7}),
    )
    for row, names, values, marker in known:
        count = len(values)
        heights = [row + _SPREAD * ((5 * place) % count / count - 0.5) for place in range(count)]
        _dots(figure, ROWS[row], list(values), heights, names, {**marker, "opacity": 0.75})
    mine = {"color": "#0e6b7c", "symbol": ["diamond", "diamond-open"], "size": 14, "line": {"width": 2}}
    _dots(figure, ROWS[0], [forth.is_next, back.is_next], [0.12, -0.12], list(_NAMES), mine)
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
    return [f"{esc(first)}<br>{esc(second)}" for first, second in pairs]


def baseline_panel(result: NextSentenceBaseline, forth: NextSentence) -> str:
    """How the known pairs were judged, where the visitor's stands among them, and what the task was for."""
    right = result.right
    kinds = (
        (f"{len(result.true)} pairs that belong together", result.true, right[0]),
        (f"{len(result.turned)} of them turned round", result.turned, float((result.turned < 0.5).mean())),
        (f"{len(result.shuffled)} shuffled pairs", result.shuffled, right[1]),
    )
    body = "".join(
        f"<tr><th>{name}</th><td>{percent(float(values.mean()))}</td><td>{percent(share)}</td></tr>"
        for name, values, share in kinds
    )
    shares = grid("<th></th><th>mean</th><th>judged right</th>", body)
    below = float((result.shuffled < forth.is_next).mean())
    place = f'<p class="note">Yours (B follows A) is above {percent(below)} of the shuffled pairs.</p>'
    above = float((result.true[:, None] > result.shuffled[None]).mean())
    ranked = check(above > 0.5, f"a true pair is above a shuffled one in {percent(above)} of all cases (chance: 50 %)")
    rows = [
        (first, second, "together" if row == column else "shuffled", float(result.matrix[row, column]))
        for row, first in enumerate(result.firsts)
        for column, second in enumerate(result.seconds)
    ]
    rows += [
        (second, first, "turned round", float(each))
        for first, second, each in zip(result.firsts, result.seconds, result.turned, strict=True)
    ]
    keep = table(
        ("first", "second", "kind", "is_next"),
        rows,
        "next-sentence-baseline",
        pictures("pair-dots", "next-sentence-baseline"),
    )
    return card("Against pairs that are known", shares + place + ranked + keep + _HISTORY, _NOTE)


_NOTE = (
    "Eight pairs written for this page, the same turned round, and every other way to join them. A shuffled pair "
    "changes the subject, which is easy to see; one that is turned round does not, and only its order is wrong."
)
_HISTORY = (
    '<p class="note">What it was for: BERT was trained to tell a passage that really follows from one drawn at random, '
    "as practice for tasks on two texts (Devlin et al. 2019). RoBERTa did as well without and dropped it (Liu et al. "
    "2019); ALBERT found it too easy, since the subject gives it away, and asks for the order of two passages instead "
    "(Lan et al. 2020).</p>"
)
