"""An Attribution as coloured words and the ledger that says whether they add up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from bert_demo.registry.attribution_methods import CARDS
from bert_demo.results import Attribution, WhatIf
from bert_demo.views.scales import Scale
from bert_demo.views.tables import Table
from bert_demo.views.templates import number, render, side

MOST_STEPS = 12
"""Words that get a step of the waterfall; the others share one."""

_UNITS = {
    "logit": "logit",
    "probability": "probability",
    "margin": "margin (logit less that of the strongest other class)",
    "difference": "logit, one less the other",
    "log-probability": "log-probability",
    "log-probabilities": "log-probability, one less the other",
}
_BASELINES = {"pad": "padding", "mask": "masks", "zero": "empty embeddings"}


def words_panel(result: Attribution, by_word: bool, method: str, clickable: bool = True, picture: bool = True) -> str:
    """Words or pieces coloured by sign (for and against; solid and dashed lines) and strength.

    clickable: each sends its word's number as a pick; picture: whether the server makes a PNG of them.
    """
    cells = cells_of(result, by_word)
    scale = scale_of([result], (score for _, score, _ in cells))
    raw = [""] * len(cells) if by_word else [token.text if token.characters else "" for token in result.tokens]
    chips = []
    for (name, score, word), piece in zip(cells, raw, strict=True):
        pick = {"word": word, "is": result.words[word].text} if clickable and word is not None else None
        chips.append((name, score, kind_of(result, score, word), f"{scale.strength(score):.3f}", pick, piece))
    rows = [(place, name, score) for place, (name, score, _) in enumerate(cells)]
    return render(
        "attributions.words",
        result=result,
        method=method,
        unit=_UNITS[result.output],
        baseline=_BASELINES[result.baseline] if result.additive else "",
        chips=chips,
        scale=scale,
        numbers=Table(("position", "word" if by_word else "token", "score"), rows, "attributions"),
        picture=picture,
    )


def labels_panel(results: Sequence[Attribution], by_word: bool, method: str, count: int) -> str:
    """Every label at once: one row a label, one column a word, each row with its own ledger. count: of all labels."""
    first = results[0]
    cells = {each.target: [cell for cell in cells_of(each, by_word) if cell[2] is not None] for each in results}
    numbers = [(label, place, *cell[:2]) for label, row in cells.items() for place, cell in enumerate(row)]
    return render(
        "attributions.labels",
        first=first,
        method=method,
        unit=_UNITS[first.output],
        names=[name for name, _, _ in cells[first.target]],
        rows=[(each, [score for _, score, _ in cells[each.target]]) for each in results],
        scale=scale_of(results, (score for row in cells.values() for _, score, _ in row)),
        closed=sum(bool(each.converged) for each in results),
        same=all(np.array_equal(each.scores, first.scores) for each in results[1:]),
        count=count,
        numbers=Table(("label", "position", "word" if by_word else "token", "score"), numbers, "labels"),
    )


def waterfall_panel(result: Attribution, by_word: bool) -> str:
    """From the score of the baseline to that of the text: the words in order of size, each a step of its height."""
    cells = sorted(cells_of(result, by_word), key=lambda cell: -abs(cell[1]))
    steps = [(name, score) for name, score, _ in cells[:MOST_STEPS]]
    if len(cells) > MOST_STEPS:
        steps.append((f"the other {len(cells) - MOST_STEPS}", sum(score for _, score, _ in cells[MOST_STEPS:])))
    steps.append(("gap, taken back", -result.delta))
    levels = [result.baseline_output]
    for _, score in steps:
        levels.append(levels[-1] + score)
    rows = [(name, score, end) for (name, score), end in zip(steps, levels[1:], strict=True)]
    return render(
        "attributions.waterfall",
        unit=_UNITS[result.output],
        steps=_bars(steps, levels, result.baseline),
        numbers=Table(("step", "score", "level"), [("baseline", levels[0], levels[0]), *rows], "waterfall"),
    )


def _bars(steps: Sequence[tuple[str, float]], levels: Sequence[float], baseline: str) -> list[tuple[str, ...]]:
    """(name, class, where it begins, how wide it is, number) of the baseline, each step, and the text."""
    low = min(0.0, *levels)
    span = (max(0.0, *levels) - low) or 1.0
    ends = [(0.0, levels[0]), *pairwise(levels), (0.0, levels[-1])]
    named = [(f"baseline ({baseline})", "end", number(levels[0]))]
    named += [(name, side(score), number(score)) for name, score in steps]
    named.append(("your text", "end", number(levels[-1])))
    bars: list[tuple[str, ...]] = []
    for (name, kind, label), (one, two) in zip(named, ends, strict=True):
        left, width = 100 * (min(one, two) - low) / span, 100 * abs(two - one) / span
        bars.append((name, kind, f"{left:.2f}%", f"{max(width, 0.3):.2f}%", label))
    return bars


def ledger_panel(result: Attribution) -> str:
    """Score of the text, score of the baseline, sum of the attributions, what is missing, and the passes it took."""
    return render("attributions.ledger", **ledger_of(result))


def ledger_of(result: Attribution) -> dict[str, Any]:
    """What the ledger's macro takes."""
    digits = 4 if result.output == "probability" else 3
    return {
        "result": result,
        "scores": [
            ("score of the text", number(result.input_output, digits)),
            (f"score of the baseline ({result.baseline})", number(result.baseline_output, digits)),
        ],
        "sums": [
            ("difference to explain", number(result.difference, digits)),
            ("sum of the scores", number(result.total, digits)),
            ("missing", number(result.delta, digits + 2)),
            ("missing, relative", f"{result.relative_delta:.3%}" if result.difference else "\N{EN DASH}"),
            ("forward passes", str(result.forward_passes)),
        ],
        "counts": CARDS[result.method].counts,
        "from_baseline": CARDS[result.method].from_baseline,
    }


def progress_panel(done: int, planned: int, what: str = "along the path from the baseline to your text") -> str:
    """How far the computation is."""
    share = 100 * min(1.0, done / planned) if planned else 0.0
    return render("attributions.progress", done, planned, share, what)


def cells_of(result: Attribution, by_word: bool) -> list[tuple[str, float, int | None]]:
    """(name, score, number of the word or None for a special token) of each chip."""
    if not by_word:
        pairs = zip(result.tokens, result.scores, strict=True)
        return [(token.shown, float(score), None if token.special else token.word) for token, score in pairs]
    first = {word.positions[0]: word for word in result.words}
    cells: list[tuple[str, float, int | None]] = []
    for place, token in enumerate(result.tokens):
        if token.special:
            cells.append((token.shown, float(result.scores[place]), None))
        elif place in first:
            cells.append((first[place].text, first[place].score, token.word))
    return cells


def scale_of(results: Sequence[Attribution], scores: Iterable[float]) -> Scale:
    """The scale of some scores of `results`: that of the greatest difference to explain, where they share it out."""
    return Scale.of(scores, max(abs(each.difference) for each in results) if results[0].additive else None)


def kind_of(result: Attribution, score: float, word: int | None) -> str:
    """The class of a score: for or against, an amount without a sign, or that of a special token."""
    return "special" if word is None else side(score) if result.signed else "amount"


def greatest(scores: Any) -> float:
    """The size that is full colour; 1 where all are 0."""
    return max(map(abs, scores), default=0.0) or 1.0


def offers_panel(word: str, suggestions: Sequence[str]) -> str:
    """What could stand in a word's place, to click or to type."""
    return render("attributions.offers", word, suggestions)


def what_if_panel(found: WhatIf, expected: float | None, suggestions: Sequence[str]) -> str:
    """The score before and after a word was changed, beside the score that the method had given it."""
    lines = [
        ("score of your text", found.before),
        ("score of the changed text", found.after),
        ("so the word was worth", found.before - found.after),
    ]
    if expected is not None:
        lines.append(("the method had said", expected))
    return render(
        "attributions.what_if",
        found=found,
        unit=_UNITS[found.output],
        deed={"mask": "masked", "delete": "deleted", "replace": "replaced"}[found.change],
        lines=lines,
        words=suggestions,
    )
