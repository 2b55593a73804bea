"""Sentences compared: the cosines of two ways to make one vector of a text, and how good each is."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from bert_demo.plots.contexts import matrix, state_name
from bert_demo.plots.markup import card, check, esc, table
from bert_demo.results.insides import SentenceSimilarity

_TITLES = {"mean": "Mean of all tokens", "cls": "[CLS] alone"}
_HOW = {
    "mean": "The vectors of all tokens, special ones counted, are averaged, as sentence-transformers does.",
    "cls": "The vector of the first token, which has read the whole text; training asks it for labels or pairs.",
}


def similarity_panel(result: SentenceSimilarity, least: float) -> str:
    """The matrix, the two most alike sentences, and the check. least: where the colours begin."""
    names = [str(place + 1) for place in range(len(result.texts))]
    one, two = closest(result)
    best = float(result.matrix[one, two])
    proof = check(
        result.largest_error < 1e-4,
        f"read again, several at once and attention in one fused step: off by about {result.largest_error:.0e} at most",
    )
    pairs = combinations(range(len(names)), 2)
    rows = [(a + 1, b + 1, result.texts[a], result.texts[b], float(result.matrix[a, b])) for a, b in pairs]
    keep = table(("first", "second", "text", "and", "cosine"), rows, f"similarity-{result.pooling}")
    apart = result.matrix[~np.eye(len(names), dtype=bool)]
    said = (
        f"Most alike: {one + 1} and {two + 1} ({best:.2f}). Mean of all pairs {apart.mean():.2f}, from "
        f"{apart.min():.2f} to {apart.max():.2f}."
    )
    body = f'{matrix(names, result.matrix, least)}<p class="note said">{said}</p>{proof}{keep}'
    title = f"{_TITLES[result.pooling]} <small>{esc(result.model)}, {state_name(result.layer)}</small>"
    return card(title, body, _HOW[result.pooling])


def closest(result: SentenceSimilarity) -> tuple[int, int]:
    """The two different texts whose cosine is greatest."""
    upper = np.where(np.triu(np.ones_like(result.matrix), 1) > 0, result.matrix, -np.inf)
    one, two = np.unravel_index(int(upper.argmax()), upper.shape)
    return int(one), int(two)


def texts_panel(result: SentenceSimilarity, figures: Mapping[str, Any] | None) -> str:
    """The sentences by their numbers, what cosines are worth, and what was measured. figures: assets/sts.json."""
    lines = "".join(f"<li><bdi>{esc(text)}</bdi></li>" for text in result.texts)
    note = (
        "Cosine of the vectors of each two sentences, the same colours on both sides. Only their order counts: where "
        "everything is alike, 0.9 may mean nothing. It shows what the vectors share, which may be words, length or "
        "style as well as meaning."
    )
    return card("The sentences", f'<ol class="places">{lines}</ol>{measured(figures)}', note)


def measured(figures: Mapping[str, Any] | None) -> str:
    """How well each pooling agrees with people on STS-B, and published figures; nothing where it was not measured."""
    if not figures:
        return ""
    ours = " and ".join(
        f"<b>{name}</b> {_score(row['spearman'])} ({_score(row['low'])} to {_score(row['high'])})"
        for key, name in (("mean", "mean of all tokens"), ("cls", "[CLS]"))
        if (row := figures["results"].get(key))
    )
    sources: dict[str, list[str]] = {}
    for row in figures.get("published", ()):
        sources.setdefault(row["source"], []).append(f"{esc(row['name'])} {_score(row['spearman'])}")
    published = "; ".join(f"{', '.join(rows)} ({esc(source)})" for source, rows in sources.items())
    beside = f" Published: {published}." if published else ""
    return (
        f'<p class="note sts">How good is each? STS-B, {figures["rows"]:,} pairs of sentences judged by people, rank '
        f"correlation (Spearman, 95 % interval) with the last layer of {esc(figures['model'])}: {ours}.{beside}</p>"
    )


def _score(value: float) -> str:
    return f"{value:.1f}" if abs(value) > 1 else f"{value:.3f}"
