"""A Comparison: all methods in one table under the same words, and the test of masking words in their order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from bert_demo.methods import CARDS
from bert_demo.plots.markup import card, check, esc, grid, number, pictures, table
from bert_demo.results import Comparison, Trial

_DASH = "\N{EN DASH}"
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
_COLOURS = (
    "#0e6b7c",
    "#d9730d",
    "#2166ac",
    "#8c510a",
    "#762a83",
    "#1b7837",
    "#c51b7d",
    "#4d4d4d",
    "#01665e",
    "#999999",
)
"""Dark enough and far enough apart to be told from each other, also by who sees no red; dashes say it again."""


def methods_panel(result: Comparison) -> str:
    """One row a method, one column a word; colours are of each row's own greatest score."""
    words = [word.text for word in result.trials[0].attribution.words]
    head = "".join(f'<th scope="col"><bdi>{esc(word)}</bdi></th>' for word in words)
    figures = ("missing", "passes", "seconds")
    head += "".join(f'<th scope="col">{name}</th>' for name in figures)
    body = "".join(_row(trial) for trial in result.trials)
    rows = [
        (
            trial.attribution.method,
            *(word.score for word in trial.attribution.words),
            trial.attribution.delta if trial.attribution.additive else math.nan,
            trial.attribution.forward_passes,
            trial.seconds,
        )
        for trial in result.trials
    ]
    columns = ("method", *(f"{place} {word}" for place, word in enumerate(words)), *figures)
    note = (
        f"Scores towards {esc(result.target)}. Each row has a unit of its own: colours are shares of its greatest. "
        "Orange: towards; blue, dashed: away; a method without a sign is all orange. <b>missing</b>: what the ledger "
        "of a method lacks that claims to add up."
    )
    return card(
        "Every method, the same words",
        grid(f"<th></th>{head}", body) + table(columns, rows, "methods"),
        note,
    )


def _row(trial: Trial) -> str:
    found = trial.attribution
    row = CARDS[found.method]
    most = max((abs(word.score) for word in found.words), default=0.0) or 1.0
    cells = "".join(
        f'<td class="{"pos" if word.score >= 0 else "neg"}" style="--a:{abs(word.score) / most:.3f}" '
        f'title="{word.score:.6g}">{number(word.score) if row.signed else f"{word.score:.2f}"}</td>'
        for word in found.words
    )
    missing = number(found.delta, 3) if row.additive else "\N{EN DASH}"
    cells += f'<td class="figure">{missing}</td><td class="figure">{found.forward_passes}</td>'
    cells += f'<td class="figure">{trial.seconds:.2f}</td>'
    return f'<tr><th scope="row" title="{esc(row.paper)}">{esc(row.title)}</th>{cells}</tr>'


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
            line={"width": 2, "color": _COLOURS[place % len(_COLOURS)], "dash": _DASHES[place % len(_DASHES)]},
            name=row.title,
            hovertemplate=f"{esc(row.title)}<br>%{{x}} masked: %{{y:.4f}}<extra></extra>",
        )
    grid = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}
    figure.update_xaxes(title="words masked, the highest score first", rangemode="tozero", **grid)
    figure.update_yaxes(title=f"probability of {_plain(result.target)}", range=[0, 1.02], **grid)
    figure.update_layout(
        height=460,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": -0.18, "font": {"size": 11}},
        font={"family": 'system-ui, "Segoe UI", "Noto Sans", sans-serif', "size": 12, "color": "#5d6771"},
    )
    return figure


def trial_panel(result: Comparison) -> str:
    """The figures of the test, best first, and how often each curve lies below the band."""
    trials = sorted(result.trials, key=lambda trial: -trial.area)
    rows = [
        (
            CARDS[trial.attribution.method].title,
            trial.area,
            _share_below(result, trial),
            _or_dash(trial.comprehensiveness),
            _or_dash(trial.sufficiency),
        )
        for trial in trials
    ]
    columns = ("method", "area below random", "steps below the band", "comprehensiveness", "sufficiency")
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    body = "".join(
        f'<tr><th scope="row">{esc(name)}</th><td>{number(area, 3)}</td><td>{below:.0%}</td>'
        + "".join(f"<td>{each if isinstance(each, str) else number(each, 3)}</td>" for each in rest)
        + "</tr>"
        for name, area, below, *rest in rows
    )
    better = sum(trial.area > 0 for trial in trials if trial.attribution.method != "random")
    known = len(trials) - 1
    note = (
        "<b>Area</b>: how far the probability falls below that of random orders, mean over the steps; above 0 the "
        "method found sooner what the model needs. <b>Comprehensiveness</b> (more is better) and <b>sufficiency</b> "
        "(less is better) as DeYoung et al. 2020 and ferret define them. A masked text is unlike anything the model "
        "learnt from, so one sentence proves little."
    )
    return card(
        "Delete and see",
        grid(head, body)
        + check(
            better > 0,
            f"{better} of {known} methods find it sooner than the mean of {result.orders} random orders does",
        )
        + table(columns, rows, "delete-and-see")
        + _curves_table(result),
        note,
    )


def _curves_table(result: Comparison) -> str:
    """The numbers of the plotted curves."""
    names = [trial.attribution.method for trial in result.trials]
    columns = ("words masked", *names, "random orders, mean", "5 %", "95 %")
    band = (result.random_mean, result.random_low, result.random_high)
    steps = zip(*(trial.curve.tolist() for trial in result.trials), *(each.tolist() for each in band), strict=True)
    return table(
        columns,
        [(place, *row) for place, row in enumerate(steps)],
        "delete-and-see-curves",
        pictures("curves", "delete-and-see"),
    )


def agreement_panel(result: Comparison) -> str:
    """Kendall's tau between the methods: a curiosity."""
    names = [CARDS[trial.attribution.method].title for trial in result.trials]
    head = "".join(f'<th scope="col">{esc(name)}</th>' for name in names)
    body = "".join(
        f'<tr><th scope="row">{esc(name)}</th>'
        + "".join(
            f'<td class="{"pos" if cell >= 0 else "neg"}" style="--a:{0.0 if math.isnan(cell) else abs(cell):.3f}">'
            f"{_DASH if math.isnan(cell) else number(cell)}</td>"
            for cell in row
        )
        + "</tr>"
        for name, row in zip(names, result.agreement.tolist(), strict=True)
    )
    rows = [(name, *row) for name, row in zip(names, result.agreement.tolist(), strict=True)]
    return card(
        "Do they agree?",
        grid(f"<th></th>{head}", body) + table(("method", *names), rows, "agreement"),
        "Kendall's tau between the sizes of the words' scores, 1 for the same order. A curiosity, not evidence: "
        "methods may agree and all be wrong, and there is no ground for expecting them to agree (Neely et al. 2022, "
        "arXiv 2205.04559).",
    )


def corpus_panel(figures: Mapping[str, Any]) -> str:
    """The same test on many sentences, and against what people marked. figures: assets/corpus.json."""
    names = ("area", "comprehensiveness", "sufficiency", "people")
    columns = ("method", "area below random", "comprehensiveness", "sufficiency", "agreement with people")
    found = sorted(figures["methods"].items(), key=lambda each: -each[1]["area"][0])
    head = "".join(f'<th scope="col">{name}</th>' for name in (*columns, "passes", "seconds"))
    body = "".join(
        f'<tr><th scope="row">{esc(CARDS[method].title)}</th>'
        + "".join(
            f"<td>{row[each][0]:.3f} <small>({row[each][1]:.3f} to {row[each][2]:.3f})</small></td>" for each in names
        )
        + f"<td>{row['passes']:.0f}</td><td>{row['seconds']:.2f}</td></tr>"
        for method, row in found
    )
    ends = [f"{each} {end}" for each in names for end in ("", "low", "high")]
    rows = [(method, *(value for each in names for value in row[each])) for method, row in found]
    note = (
        f"The same test with the bundled model {esc(figures['model'])} on {figures['sentences']} sentences of "
        f"{esc(figures['source'])}, its own answer explained; in brackets the 95 % interval. <b>Agreement with "
        "people</b>: the average precision (DeYoung et al. 2020) with which a method's scores find the words that "
        "annotators of the treebank, shown the word alone, put on that answer's side "
        f"({figures['sentences_people']} sentences have such a word and another). People say what a sentence means; "
        "whether the model looked there is what the other columns ask."
    )
    return card(
        "On many sentences",
        grid(head, body) + table(("method", *(e.strip() for e in ends)), rows, "methods-corpus"),
        note,
    )


def _share_below(result: Comparison, trial: Trial) -> float:
    inner = slice(1, -1) if len(trial.curve) > 2 else slice(1, None)
    return float((trial.curve[inner] < result.random_low[inner]).mean())


def _or_dash(value: float | None) -> float | str:
    return _DASH if value is None else value


def _plain(name: str) -> str:
    return esc(name).replace("&#36;", "$")
