"""What is open: its title with the formula and what was left out, the heatmap, the strongest keys."""

from __future__ import annotations

import zlib

import plotly.graph_objects as go

from bert_demo.plots.attention import plain, short
from bert_demo.plots.markup import check, esc, percent, table
from bert_demo.results import HeadProfiles
from bert_demo.results.views import QUADRANTS, SUMMARIES, Choice, HeadView

PICTURES = (
    '<button type="button" data-save="png">PNG</button><button type="button" data-save="svg">SVG</button>'
    '<button type="button" data-weights="csv">all weights as CSV</button>'
    '<button type="button" data-weights="npz">as npz</button>'
)
"""Buttons that keep the open picture and its weights, which the browser already holds."""

FEW = 80
"""Up to so many words each has a tick of its own."""

_SCALE = [[0.0, "rgba(14,107,124,0)"], [0.15, "rgba(14,107,124,0.35)"], [1.0, "rgba(14,107,124,1)"]]


def title_of(choice: Choice) -> str:
    """What is shown, as HTML, in both ways of counting."""
    layer, head = choice.layer, choice.head
    if choice.shown == "head":
        literature = f"{layer + 1}-{head + 1} counted from one, as in the literature"
        return f"Head {layer}-{head} <small>({literature})</small>"
    return {
        "layer": f"Mean of the heads of layer {layer} <small>(layer {layer + 1} counted from one)</small>",
        "across": f"Mean over the layers of head {head} <small>(head {head + 1} counted from one)</small>",
        "all": "Mean of all heads of all layers",
        "rollout": "Attention rollout",
    }[choice.shown]


def title_panel(choice: Choice, view: HeadView, model: str, display: str, profiles: HeadProfiles | None = None) -> str:
    """Name, formula, habit, what was done to the weights, and the check. display: the view that is open."""
    habit = ""
    if profiles is not None and choice.shown == "head":
        habit = f" Its habit here: {esc(profiles.habit(choice.layer, choice.head))}."
    formula = f"{esc(SUMMARIES[choice.shown])}, {esc(model)}.{habit}"
    said = "Rows ask, columns answer. It shows where the head looks, not why the model decided."
    if choice.shown != "head":
        said = "Rows ask, columns answer. It sums up where heads look, not why the model decided."
    if choice.shown == "rollout":
        said += " It leaves out the values and the feed-forward layers."
    done = " ".join(esc(sentence) for sentence in _done(choice, view))
    return (
        f'<div data-display="{esc(display)}" data-open="{choice.layer}-{choice.head}" data-drawn="{key_of(view)}">'
        f"<h2>{title_of(choice)}</h2>"
        f'<p class="note">{formula} {said}{" " if done else ""}{done}</p>{_halves(choice, view)}{_sums(view)}</div>'
    )


def _done(choice: Choice, view: HeadView) -> list[str]:
    said = []
    if choice.level == "words":
        pieces = "1 word is" if view.split == 1 else f"{view.split or 'no'} words are"
        said.append(
            f"By words: attention to a split word is summed over its pieces, from it averaged (Clark et al. 2019); "
            f"{pieces} split here."
        )
    if choice.special != "keep":
        names = ", ".join(view.left_out) or "no special token"
        said.append(f"Left out: {names}, which leaves {view.kept:.1%} of a row on average.")
        said.append(
            "Rows were rescaled to sum to 1 again."
            if choice.special == "rescale"
            else "Rows were not rescaled: they sum to what is left."
        )
    if choice.quadrant != "all" and view.shares is not None:
        said.append(f"Only {choice.quadrant}{_belonging(*view.specials)}.")
    return said


def _belonging(ours: tuple[str, ...], theirs: tuple[str, ...]) -> str:
    """ ": [CLS] and the first [SEP] count as A, the last [SEP] as B"; nothing where no special token is shown."""
    said: list[str] = []
    for side, mine, others, which in (("A", ours, theirs, "first"), ("B", theirs, ours, "last")):
        verb = "" if said else " counts" if len(mine) == 1 else " count"
        said += [f"{_named(mine, others, which)}{verb} as {side}"] if mine else []
    return f": {', '.join(said)}" if said else ""


def _named(names: tuple[str, ...], others: tuple[str, ...], which: str) -> str:
    """ "<s> and the first 2 </s>": each name with how many of it, where the other text has it as well."""
    parts = []
    for name in dict.fromkeys(names):
        many = f"{names.count(name)} " if names.count(name) > 1 else ""
        parts.append(f"the {which} {many}{name}" if name in others else f"{many}{name}")
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _halves(choice: Choice, view: HeadView) -> str:
    if view.shares is None:
        return ""
    names = [name for name in QUADRANTS if name != "all"]
    parts = (
        f"<span{' class=chosen' if name == choice.quadrant else ''}>{name} <b>{percent(share)}</b></span>"
        for name, share in zip(names, view.shares, strict=True)
    )
    return f'<p class="note halves">Of all this attention: {", ".join(parts)}.</p>'


def _sums(view: HeadView) -> str:
    if view.complete:
        error = view.largest_row_error
        return check(error < 1e-5, f"every row is a distribution: the sums are 1 to within {error:.0e}")
    sums = view.weights.sum(-1)
    return check(
        bool(sums.max() <= 1 + 1e-5),
        f"no row sums to more than 1: from {sums.min():.3f} to {sums.max():.3f}; the rest went to what is not shown",
    )


def labels_of(view: HeadView) -> tuple[list[str], list[str]]:
    """Names of rows and of columns with their positions, so that a word that comes twice is two words."""
    rows, columns = ([f"{place} {view.names[place]}" for place in places] for places in (view.rows, view.columns))
    return rows, columns


def key_of(view: HeadView) -> str:
    """A short name of these numbers, by which the browser knows that the picture is the one that the title is of."""
    return f"{zlib.crc32(view.weights.tobytes()):08x}"


def head_figure(view: HeadView) -> go.Figure:
    """A heatmap: exact weights on hover, repeated tokens kept apart by their positions."""
    rows, columns = ([plain(label) for label in labels] for labels in labels_of(view))
    figure = go.Figure(
        go.Heatmap(
            z=view.weights.astype("float32"),
            x=columns,
            y=rows,
            colorscale=_SCALE,
            zmin=0,
            zmax=float(max(view.weights.max(), 1e-9)),
            hovertemplate="%{y} \N{RIGHTWARDS ARROW} %{x}<br>%{z:.6f}<extra></extra>",
            colorbar={"orientation": "h", "y": 0, "yanchor": "top", "thickness": 8, "outlinewidth": 0, "len": 0.6},
        )
    )
    axis = {"type": "category", "showgrid": False, "zeroline": False, "automargin": True, "constrain": "domain"}
    figure.update_xaxes(axis | _ticks(view, view.columns), tickangle=-60, side="top", title=None)
    figure.update_yaxes(axis | _ticks(view, view.rows), autorange="reversed", title=None)
    few = len(rows) <= FEW
    figure.update_layout(
        meta=key_of(view),
        height=max(420, min(900, 22 * len(rows) + 140)) if few else 720,
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


def _ticks(view: HeadView, places: tuple[int, ...]) -> dict[str, object]:
    if len(places) > FEW:
        return {"nticks": 20}
    names = [short(view.names[place]) for place in places]
    return {"tickmode": "array", "tickvals": list(range(len(places))), "ticktext": names}


def strongest(view: HeadView) -> list[tuple[int, str, int, str, float]]:
    """For each query the key with the largest weight: position, token, position, token, weight."""
    best = view.weights.argmax(-1)
    found = []
    for row, (place, column) in enumerate(zip(view.rows, best, strict=True)):
        key = view.columns[int(column)]
        found.append((place, view.names[place], key, view.names[key], float(view.weights[row, column])))
    return found


def strongest_panel(choice: Choice, view: HeadView) -> str:
    """The strongest key of each query as a table to keep, and the buttons that keep the picture."""
    columns = ("query", "query_token", "strongest_key", "key_token", "weight")
    return table(columns, strongest(view), f"{choice.shown}-{choice.layer}-{choice.head}", PICTURES)


def compared_panel(
    names: tuple[str, str], views: tuple[HeadView, HeadView], difference: float | None, choice: Choice
) -> str:
    """Title of the second picture: both names, and how far apart the two are. choice: what the second one shows."""
    if difference is None:
        said = "The two are about different words, so that no single number compares them."
    else:
        measure = "the mean over the rows of half the summed difference"
        if all(view.complete for view in views):
            measure = "the mean total variation distance between their rows (0: the same, 1: nothing in common)"
        said = f"Difference: <b>{difference:.4f}</b>, {measure}."
    return (
        f'<div data-compared><h2>{title_of(choice)}</h2><p class="note">{esc(names[0])} beside {esc(names[1])}. {said} '
        f"The colours of each picture have a scale of their own.</p>{_halves(choice, views[1])}{_sums(views[1])}</div>"
    )
