"""The features of a text to take away: a preview, and the lines that give the same numbers."""

from __future__ import annotations

import numpy as np

from bert_demo.results.representations import Features
from bert_demo.views.panels.contexts import state_name
from bert_demo.views.templates import render

SHOWN_ROWS, SHOWN_COLUMNS = 8, 6


def row_names(result: Features) -> list[tuple[object, str]]:
    """(position, token) of each row; of a pooled one nothing and how it was made."""
    if result.pooling is not None:
        return [("", result.pooling)]
    return [(place, token.shown) for place, token in enumerate(result.tokens)]


def features_panel(result: Features) -> str:
    """The first rows and columns, and the check."""
    count, size = result.values.shape
    columns = min(size, SHOWN_COLUMNS)
    rows = [
        (place, name, values[:columns].tolist())
        for (place, name), values in zip(row_names(result)[:SHOWN_ROWS], result.values, strict=False)
    ]
    more = [f"{count - SHOWN_ROWS} more rows"] if count > SHOWN_ROWS else []
    more += [f"{size - columns} more columns"] if size > columns else []
    return render(
        "features.features",
        result=result,
        state=state_name(result.layer),
        columns=columns,
        rows=rows,
        more=more,
        largest=float(np.abs(result.values).max()),
    )


def code_panel(code: str) -> str:
    """The Python lines that give the same numbers."""
    return render("features.code", code)
