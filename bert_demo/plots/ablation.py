"""A model without some heads beside the untouched one: the switches, and what became of its answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bert_demo.plots.attributions import ledger_panel
from bert_demo.plots.markup import card, check, esc, grid, message, number, percent, table
from bert_demo.results import Ablation, Attribution, Classification, FillMask, Head, MaskSlot

MOST_LABELS = 12
"""Labels that are drawn; the table has all."""
MOST_NAMED = 12
"""Heads that are named in a sentence; of more the number is said."""

NOTHING_OFF = message("Switch a head off: what the model says without it appears here, beside the untouched model.")


def grid_panel(layers: int, heads: int) -> str:
    """A switch for every head and every layer; assets/ablation.js presses them and sends what is off."""
    rows = "".join(_switches(layer, heads) for layer in range(layers))
    note = (
        f"Layers 0 to {layers - 1} from top to bottom, heads 0 to {heads - 1} from left to right. A click switches a "
        "head off, for you alone; another brings it back."
    )
    none = '<button type="button" class="offer" data-off-none>none off</button>'
    return card(
        "Which heads are off",
        f'<div class="gates" role="group" aria-label="heads">{rows}</div>'
        f'<p class="off-line">{none} <span data-off-count aria-live="polite">0 of {layers * heads} off</span></p>',
        note,
        "gates-panel",
    )


def _switches(layer: int, heads: int) -> str:
    buttons = "".join(
        f'<button type="button" class="gate" data-off-head="{layer}-{head}" aria-pressed="false" '
        f'tabindex="{0 if layer == head == 0 else -1}" aria-label="layer {layer}, head {head} off" '
        f'title="head {layer}-{head} ({layer + 1}-{head + 1} counted from one)">{head}</button>'
        for head in range(heads)
    )
    return (
        f'<div class="gate-row"><button type="button" class="gate all" data-off-layer="{layer}" aria-pressed="false" '
        f'tabindex="-1" aria-label="the whole layer {layer} off" title="the whole layer {layer}">layer {layer}: all'
        f"</button>{buttons}</div>"
    )


def named(heads: Sequence[Head]) -> str:
    """Heads in words: "head 3-7", "heads 2-1 and 3-7", "72 heads"."""
    if len(heads) > MOST_NAMED:
        return f"{len(heads)} heads"
    return f"{'head' if len(heads) == 1 else 'heads'} {_listed(heads)}"


def _listed(heads: Sequence[Head]) -> str:
    """Their names, at most MOST_NAMED, and how many more there are."""
    names = [f"{layer}-{head}" for layer, head in heads]
    if len(names) > MOST_NAMED:
        names[MOST_NAMED:] = [f"{len(names) - MOST_NAMED} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def left_out(heads: Sequence[Head], model: str, layers: int, count: int) -> str:
    """A sentence about heads that were asked for and that the model does not have; nothing where there are none."""
    if not heads:
        return ""
    verb, those = ("is not a head", "it was") if len(heads) == 1 else ("are not heads", "they were")
    return message(
        f"{_listed(heads)} {verb} of {model} ({layers} layers, {count} heads, counted from 0); {those} left out."
    )


def ablation_panels(result: Ablation, said: str = "") -> str:
    """All parts that the model has, before and after. said: HTML about parts that it lacks."""
    off = named(result.heads)
    parts = [said]
    if result.labels is not None:
        parts.append(labels_panel(*result.labels, off))
    if result.fillings is not None:
        parts += [slot_panel(*result.fillings, index, off) for index in range(len(result.fillings[0].slots))]
    if result.attributions is not None:
        parts.append(attributions_panel(*result.attributions, off))
    return f'<div class="beside">{"".join(parts)}</div>'


def labels_panel(before: Classification, after: Classification, off: str) -> str:
    """Every label's probability with and without the heads, and the signed change."""
    later = {each.label: each.score for each in after.labels}
    rows = [(each.label, each.score, later[each.label], later[each.label] - each.score) for each in before.labels]
    drawn = sorted(rows, key=lambda row: -max(row[1], row[2]))[:MOST_LABELS]
    lines = "".join(_pair(name, score, then) for name, score, then, _ in drawn)
    first, last = before.labels[0].label, after.labels[0].label
    verdict = (
        f"The decision stays <b>{esc(first)}</b>."
        if first == last
        else f"The decision turns from <b>{esc(first)}</b> to <b>{esc(last)}</b>."
    )
    more = f" The {MOST_LABELS} most probable of {len(rows)} labels are drawn." if len(rows) > MOST_LABELS else ""
    keep = table(("label", "before", "after", "change"), rows, "without-heads")
    return card(
        f"What {esc(before.model)} decides without {off}",
        f'{_KEY}{lines}<p class="check">{verdict}</p>{_sums(before, after)}{keep}',
        f"{_NULLED}{more}",
    )


_NULLED = (
    "What the heads add to their layer is set to zero, in a copy of the model that is yours alone. It shows what these "
    "weights do without them, not what a model trained without them would do."
)
_KEY = (
    '<p class="note key"><u class="was"></u> the untouched model <u class="is"></u> with the heads off; changes in '
    "percentage points</p>"
)


def _pair(name: str, before: float, after: float | None) -> str:
    """Two bars, one above the other, and the signed change between them; after is None where it is not known."""
    then = "" if after is None else f'<u class="is" style="width:{100 * after:.2f}%"></u>'
    shown = "not shown" if after is None else percent(after)
    moved = "" if after is None else _change(after - before)
    return (
        f'<div class="twin"><span title="{esc(name)}"><bdi>{esc(name)}</bdi></span>'
        f'<div><u class="was" style="width:{100 * before:.2f}%"></u>{then}</div>'
        f"<em>{percent(before)} <small>\N{RIGHTWARDS ARROW}</small> {shown}</em>{moved}</div>"
    )


def _change(difference: float) -> str:
    side = "pos" if difference >= 0 else "neg"
    points = 100 * difference
    digits = 1 if abs(points) >= 0.05 or points == 0 else 3
    return f'<b class="moved {side}">{number(points, digits)}</b>'


def _sums(before: Classification, after: Classification) -> str:
    if before.activation != "softmax":
        return check(True, "sigmoid: each label by itself, so the probabilities need not sum to 1")
    sums = [sum(each.score for each in result.labels) for result in (before, after)]
    holds = all(abs(total - 1) < 1e-6 for total in sums)
    return check(holds, f"both are distributions: the probabilities sum to {sums[0]:.6f} and {sums[1]:.6f}")


def slot_panel(before: FillMask, after: FillMask, index: int, off: str) -> str:
    """The best candidates of one mask with and without the heads."""
    was, now = before.slots[index], after.slots[index]
    rows = _candidates(was, now)
    lines = "".join(_candidate(name, score, then) for name, score, then in rows)
    totals = [sum(each.score for each in slot.candidates) for slot in (was, now)]
    proof = check(
        all(total <= 1 + 1e-6 for total in totals),
        f"shares of the whole vocabulary: the {len(was.candidates)} best hold {percent(totals[0])} before and "
        f"{percent(totals[1])} after",
    )
    keep = table(
        ("token_str", "before", "after", "change"),
        [(n, b, a, None if b is None or a is None else a - b) for n, b, a in rows],
        f"without-heads-mask-{index + 1}",
    )
    first, last = was.candidates[0].token_str, now.candidates[0].token_str
    verdict = (
        f"The best word stays <b><bdi>{esc(first)}</bdi></b>."
        if first == last
        else f"The best word turns from <b><bdi>{esc(first)}</bdi></b> to <b><bdi>{esc(last)}</bdi></b>."
    )
    return card(
        f"Mask {index + 1} without {off}",
        f'{_KEY}{lines}<p class="check">{verdict}</p>{proof}{keep}',
        f"The {len(was.candidates)} best of each side; what only one side ranks so high has no number on the other. "
        f"{_NULLED}",
    )


def _candidates(was: MaskSlot, now: MaskSlot) -> list[tuple[str, float | None, float | None]]:
    """(word, before, after): those of the untouched model in its order, then those that only came up after."""
    scores = {each.token: each.score for each in now.candidates}
    known = {each.token for each in was.candidates}
    kept = [(each.token_str, each.score, scores.get(each.token)) for each in was.candidates]
    return [*kept, *((each.token_str, None, each.score) for each in now.candidates if each.token not in known)]


def _candidate(name: str, before: float | None, after: float | None) -> str:
    if before is not None:
        return _pair(name, before, after)
    assert after is not None
    return (
        f'<div class="twin"><span title="{esc(name)}"><bdi>{esc(name)}</bdi></span>'
        f'<div><u class="is" style="width:{100 * after:.2f}%"></u></div>'
        f"<em>not shown <small>\N{RIGHTWARDS ARROW}</small> {percent(after)}</em></div>"
    )


def attributions_panel(before: Attribution, after: Attribution, off: str) -> str:
    """The words' scores before and after, in one scale, and both ledgers."""
    names = [word.text for word in before.words]
    scores = np.asarray([[word.score for word in each.words] for each in (before, after)])
    rows = np.concatenate([scores, scores[1:] - scores[:1]])
    most = float(np.abs(rows).max(initial=0)) or 1.0
    head = "<th></th>" + "".join(f'<th scope="col"><bdi>{esc(name)}</bdi></th>' for name in names)
    body = "".join(
        f'<tr><th scope="row">{title}</th>{"".join(_cell(score, most) for score in row)}</tr>'
        for title, row in zip(("before", "after", "change"), rows.tolist(), strict=True)
    )
    keep = table(
        ("position", "word", "before", "after", "change"),
        [(place, name, *(float(value) for value in rows[:, place])) for place, name in enumerate(names)],
        "attributions-without-heads",
    )
    note = (
        f"Integrated Gradients from padding, logit of {esc(before.target)}: before, without {off}, and the change. "
        "Orange: towards it; blue, dashed: away from it. It shows which words these weights then lean on; the scores "
        "of [CLS] and [SEP] are in the ledgers alone."
    )
    ledgers = "".join(
        f'<div><h3 class="side">{title}</h3>{ledger_panel(each)}</div>'
        for title, each in (("before", before), ("after", after))
    )
    return (
        card("Which words carry it then", grid(head, body) + keep, note) + f'<div class="why ledgers">{ledgers}</div>'
    )


def _cell(score: float, most: float) -> str:
    side = "pos" if score >= 0 else "neg"
    return f'<td class="{side}" style="--a:{abs(score) / most:.3f}">{number(score)}</td>'
