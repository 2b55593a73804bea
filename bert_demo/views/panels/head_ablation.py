"""A model without some heads beside the untouched one: the switches, and what became of its answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from bert_demo.results import Ablation, Attribution, Classification, FillMask, Head
from bert_demo.views.markup import message
from bert_demo.views.panels.attributions import ledger_of, scale_of
from bert_demo.views.tables import Table
from bert_demo.views.templates import number, render

MOST_LABELS = 12
"""Labels that are drawn; the table has all."""
MOST_NAMED = 12
"""Heads that are named in a sentence; of more the number is said."""

NOTHING_OFF = message("Switch a head off: what the model says without it appears here, beside the untouched model.")

_Pair = tuple[str, float | None, float | None, str | None]
"""A name, its probability before and after, and the change; None for what is not known."""


def grid_panel(layers: int, heads: int) -> str:
    """A switch for every head and every layer; the page's script presses them and sends what is off."""
    return render("head_ablation.switches", layers, heads)


def named(heads: Sequence[Head], each: int = 0) -> str:
    """Heads in words: "head 3-7", "heads 2-1 and 3-7", "layer 1 and head 3-7", "72 heads".

    each: heads that a layer has; of a layer that lacks them all the layer is named. 0: heads alone are.
    """
    layers = {layer for layer, count in Counter(layer for layer, _ in heads).items() if count == each}
    rest = [head for head in heads if head[0] not in layers]
    if len(layers) + len(rest) > MOST_NAMED:
        return f"{len(heads)} heads"
    names = [_listed_as("layer", [str(layer) for layer in sorted(layers)])] if layers else []
    names += [_listed_as("head", [f"{layer}-{head}" for layer, head in rest])] if rest else []
    return " and ".join(names)


def _listed_as(noun: str, names: Sequence[str]) -> str:
    return f"{noun}{'' if len(names) == 1 else 's'} {_joined(names)}"


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _listed(heads: Sequence[Head]) -> str:
    """Their names, at most MOST_NAMED, and how many more there are."""
    names = [f"{layer}-{head}" for layer, head in heads]
    if len(names) > MOST_NAMED:
        names[MOST_NAMED:] = [f"{len(names) - MOST_NAMED} more"]
    return _joined(names)


def left_out(heads: Sequence[Head], model: str, layers: int, count: int) -> str:
    """A sentence about heads that were asked for and that the model does not have; nothing where there are none."""
    if not heads:
        return ""
    verb, those = ("is not a head", "it was") if len(heads) == 1 else ("are not heads", "they were")
    return message(
        f"{_listed(heads)} {verb} of {model} ({layers} layers, {count} heads, counted from 0); {those} left out."
    )


def ablation_panels(result: Ablation, before: str = "", each: int = 0) -> str:
    """All parts that the model has, before and after. before: panels about parts that it lacks; each: heads of a layer,
    as in `named`."""
    off = named(result.heads, each)
    fillings = result.fillings
    return render(
        "head_ablation.parts",
        before=Markup(before),  # panels already, made by `message`
        labels=_labels(*result.labels, off) if result.labels else None,
        slots=[_slot(*fillings, place, off) for place in range(len(fillings[0].slots))] if fillings else [],
        attributions=_attributions(*result.attributions, off) if result.attributions else None,
    )


def labels_panel(before: Classification, after: Classification, off: str) -> str:
    """Every label's probability with and without the heads, and the signed change."""
    return render("head_ablation.decision", **_labels(before, after, off))


def _labels(before: Classification, after: Classification, off: str) -> dict[str, Any]:
    later = {each.label: each.score for each in after.labels}
    rows = [(each.label, each.score, later[each.label], later[each.label] - each.score) for each in before.labels]
    drawn = sorted(rows, key=lambda row: -max(row[1], row[2]))[:MOST_LABELS]
    return {
        "before": before,
        "off": off,
        "rows": [_pair(name, score, then) for name, score, then, _ in drawn],
        "first": before.labels[0].label,
        "last": after.labels[0].label,
        "more": f"The {MOST_LABELS} most probable of {len(rows)} labels are drawn." if len(rows) > MOST_LABELS else "",
        "numbers": Table(("label", "before", "after", "change"), rows, "without-heads"),
    }


def _pair(name: str, before: float | None, after: float | None) -> _Pair:
    if before is None or after is None:
        return name, before, after, None
    points = 100 * (after - before)
    digits = 1 if abs(points) >= 0.05 or points == 0 else 3
    return name, before, after, number(points, digits)


def slot_panel(before: FillMask, after: FillMask, index: int, off: str) -> str:
    """The best candidates of one mask with and without the heads."""
    return render("head_ablation.slot", **_slot(before, after, index, off))


def _slot(before: FillMask, after: FillMask, index: int, off: str) -> dict[str, Any]:
    """Candidates of the untouched model in its order, then those that only came up after."""
    was, now = before.slots[index], after.slots[index]
    later = {each.token: each.score for each in now.candidates}
    known = {each.token for each in was.candidates}
    rows = [_pair(each.token_str, each.score, later.get(each.token)) for each in was.candidates]
    rows += [_pair(each.token_str, None, each.score) for each in now.candidates if each.token not in known]
    numbers = [(name, b, a, None if b is None or a is None else a - b) for name, b, a, _ in rows]
    return {
        "number": index + 1,
        "off": off,
        "count": len(was.candidates),
        "rows": rows,
        "first": was.candidates[0].token_str,
        "last": now.candidates[0].token_str,
        "totals": [sum(each.score for each in slot.candidates) for slot in (was, now)],
        "numbers": Table(("token_str", "before", "after", "change"), numbers, f"without-heads-mask-{index + 1}"),
    }


def attributions_panel(before: Attribution, after: Attribution, off: str) -> str:
    """The words' scores before and after, in one scale, and both ledgers."""
    return render("head_ablation.words", **_attributions(before, after, off))


def _attributions(before: Attribution, after: Attribution, off: str) -> dict[str, Any]:
    names = [word.text for word in before.words]
    scores = np.asarray([[word.score for word in each.words] for each in (before, after)])
    rows = np.concatenate([scores, scores[1:] - scores[:1]])
    numbers = [(place, name, *rows[:, place].tolist()) for place, name in enumerate(names)]
    return {
        "target": before.target,
        "off": off,
        "names": names,
        "rows": list(zip(("before", "after", "change"), rows.tolist(), strict=True)),
        "scale": scale_of([before, after], rows.ravel().tolist()),
        "ledgers": [("before", ledger_of(before)), ("after", ledger_of(after))],
        "numbers": Table(("position", "word", "before", "after", "change"), numbers, "attributions-without-heads"),
    }
