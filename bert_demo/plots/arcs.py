"""A view of attention as arcs between two columns of words; the browser draws them from the weights that lie here."""

from __future__ import annotations

import base64

from bert_demo.plots.markup import data
from bert_demo.results.views import HeadView


def arcs_panel(view: HeadView) -> str:
    """Words that ask on the left, words that answer on the right; `assets/attention.js` draws and answers clicks.

    The weights stand in the page once, as single precision numbers, row by row.
    """
    weights = base64.b64encode(view.weights.astype("<f4").tobytes()).decode("ascii")
    return (
        f'<div class="arcs" data-names="{data(view.names)}" data-rows="{data(view.rows)}" '
        f'data-columns="{data(view.columns)}" data-weights="{weights}">'
        '<p class="note">Choose one or several words (click, or arrow keys and Enter). '
        '<span class="from">Orange, solid: where it looks.</span> '
        '<span class="into">Blue, dashed: who looks at it.</span> Point at a word or a line for its weight. '
        '<button type="button" class="offer" data-clear>choose none</button></p>'
        '<p class="readout" role="status"></p><div class="arcs-box" tabindex="-1"></div>'
        '<div class="arcs-said"></div></div>'
    )
