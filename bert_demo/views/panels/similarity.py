"""Sentences compared: the cosines of two ways to make one vector of a text, and how good each is."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from bert_demo.results.representations import SentenceSimilarity
from bert_demo.views.panels.contexts import cells_of, state_name
from bert_demo.views.tables import Table
from bert_demo.views.templates import render

_POOLINGS = {"mean": "mean of all tokens", "cls": "[CLS]"}


def similarity_panel(result: SentenceSimilarity, least: float) -> str:
    """The matrix, the two most alike sentences, and the check. least: where the colours begin."""
    names = [str(place + 1) for place in range(len(result.texts))]
    one, two = closest(result)
    rows = [
        (a + 1, b + 1, result.texts[a], result.texts[b], float(result.matrix[a, b]))
        for a, b in combinations(range(len(names)), 2)
    ]
    return render(
        "similarity.similarity",
        result=result,
        state=state_name(result.layer),
        names=names,
        strengths=cells_of(result.matrix, least),
        one=one,
        two=two,
        apart=result.matrix[~np.eye(len(names), dtype=bool)],
        numbers=Table(("first", "second", "text", "and", "cosine"), rows, f"similarity-{result.pooling}"),
    )


def closest(result: SentenceSimilarity) -> tuple[int, int]:
    """The two different texts whose cosine is greatest."""
    upper = np.where(np.triu(np.ones_like(result.matrix), 1) > 0, result.matrix, -np.inf)
    one, two = np.unravel_index(int(upper.argmax()), upper.shape)
    return int(one), int(two)


def texts_panel(result: SentenceSimilarity, figures: Mapping[str, Any] | None, least: float = 0.0) -> str:
    """The sentences by their numbers, what their cosines tell, and what was measured.

    figures: assets/sts.json; least: the cosine that has no colour.
    """
    return render("similarity.texts", result.texts, _measured(figures) if figures else None, least)


def measured(figures: Mapping[str, Any] | None) -> str:
    """How well each pooling agrees with people on STS-B, and published figures; nothing where it was not measured."""
    return render("similarity.measured", **_measured(figures)) if figures else ""


def _measured(figures: Mapping[str, Any]) -> dict[str, Any]:
    sources: dict[str, list[str]] = {}
    for row in figures.get("published", ()):
        sources.setdefault(row["source"], []).append(f"{row['name']} {_score(row['spearman'])}")
    return {
        "rows": figures["rows"],
        "model": figures["model"],
        "ours": [
            (name, *(_score(row[end]) for end in ("spearman", "low", "high")))
            for key, name in _POOLINGS.items()
            if (row := figures["results"].get(key))
        ],
        "published": "; ".join(f"{', '.join(rows)} ({source})" for source, rows in sources.items()),
    }


def _score(value: float) -> str:
    return f"{value:.1f}" if abs(value) > 1 else f"{value:.3f}"
