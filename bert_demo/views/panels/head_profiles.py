"""HeadProfiles as a table of all heads to sort and search, and as shares by layer beside what papers found."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from bert_demo.results import HABITS, HeadProfiles, HeadTable
from bert_demo.views.tables import Table
from bert_demo.views.templates import as_json, render

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
"""Searches by a click; the page's script reads them as it reads what is typed."""
_LAYER_HABITS = ("[SEP]", "[CLS]", "previous", "next", "self", "punctuation")


def heads_panel(profiles: HeadProfiles, known: HeadTable | None) -> str:
    """All heads with their habits: sorted and searched in the browser, opened by a click."""
    columns = ("head", "habit", *profiles.names, "entropy", "distance")
    found = _known_for(known)
    return render(
        "head_profiles.heads",
        names=profiles.names,
        limits=limits(profiles),
        broadest=f"{math.log(len(profiles.tokens)):.2f}",
        presets=_presets(profiles),
        columns=(*columns, "known for"),
        rows=_rows(profiles, found),
        codes=sorted({code for codes in found.values() for code in codes.split(", ")}),
        count=profiles.entropy.size,
        numbers=Table(("layer", *columns), _numbers(profiles), "heads"),
    )


def _known_for(known: HeadTable | None) -> dict[tuple[int, int], str]:
    names: dict[tuple[int, int], list[str]] = {}
    for row in known.rows if known else ():
        if row.relation != "all" and (row.baseline is None or row.accuracy > row.baseline):
            names.setdefault((row.layer, row.head), []).append(row.relation)
    return {place: ", ".join(relations) for place, relations in names.items()}


def _numbers(profiles: HeadProfiles) -> Iterator[tuple[Any, ...]]:
    """Layer, head, habit, shares, entropy, distance of each head."""
    for layer, head in np.ndindex(profiles.entropy.shape):
        shares = profiles.shares[layer, head].tolist()
        entropy, distance = float(profiles.entropy[layer, head]), float(profiles.distance[layer, head])
        yield layer, head, profiles.habit(layer, head), *shares, entropy, distance


def _rows(profiles: HeadProfiles, best: dict[tuple[int, int], str]) -> Iterator[tuple[Any, ...]]:
    """The same for the page: values to sort by, and (strength, share) of each habit."""
    for layer, head, habit, *shares, entropy, distance in _numbers(profiles):
        values = [*(round(share, 5) for share in shares), round(entropy, 4), round(distance, 4)]
        cells = [(f"{share:.3f}", f"{100 * share:.1f}") for share in shares]
        known = best.get((layer, head), "")
        yield layer, head, habit, as_json(values), cells, f"{entropy:.2f}", f"{distance:.2f}", known


def limits(profiles: HeadProfiles) -> dict[str, float]:
    """From which entropy on a head counts as broad, up to which as narrow; up to which distance as near, from which as
    far: half of, and all of, the distance of attention spread evenly."""
    count = len(profiles.tokens)
    even = (count**2 - 1) / (3 * count)
    found = {"broad": profiles.broad_from, "narrow": profiles.broad_from / 4, "near": even / 2, "far": even}
    return {name: round(value, 4) for name, value in found.items()}


def _presets(profiles: HeadProfiles) -> list[tuple[int, str]]:
    """The column that each search is about, and what stands on its button."""
    places = [HABITS.index(name) for name, _ in _PRESETS]
    labels = [label.format(profiles.names[place]) for place, (_, label) in zip(places, _PRESETS, strict=True)]
    return [(place + 2, label) for place, label in [*zip(places, labels, strict=True), (len(HABITS), "look broadly")]]


def layers_panel(profiles: HeadProfiles) -> str:
    """The mean share of each layer's attention by where it goes, beside what was found for BERT-base."""
    means = profiles.shares.mean(1)
    habits = [(name, HABITS.index(name)) for name in _LAYER_HABITS]
    shares = {name: profiles.shares[..., HABITS.index(name)] for name in HABITS}
    return render(
        "head_profiles.layers",
        pictures=[(profiles.names[place], means[:, place].tolist(), _even(profiles, name)) for name, place in habits],
        separators=_separators(profiles, means),
        neighbours=[_listed(_over(shares[name])) for name in ("previous", "next")],
        patterns={
            "special": len(_over(shares["[CLS]"] + shares["[SEP]"])),
            "heads": profiles.entropy.size,
            "first": profiles.names[HABITS.index("[CLS]")],
            "other": profiles.names[HABITS.index("[SEP]")],
            "diagonal": len(_over(shares["self"] + shares["previous"] + shares["next"])),
        },
        numbers=Table(
            ("layer", *profiles.names), [(layer, *mean) for layer, mean in enumerate(means.tolist())], "layers"
        ),
    )


def _even(profiles: HeadProfiles, name: str) -> float | None:
    """The share that attention spread evenly over all tokens would give; None for punctuation."""
    count = len(profiles.tokens)
    special = sum(token.special for token in profiles.tokens)
    first = int(profiles.tokens[0].special)
    neighbour = (count - 1) / count**2
    known = {"[SEP]": (special - first) / count, "[CLS]": first / count, "self": 1 / count}
    return {**known, "previous": neighbour, "next": neighbour}.get(name)


def _separators(profiles: HeadProfiles, means: np.ndarray) -> dict[str, Any]:
    """In which layers more than half of the attention goes to separators, and where most does."""
    place = HABITS.index("[SEP]")
    shares = means[:, place]
    over = [str(layer) for layer, share in enumerate(shares) if share > HALF]
    return {
        "name": profiles.names[place],
        "over": f"layers {', '.join(over)}" if len(over) > 1 else f"layer {over[0]}" if over else "no layer",
        "layers": len(shares),
        "most": int(shares.argmax()),
        "share": f"{shares.max():.1%}",
    }


def _over(shares: np.ndarray) -> list[str]:
    return [f"{layer}-{head}" for layer, head in np.argwhere(shares > HALF)]


def _listed(heads: list[str]) -> str:
    if not heads:
        return "none"
    shown = ", ".join(heads[:8]) + (", \N{HORIZONTAL ELLIPSIS}" if len(heads) > 8 else "")
    return f"{len(heads)} ({shown})"
