"""WordEffects: the words that push a label, and those that speak against it, each with its interval and its rows."""

from __future__ import annotations

from bert_demo.registry.attribution_methods import CARDS
from bert_demo.results.word_effects import WordEffects
from bert_demo.views.scales import Scale
from bert_demo.views.tables import Table
from bert_demo.views.templates import render

MOST_WORDS = 12
"""On each side that are shown; the table has all."""
_COLUMNS = ("word", "rows", "occurrences", "carrying", "effect", "effect_low", "effect_high")


def word_effects_panel(result: WordEffects) -> str:
    """Words whose interval leaves 0 out, for the label and against it, the surest first."""
    pushing = [each for each in result.words if each.effect.low > 0][:MOST_WORDS]
    opposing = [each for each in result.words if each.effect.high < 0][:MOST_WORDS]
    rows = [
        (each.word, each.rows, each.occurrences, each.carrying, each.effect.value, each.effect.low, each.effect.high)
        for each in result.words
    ]
    return render(
        "word_effects.effects",
        result=result,
        method=CARDS[result.method].title,
        additive=CARDS[result.method].additive,
        pushing=pushing,
        opposing=opposing,
        seen=len(result.words),
        scale=Scale.of(each.effect.value for each in (*pushing, *opposing)),
        numbers=Table(_COLUMNS, rows, "word-effects"),
    )
