"""What each head contributes to one answer: the heads in order of their worth, what the score loses without them."""

from __future__ import annotations

from bert_demo.results import HeadEffects
from bert_demo.views.scales import Scale
from bert_demo.views.tables import Table
from bert_demo.views.templates import number, render, side

SHOWN = 12
"""Heads that get a line with a switch; the table has all."""


def head_effects_panel(result: HeadEffects) -> str:
    """What the map shows, its check, and the heads in order of their worth, each with its switch."""
    layers, heads = result.changes.shape
    every = [(layer, head, 0 - float(result.changes[layer, head])) for layer in range(layers) for head in range(heads)]
    every.sort(key=lambda row: -abs(row[2]))
    scale = effects_scale(result)
    change = float(result.changes[result.greatest])
    gap = abs(result.again - change)
    return render(
        "head_effects.effects",
        result=result,
        lines=[
            (layer, head, side(each), f"{100 * scale.strength(each):.1f}%", number(each, 4))
            for layer, head, each in every[:SHOWN]
        ],
        scale=scale,
        single=result.full_passes * layers,
        again=number(0 - result.again, 4),
        change=number(0 - change, 4),
        gap=gap,
        holds=gap <= 1e-4 * max(1.0, abs(change)),
        numbers=Table(("layer", "head", "worth", "change"), [(*row, 0 - row[2]) for row in every], "head-worth"),
    )


def effects_scale(result: HeadEffects) -> Scale:
    """The scale of the heads' worth: that of the whole score."""
    return Scale.of(result.changes.ravel().tolist(), result.score)
