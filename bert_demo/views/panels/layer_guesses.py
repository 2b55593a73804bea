"""The masked-language-model head read at every layer: a row for each token, a column for each layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from bert_demo.results import FillMask
from bert_demo.results.masked_lm import LayerGuesses
from bert_demo.views.tables import Table
from bert_demo.views.templates import percent, render

MOST_MASKS = 6
"""Masks that have a sentence each."""


def layers_panel(result: LayerGuesses, known: FillMask | None) -> str:
    """The first word at each layer and position, coloured by the rank of the true one. known: what fill-mask says."""
    masks = [] if known is None else [slot.position for slot in known.slots]
    ordinary = [place for place, token in enumerate(result.tokens) if not token.special]
    right = result.ids == np.array(result.targets)
    return render(
        "layer_guesses.layers",
        names=_states(result),
        masks=[_mask(result, place) for place in masks[:MOST_MASKS]],
        more=max(0, len(masks) - MOST_MASKS),
        seen=_seen(result, [place for place in ordinary if place not in masks]),
        rows=[
            (
                result.tokens[place],
                result.target_names[place] if place in masks else None,
                _cells(result, place),
            )
            for place in ordinary
        ],
        known=known is not None,
        gap=0.0 if known is None else _gap(result, known),
        same=int((right == (result.ranks == 1)).sum()),
        size=right.size,
        numbers=_numbers(result),
    )


def _states(result: LayerGuesses) -> list[str]:
    return ["embeddings", *(f"layer {layer}" for layer in range(len(result.ids) - 1))]


def _cells(result: LayerGuesses, place: int) -> list[tuple[str, str, str, str]]:
    """Of each state the first word, the strength of its colour, its probability, the rank of the true word."""
    shares, ranks = result.probabilities[:, place].tolist(), result.ranks[:, place].tolist()
    return [
        (names[place], f"{_strength(rank):.3f}", percent(share), f"{rank:,}")
        for names, share, rank in zip(result.names, shares, ranks, strict=True)
    ]


def _strength(rank: int) -> float:
    """1 at rank 1, 0 from rank 10,000 on."""
    return max(0.0, 1 - math.log10(rank) / 4)


def first_from(ranks: Sequence[int]) -> int | None:
    """The state from which on the rank stays 1; None where it is not 1 at the end."""
    if not len(ranks) or ranks[-1] != 1:
        return None
    behind = [state for state, rank in enumerate(ranks) if rank != 1]
    return behind[-1] + 1 if behind else 0


def first_where(ranks: Sequence[int]) -> str:
    """The states at which the rank is 1, as the row shows them: "at layers 2, 3 and from layer 5 on"."""
    since = first_from(ranks)
    before = ranks if since is None else ranks[:since]
    early = [state for state, rank in enumerate(before) if rank == 1]
    layers = [str(state - 1) for state in early if state]
    parts = ["at the embeddings"] if 0 in early else []
    if layers:
        parts.append(f"at layer{'s' if len(layers) > 1 else ''} {', '.join(layers)}")
    if since is not None:
        parts.append("from the embeddings on" if since == 0 else f"from layer {since - 1} on")
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _mask(result: LayerGuesses, place: int) -> tuple[str, str, int]:
    """A mask's answer, the states at which it stands first, and its rank at the embeddings."""
    ranks = result.ranks[:, place].tolist()
    return result.target_names[place], first_where(ranks), ranks[0]


def _seen(result: LayerGuesses, places: list[int]) -> dict[str, Any] | None:
    """How many of the visible words the last layer reads back, and where the fewest are."""
    if not places:
        return None
    counts = (result.ranks[:, places] == 1).sum(-1)
    least = int(counts.argmin())
    return {
        "count": len(places),
        "through": int(counts[-1]),
        "low": int(counts[least]),
        "where": "at the embeddings" if least == 0 else f"behind layer {least - 1}",
    }


def _gap(result: LayerGuesses, known: FillMask) -> float:
    """How far the last layer is from fill-mask's own first word and probability; 1 for another word."""
    return max(
        abs(float(result.probabilities[-1, slot.position]) - slot.candidates[0].score)
        if int(result.ids[-1, slot.position]) == slot.candidates[0].token
        else 1.0
        for slot in known.slots
    )


def _numbers(result: LayerGuesses) -> Table:
    rows = [
        (name, place, token.shown, result.target_names[place], result.names[layer][place], share, rank)
        for layer, name in enumerate(_states(result))
        for place, (token, share, rank) in enumerate(
            zip(result.tokens, result.probabilities[layer].tolist(), result.ranks[layer].tolist(), strict=True)
        )
    ]
    columns = ("state", "position", "token", "true_token", "first_word", "probability", "rank_of_true")
    return Table(columns, rows, "layer-guesses")
