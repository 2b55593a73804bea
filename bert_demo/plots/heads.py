"""HeadProfiles as a table of all heads to sort and search, and as shares by layer beside what papers found."""

from __future__ import annotations

import math

import numpy as np

from bert_demo.plots.markup import card, check, data, esc, table
from bert_demo.results import HABITS, HeadProfiles, HeadTable

HALF = 0.5
"""From this share on a head counts as one that looks there; the same as in HeadProfiles.habit."""

_PRESETS = (
    ("next", "look at the next word"),
    ("previous", "look at the previous word"),
    ("self", "look at themselves"),
    ("[SEP]", "park on {}"),
    ("[CLS]", "look at {}"),
    ("punctuation", "look at punctuation"),
    ("same word", "look at the same word elsewhere"),
)
"""Searches by a click; assets/head_search.js reads them as it reads what is typed."""
_LAYER_HABITS = ("[SEP]", "[CLS]", "previous", "next", "self", "punctuation")


def numbers(layer: int, head: int) -> str:
    """A head's name counted from 0, and from 1 as the literature does; HTML."""
    return f'{layer}-{head} <small title="counted from one, as in the literature">({layer + 1}-{head + 1})</small>'


def heads_panel(profiles: HeadProfiles, known: HeadTable | None, error: float) -> str:
    """All heads with their habits: sorted and searched in the browser, opened by a click.

    error: how far any row of attention is from summing to 1.
    """
    layers, heads = profiles.entropy.shape
    best = _known_for(known)
    rows = "".join(
        _row(profiles, layer, head, best.get((layer, head), "")) for layer in range(layers) for head in range(heads)
    )
    columns = ("head", "habit", *profiles.names, "entropy", "distance", "known for")
    head_cells = "".join(
        f'<th aria-sort="none"><button type="button" data-sort="{place}">{esc(name)}</button></th>'
        for place, name in enumerate(columns)
    )
    note = (
        "Where each head's attention goes on this text: shares in per cent, means over all tokens that ask; they may "
        "overlap. Entropy in nats, from 0 (one token gets all) to "
        f"{math.log(len(profiles.tokens)):.2f} (all alike); distance in tokens. Click a head to open it. It says where "
        "heads look on one text, not what they are for."
    )
    body = (
        f'<div class="habits" data-habits data-names="{data(profiles.names)}" data-limits="{data(limits(profiles))}">'
        f"{_tools(profiles)}"
        '<p class="note" data-found role="status"></p>'
        f'<div class="methods habit-table" tabindex="0"><table><thead><tr>{head_cells}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></div>"
    )
    proof = check(error < 1e-5, f"every row that was counted is a distribution: the sums are 1 to within {error:.0e}")
    return card(f"All {layers * heads} heads", body + proof + _numbers(profiles), note)


def _known_for(known: HeadTable | None) -> dict[tuple[int, int], str]:
    names: dict[tuple[int, int], list[str]] = {}
    for row in known.rows if known else ():
        if row.relation != "all" and (row.baseline is None or row.accuracy > row.baseline):
            names.setdefault((row.layer, row.head), []).append(row.relation)
    return {place: ", ".join(relations) for place, relations in names.items()}


def _row(profiles: HeadProfiles, layer: int, head: int, best: str) -> str:
    shares = profiles.shares[layer, head]
    habit = profiles.habit(layer, head)
    entropy, distance = float(profiles.entropy[layer, head]), float(profiles.distance[layer, head])
    values = [round(float(share), 5) for share in shares] + [round(entropy, 4), round(distance, 4)]
    cells = "".join(f'<td style="--a:{share:.3f}">{100 * share:.1f}</td>' for share in shares)
    return (
        f'<tr data-pick="{data({"layer": layer, "head": head})}" data-values="{data(values)}">'
        f'<th><button type="button" aria-label="open head {layer}-{head}">{numbers(layer, head)}</button></th>'
        f'<td class="word-cell">{esc(habit)}</td>{cells}<td>{entropy:.2f}</td><td>{distance:.2f}</td>'
        f'<td class="word-cell">{esc(best)}</td></tr>'
    )


def limits(profiles: HeadProfiles) -> dict[str, float]:
    """From which entropy on a head counts as broad, up to which as narrow; up to which distance as near, from which as
    far: half of, and all of, the distance of attention spread evenly."""
    count = len(profiles.tokens)
    even = (count**2 - 1) / (3 * count)
    found = {"broad": profiles.broad_from, "narrow": profiles.broad_from / 4, "near": even / 2, "far": even}
    return {name: round(value, 4) for name, value in found.items()}


def _tools(profiles: HeadProfiles) -> str:
    names = profiles.names
    places = [HABITS.index(name) for name, _ in _PRESETS]
    labels = [label.format(names[place]) for place, (_, label) in zip(places, _PRESETS, strict=True)]
    presets = [*zip(places, labels, strict=True), (len(HABITS), "look broadly")]
    buttons = "".join(
        f'<button type="button" class="offer" aria-pressed="false" data-preset="{place + 2}">{esc(label)}</button>'
        for place, label in presets
    )
    return (
        '<div class="habit-tools"><input type="search" data-search aria-label="search the heads" '
        'placeholder="search: next word, not broad, layer 3">'
        f'<span>Heads that</span>{buttons}<button type="button" class="offer" data-preset="">all heads</button></div>'
        f"{_grammar(profiles)}"
    )


def _grammar(profiles: HeadProfiles) -> str:
    least = limits(profiles)
    return (
        '<details class="grammar note"><summary>What the search understands</summary><p>Look at, attend to or park on '
        f"<b>{esc(', '.join(profiles.names))}</b>: at least half of a head's attention. <b>Broad, narrow</b>: entropy "
        f"at least {least['broad']:.2f}, at most {least['narrow']:.2f} nats (0.8 and 0.2 of the largest possible). "
        f"<b>Near, far</b>: distance at most {least['near']:.2f}, at least {least['far']:.2f} tokens (half of, and all "
        "of, that of attention spread evenly). <b>Layer 3, head 3-7</b>, a relation that a head is known for. Figures: "
        "<b>next &gt; 40, entropy &lt; 1, layer at most 2</b>. What stands side by side must all hold; <b>not</b> "
        "turns the next one round; <b>or</b> begins another choice.</p></details>"
    )


def _numbers(profiles: HeadProfiles) -> str:
    layers, heads = profiles.entropy.shape
    rows = [
        (
            layer,
            head,
            profiles.habit(layer, head),
            *map(float, profiles.shares[layer, head]),
            float(profiles.entropy[layer, head]),
            float(profiles.distance[layer, head]),
        )
        for layer in range(layers)
        for head in range(heads)
    ]
    return table(("layer", "head", "habit", *profiles.names, "entropy", "distance"), rows, "heads")


def layers_panel(profiles: HeadProfiles) -> str:
    """The mean share of each layer's attention by where it goes, beside what was found for BERT-base."""
    means = profiles.shares.mean(1)
    pictures = "".join(_bars(profiles, means[:, HABITS.index(name)], name) for name in _LAYER_HABITS)
    said = (_separators(profiles, means), _neighbours(profiles), _patterns(profiles))
    facts = "".join(f"<li>{fact}</li>" for fact in said)
    rows = [(layer, *map(float, mean)) for layer, mean in enumerate(means)]
    note = (
        "Mean share of a layer's attention, all heads and all tokens that ask; layers from 0, left to right, bars up "
        "to 100 %; dashed: what attention spread evenly would give. One text: the papers averaged over many."
    )
    whole = bool((means[:, :3].sum(-1) < 1 + 1e-5).all() and (means >= 0).all())
    proof = check(whole, "self, previous and next, which never overlap, together stay within 100 % in every layer")
    return card(
        "What papers found, checked here",
        f'<div class="minis">{pictures}</div><ul class="facts">{facts}</ul>{proof}'
        f"{table(('layer', *profiles.names), rows, 'layers')}",
        note,
    )


def _bars(profiles: HeadProfiles, values: np.ndarray, name: str) -> str:
    even = _even(profiles, name)
    line = "" if even is None else f'<u style="bottom:{100 * even:.2f}%" title="evenly spread: {even:.1%}"></u>'
    columns = "".join(
        f'<span title="layer {layer}: {value:.1%}"><i style="height:{100 * value:.2f}%"></i></span>'
        for layer, value in enumerate(values)
    )
    digits = "".join(f"<span>{100 * value:.0f}</span>" for value in values) if len(values) <= 12 else ""
    said = ", ".join(f"layer {layer}: {value:.1%}" for layer, value in enumerate(values))
    name = profiles.names[HABITS.index(name)]
    return (
        f'<div class="mini" role="img" aria-label="{esc(f"share to {name}. {said}")}"><b>{esc(name)}</b>'
        f'<div class="columns">{columns}{line}</div><div class="digits">{digits}</div></div>'
    )


def _even(profiles: HeadProfiles, name: str) -> float | None:
    """The share that attention spread evenly over all tokens would give; None for punctuation."""
    count = len(profiles.tokens)
    special = sum(token.special for token in profiles.tokens)
    first = int(profiles.tokens[0].special)
    neighbour = (count - 1) / count**2
    known = {"[SEP]": (special - first) / count, "[CLS]": first / count, "self": 1 / count}
    return {**known, "previous": neighbour, "next": neighbour}.get(name)


def _separators(profiles: HeadProfiles, means: np.ndarray) -> str:
    name = esc(profiles.names[HABITS.index("[SEP]")])
    called = "" if name == "[SEP]" else f", here {name}"
    shares = means[:, HABITS.index("[SEP]")]
    over = [str(layer) for layer, share in enumerate(shares) if share > HALF]
    most = int(shares.argmax())
    here = f"layers {', '.join(over)}" if len(over) > 1 else f"layer {over[0]}" if over else "no layer"
    return (
        f"<b>{name}.</b> Clark et al. 2019: in BERT-base over half of the attention of layers 5 to 9 (6 to 10 counted "
        f"from one) goes to [SEP]{called}. <b>Here</b> {here} of {len(shares)}; most in layer {most}, "
        f"{shares[most]:.1%}."
    )


def _neighbours(profiles: HeadProfiles) -> str:
    previous, following = (_over(profiles.shares[..., HABITS.index(name)]) for name in ("previous", "next"))
    return (
        "<b>Neighbours.</b> Clark et al. 2019: four heads of BERT-base's 144 give more than half of their attention to "
        "the previous token and five to the next. "
        f"<b>Here</b> {_listed(previous)} to the previous, {_listed(following)} to the next."
    )


def _patterns(profiles: HeadProfiles) -> str:
    shares = profiles.shares
    special = shares[..., HABITS.index("[CLS]")] + shares[..., HABITS.index("[SEP]")]
    diagonal = sum((shares[..., HABITS.index(name)] for name in ("self", "previous", "next")), np.zeros(1))
    total = shares[..., 0].size
    first, other = (esc(profiles.names[HABITS.index(name)]) for name in ("[CLS]", "[SEP]"))
    return (
        "<b>Stripes and diagonals.</b> Kovaleva et al. 2019: the same few patterns recur across heads and tasks, above "
        "all vertical stripes at [CLS] and [SEP], and diagonals. "
        f"<b>Here</b> {len(_over(special))} of {total} heads give more than half to {first} and {other}, "
        f"{len(_over(diagonal))} to a token itself and its two neighbours."
    )


def _over(shares: np.ndarray) -> list[str]:
    return [f"{layer}-{head}" for layer, head in np.argwhere(shares > HALF)]


def _listed(heads: list[str]) -> str:
    if not heads:
        return "none"
    shown = ", ".join(heads[:8]) + (", \N{HORIZONTAL ELLIPSIS}" if len(heads) > 8 else "")
    return f"{len(heads)} ({shown})"
