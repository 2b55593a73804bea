"""A Comparison: all methods in one table under the same words, and the test of masking words in their order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bert_demo.registry.attribution_methods import CARDS
from bert_demo.results import Attribution, Comparison, Trial
from bert_demo.views.panels.attributions import greatest
from bert_demo.views.tables import Table
from bert_demo.views.templates import number, render, side

_DASH = "\N{EN DASH}"


def methods_panel(result: Comparison) -> str:
    """One row a method, one column a word; colours are of each row's own greatest score."""
    return scored_methods_panel([(trial.attribution, trial.seconds) for trial in result.trials])


def scored_methods_panel(scored: Sequence[tuple[Attribution, float]]) -> str:
    """The same of those methods that are done. scored: what each found, and the seconds that it took."""
    words = [word.text for word in scored[0][0].words]
    columns = ("method", *(f"{place} {word}" for place, word in enumerate(words)), "missing", "passes", "seconds")
    numbers = [
        (
            found.method,
            *(word.score for word in found.words),
            found.delta if found.additive else math.nan,
            found.forward_passes,
            seconds,
        )
        for found, seconds in scored
    ]
    return render(
        "method_comparison.methods",
        target=scored[0][0].target,
        words=words,
        rows=[_row(found, seconds) for found, seconds in scored],
        left=len(CARDS) - len(scored),
        numbers=Table(columns, numbers, "methods"),
    )


def _row(found: Attribution, seconds: float) -> tuple[Any, ...]:
    """The method's card, its cells (class, strength, exact, as shown), what is missing, passes, seconds."""
    row = CARDS[found.method]
    scores = [word.score for word in found.words]
    most = greatest(scores)
    cells = [
        (
            side(score) if row.signed else "amount",
            f"{abs(score) / most:.3f}",
            f"{score:.6g}",
            number(score) if row.signed else f"{score:.2f}",
        )
        for score in scores
    ]
    missing = number(found.delta, 3) if row.additive else _DASH
    return row, cells, missing, found.forward_passes, f"{seconds:.2f}"


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
    return render(
        "method_comparison.trials",
        result=result,
        better=sum(trial.area > 0 for trial in trials if trial.attribution.method != "random"),
        numbers=Table(columns, rows, "delete-and-see"),
        curves=_curves(result),
    )


def _curves(result: Comparison) -> Table:
    """The numbers of the plotted curves."""
    names = [trial.attribution.method for trial in result.trials]
    steps = len(result.random_mean)
    read = "" if result.random_read == steps else f" (read at {result.random_read} of {steps} steps)"
    columns = ("words masked", *names, f"random orders, mean{read}", "5 %", "95 %")
    band = (result.random_mean, result.random_low, result.random_high)
    curves = zip(*(trial.curve.tolist() for trial in result.trials), *(each.tolist() for each in band), strict=True)
    return Table(columns, [(place, *row) for place, row in enumerate(curves)], "delete-and-see-curves")


def agreement_panel(result: Comparison) -> str:
    """Kendall's tau between the methods: a curiosity."""
    names = [CARDS[trial.attribution.method].title for trial in result.trials]
    rows = list(zip(names, result.agreement.tolist(), strict=True))
    return render(
        "method_comparison.agreement",
        names=names,
        rows=[(name, [_agreeing(cell) for cell in row]) for name, row in rows],
        numbers=Table(("method", *names), [(name, *row) for name, row in rows], "agreement"),
    )


def _agreeing(cell: float) -> tuple[str, str, str]:
    """Class, strength and number; no number where a method gives all words the same."""
    return (
        ("", "0.000", _DASH)
        if math.isnan(cell)
        else ("above" if cell >= 0 else "below", f"{abs(cell):.3f}", number(cell))
    )


def corpus_panel(figures: Mapping[str, Any]) -> str:
    """The same test on many sentences, and against what people marked. figures: assets/corpus.json."""
    names = ("area", "comprehensiveness", "sufficiency", "people")
    found = sorted(figures["methods"].items(), key=lambda each: -each[1]["area"][0])
    ends = [f"{each} {end}".strip() for each in names for end in ("", "low", "high")]
    numbers = [(method, *(value for each in names for value in row[each])) for method, row in found]
    return render(
        "method_comparison.corpus",
        figures=figures,
        columns=(
            "method",
            "area below random",
            "comprehensiveness",
            "sufficiency",
            "agreement with people",
            "passes",
            "seconds",
        ),
        rows=[(CARDS[method].title, [row[each] for each in names], row) for method, row in found],
        numbers=Table(("method", *ends), numbers, "methods-corpus"),
    )


def _share_below(result: Comparison, trial: Trial) -> float:
    inner = slice(1, -1) if len(trial.curve) > 2 else slice(1, None)
    return float((trial.curve[inner] < result.random_low[inner]).mean())


def _or_dash(value: float | None) -> float | str:
    return _DASH if value is None else value
