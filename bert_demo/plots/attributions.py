"""An Attribution as coloured words and the ledger that says whether they add up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bert_demo.methods import CARDS
from bert_demo.plots.markup import card, check, data, esc, grid, number, table
from bert_demo.results import Attribution, WhatIf

MOST_STEPS = 12
"""Words that get a step of the waterfall; the others share one."""

_UNITS = {
    "logit": "logit",
    "probability": "probability",
    "margin": "margin (logit less that of the strongest other class)",
    "difference": "logit, one less the other",
}
_PNG = '<button type="button" data-png>PNG</button>'


def words_panel(result: Attribution, by_word: bool, method: str, clickable: bool = True) -> str:
    """Words or pieces coloured by sign (orange for, blue against; solid and dashed lines) and strength.

    clickable: each sends its word's number as a pick.
    """
    cells = _cells(result, by_word)
    most = max((abs(score) for _, score, _ in cells), default=0.0) or 1.0
    chips = "".join(
        _chip(name, score, abs(score) / most, _pick(result, word) if clickable else None, word is None)
        for name, score, word in cells
    )
    note = f"{esc(method)}, {_UNITS[result.output]}. "
    if result.additive:
        note = f"{esc(method)} from {_baseline(result.baseline)} to your text, in units of {_UNITS[result.output]}. "
    if result.signed:
        note += f"Orange, solid line: towards {esc(result.target)}. Blue, dashed line: away from it."
    else:
        note += "Without a sign: the deeper the orange, the more this method makes of the word, for or against."
    if result.windows > 1:
        note += f" The text was explained in {result.windows} windows; scores are those of their mean."
    rows = [(place, name, score) for place, (name, score, _) in enumerate(cells)]
    keep = table(("position", "word" if by_word else "token", "score"), rows, "attributions", _PNG)
    return card(
        f"Which words carried \N{LEFT DOUBLE QUOTATION MARK}{esc(result.target)}\N{RIGHT DOUBLE QUOTATION MARK}",
        f'<div class="sent" dir="auto" tabindex="0">{chips}</div>{keep}',
        note,
        "picture",
    )


def labels_panel(results: Sequence[Attribution], by_word: bool, method: str, count: int) -> str:
    """Every label at once: one row a label, one column a word, each row with its own ledger. count: of all labels."""
    first = results[0]
    cells_of = {each.target: [cell[:2] for cell in _cells(each, by_word) if cell[2] is not None] for each in results}
    most = max((abs(score) for cells in cells_of.values() for _, score in cells), default=0.0) or 1.0
    names = [name for name, _ in cells_of[first.target]]
    head = "<th></th>" + "".join(f'<th scope="col"><bdi>{esc(name)}</bdi></th>' for name in names)
    head += '<th scope="col">difference</th><th scope="col">missing</th>'
    body = ""
    for each in results:
        cells = "".join(
            f'<td class="{"pos" if score >= 0 else "neg"}" style="--a:{abs(score) / most:.3f}">{number(score)}</td>'
            for _, score in cells_of[each.target]
        )
        figures = f'<td class="figure">{number(each.difference)}</td><td class="figure">{number(each.delta, 3)}</td>'
        body += f'<tr><th scope="row">{esc(each.target)}</th>{cells}{figures}</tr>'
    columns = ("label", "position", "word" if by_word else "token", "score")
    rows = [(label, place, *cell) for label, cells in cells_of.items() for place, cell in enumerate(cells)]
    closed = sum(bool(each.converged) for each in results)
    proof = (
        check(closed == len(results), f"{closed} of {len(results)} ledgers closed within {first.tolerance:.2%}")
        if first.additive
        else check(True, "no claim that the scores add up")
    )
    note = f"{esc(method)}, in units of {_UNITS[first.output]}. Colours are shares of the greatest score of all rows. "
    note += (
        "Orange: towards the row's label; blue, dashed: away from it." if first.signed else "Its scores have no sign."
    )
    if all(np.array_equal(each.scores, first.scores) for each in results[1:]):
        note += " This method does not look at the label: all rows are the same."
    if count > len(results):
        note += f" Shown are the {len(results)} most probable of {count} labels."
    return card("Which words pull towards which label", grid(head, body) + proof + table(columns, rows, "labels"), note)


def waterfall_panel(result: Attribution, by_word: bool) -> str:
    """From the score of the baseline to that of the text: the words in order of size, each a step of its height."""
    cells = sorted(_cells(result, by_word), key=lambda cell: -abs(cell[1]))
    steps = [(name, score) for name, score, _ in cells[:MOST_STEPS]]
    rest = sum(score for _, score, _ in cells[MOST_STEPS:])
    if len(cells) > MOST_STEPS:
        steps.append((f"the other {len(cells) - MOST_STEPS}", rest))
    steps.append(("gap, taken back", -result.delta))
    levels = [result.baseline_output]
    for _, score in steps:
        levels.append(levels[-1] + score)
    low, high = min(0.0, *levels), max(0.0, *levels)
    span = (high - low) or 1.0
    lines = [_bar(f"baseline ({result.baseline})", low, span, (0.0, levels[0]), "end")]
    for (name, score), start, end in zip(steps, levels[:-1], levels[1:], strict=True):
        lines.append(_bar(name, low, span, (start, end), "pos" if score >= 0 else "neg", number(score)))
    lines.append(_bar("your text", low, span, (0.0, levels[-1]), "end"))
    note = (
        "Each bar starts where the last one ended. The gap of the ledger has a bar of its own, so that the "
        f"last bar is the model's own {_UNITS[result.output]} for your text."
    )
    rows = [(name, score, end) for (name, score), end in zip(steps, levels[1:], strict=True)]
    keep = table(("step", "score", "level"), [("baseline", levels[0], levels[0]), *rows], "waterfall")
    return card("From the baseline to your text", f'<div class="fall">{"".join(lines)}</div>{keep}', note)


def _bar(name: str, low: float, span: float, ends: tuple[float, float], side: str, label: str = "") -> str:
    first, last = sorted(ends)
    left, width = 100 * (first - low) / span, 100 * (last - first) / span
    place = f"margin-left:{left:.2f}%;width:{max(width, 0.3):.2f}%"
    return (
        f'<div class="step"><span title="{esc(name)}"><bdi>{esc(name)}</bdi></span><div>'
        f'<u class="{side}" style="{place}"></u></div><em>{label or number(ends[1])}</em></div>'
    )


def ledger_panel(result: Attribution) -> str:
    """Score of the text, score of the baseline, sum of the attributions, what is missing, and the passes it took."""
    digits = 4 if result.output == "probability" else 3
    rows = (
        ("score of the text", number(result.input_output, digits)),
        (f"score of the baseline ({result.baseline})", number(result.baseline_output, digits)),
        None,
        ("difference to explain", number(result.difference, digits)),
        ("sum of the scores", number(result.total, digits)),
        ("missing", number(result.delta, digits + 2)),
        ("missing, relative", f"{result.relative_delta:.3%}" if result.difference else "\N{EN DASH}"),
        ("forward passes", f"{result.forward_passes}"),
    )
    lines = "".join("<hr>" if row is None else f"<span>{esc(row[0])}</span><strong>{row[1]}</strong>" for row in rows)
    if not result.additive:
        return card(
            "Does it add up?",
            f'<div class="ledger">{lines}</div>{_verdict(result)}',
            "It need not: this method does not share out the score. The numbers stand here to be compared."
            + ("" if CARDS[result.method].from_baseline else " The baseline plays no part in its scores."),
        )
    return card(
        "Does it add up?",
        f'<div class="ledger">{lines}</div>{_verdict(result)}',
        "The scores must sum to what the text changed: F(text) \N{MINUS SIGN} F(baseline).",
    )


def progress_panel(done: int, planned: int, what: str = "along the path from the baseline to your text") -> str:
    """How far the computation is."""
    share = min(1.0, done / planned) if planned else 0.0
    return card(
        "Working",
        f'<div class="bar"><span>passes</span><div><u style="width:{100 * share:.1f}%"></u></div>'
        f"<em>{done} / {planned}</em></div>",
        f"Forward passes of the model {what}. Stop ends them.",
        "working",
    )


def _verdict(result: Attribution) -> str:
    how = f"{result.steps} {CARDS[result.method].counts}, {result.forward_passes} passes"
    if not result.additive:
        return check(True, f"no claim that the scores add up ({result.forward_passes} passes)")
    if result.criterion == "difference":
        return check(True, f"closed within {result.tolerance:.2%} of the difference ({how})")
    if result.criterion == "movement":
        return check(
            True,
            "the difference is near zero: what is missing was held against a tenth of the tolerance of all movement, "
            f"the sum of |scores| ({how})",
        )
    if result.criterion == "rounding":
        return check(True, f"what is missing is less than single precision can tell ({how})")
    return check(False, f"not converged within {result.tolerance:.2%}: read the scores with care ({how})")


def _cells(result: Attribution, by_word: bool) -> list[tuple[str, float, int | None]]:
    """(name, score, number of the word or None for a special token) of each chip."""
    if not by_word:
        pairs = zip(result.tokens, result.scores, strict=True)
        return [(token.text, float(score), None if token.special else token.word) for token, score in pairs]
    first = {word.positions[0]: word for word in result.words}
    cells: list[tuple[str, float, int | None]] = []
    for place, token in enumerate(result.tokens):
        if token.special:
            cells.append((token.text, float(result.scores[place]), None))
        elif place in first:
            cells.append((first[place].text, first[place].score, token.word))
    return cells


def _pick(result: Attribution, word: int | None) -> dict[str, object] | None:
    return None if word is None else {"word": word, "is": result.words[word].text}


def _chip(name: str, score: float, strength: float, pick: dict[str, object] | None, special: bool) -> str:
    inside = f"<b><bdi>{esc(name)}</bdi></b><i>{number(score)}</i>"
    side = "special" if special else "pos" if score >= 0 else "neg"
    if pick is None:
        return f'<span class="w {side}" style="--a:{strength:.3f}">{inside}</span>'
    return (
        f'<button type="button" class="w {side}" style="--a:{strength:.3f}" data-pick="{data(pick)}" '
        f'title="change this word">{inside}</button>'
    )


def offers_panel(word: str, suggestions: Sequence[str]) -> str:
    """What could stand in a word's place, to click or to type."""
    said = "Type a word above and press Enter" + (
        ", or take one that a masked-language model would write:" if suggestions else "."
    )
    return card(f"Replace {_quoted(word)}", f'<p class="note offers">{said} {_offers(suggestions)}</p>')


def _offers(suggestions: Sequence[str]) -> str:
    return "".join(
        f'<button type="button" class="offer" data-pick="{data({"offer": word})}"><bdi>{esc(word)}</bdi></button>'
        for word in suggestions
    )


def _quoted(word: str) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{esc(word)}\N{RIGHT DOUBLE QUOTATION MARK}"


def what_if_panel(found: WhatIf, worth: float | None, suggestions: Sequence[str]) -> str:
    """The score before and after a word was changed, beside what the ledger had said that the word was worth."""
    moved = found.before - found.after
    lines = [
        ("score of your text", number(found.before, 3)),
        ("score of the changed text", number(found.after, 3)),
        ("so the word was worth", number(moved, 3)),
    ]
    if worth is not None:
        lines.append(("the method had said", number(worth, 3)))
    rows = "".join(f"<span>{esc(name)}</span><strong>{value}</strong>" for name, value in lines)
    label = (
        f"The prediction stays {esc(found.after_label)}."
        if found.before_label == found.after_label
        else f"The prediction turns from {esc(found.before_label)} to {esc(found.after_label)}."
    )
    offers = _offers(suggestions)
    said = f"The masked-language model would write here: {offers}" if offers else ""
    note = (
        "The two need not be equal: a method shares out what all words do together, and a changed text may be unlike "
        f"anything the model learnt from. In units of {_UNITS[found.output]}, target {esc(found.target)}."
    )
    deed = {"mask": "masked", "delete": "deleted", "replace": "replaced"}[found.change]
    return card(
        f"{_quoted(found.word)} {deed}",
        f'<p class="changed" dir="auto">{esc(found.text)}</p><div class="ledger">{rows}</div>'
        f'<p class="check">{label}</p><p class="note offers">{said}</p>',
        note,
    )


def _baseline(name: str) -> str:
    return {"pad": "padding", "mask": "masks", "zero": "empty embeddings"}[name]
