"""A view of attention as arcs between two columns of words; the browser draws them from the weights that lie here."""

from __future__ import annotations

import numpy as np

from bert_demo.results.attention_views import HeadView
from bert_demo.views.tables import packed
from bert_demo.views.templates import render


def arcs_panel(view: HeadView) -> str:
    """Words that ask on the left, words that answer on the right; the page's script draws and answers clicks.

    The weights stand in the page once, as single precision numbers, row by row; what cannot be looked at is no number.
    """
    weights = view.weights.astype("<f4")
    if view.outside is not None:
        weights[view.outside] = np.nan
    return render("attention_arcs.arcs", view, packed(weights.tobytes()))
