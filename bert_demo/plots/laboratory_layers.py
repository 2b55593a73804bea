"""The masked-language-model head read at every layer: a row for each token, a column for each layer."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bert_demo.plots.markup import card, check, esc, grid, percent, table
from bert_demo.results import FillMask
from bert_demo.results.guesses import LayerGuesses

MOST_TOLD = 6


def layers_panel(result: LayerGuesses, known: FillMask | None) -> str:
    """The first word at each layer and position, coloured by the rank of the true one. known: what fill-mask says."""
    masks = [] if known is None else [slot.position for slot in known.slots]
    names = ["embeddings", *(f"layer {layer}" for layer in range(len(result.ids) - 1))]
    head = "<th></th>" + "".join(f'<th scope="col">{name}</th>' for name in names)
    body = "".join(_row(result, place, place in masks) for place in _ordinary(result))
    rows = [
        (name, place, token.text, result.target_names[place], result.names[layer][place], share, rank)
        for layer, name in enumerate(names)
        for place, (token, share, rank) in enumerate(
            zip(result.tokens, result.probabilities[layer].tolist(), result.ranks[layer].tolist(), strict=True)
        )
    ]
    columns = ("state", "position", "token", "true_token", "first_word", "probability", "rank_of_true")
    note = (
        "One row for each token: the word that the head would write if the model stopped there, and the rank of the "
        "true word (for a mask: of the final answer). The fuller the colour, the nearer to rank 1. Layers are counted "
        "from 0; special tokens are left out."
    )
    return card(
        "When does it know?",
        f'{_told(result, masks)}<div class="known">{grid(head, body)}</div>{_proof(result, known)}'
        f"{table(columns, rows, 'layer-guesses')}",
        note,
    )


def _ordinary(result: LayerGuesses) -> list[int]:
    return [place for place, token in enumerate(result.tokens) if not token.special]


def _row(result: LayerGuesses, place: int, mask: bool) -> str:
    name = f"<bdi>{esc(result.tokens[place].text)}</bdi>"
    if mask:
        name += f" <small>\N{RIGHTWARDS ARROW} <bdi>{esc(result.target_names[place])}</bdi></small>"
    cells = "".join(
        f'<td style="--a:{_strength(rank):.3f}" title="{percent(share)}"><bdi>{esc(names[place])}</bdi> '
        f"<small>{rank:,}</small></td>"
        for names, share, rank in zip(
            result.names, result.probabilities[:, place].tolist(), result.ranks[:, place].tolist(), strict=True
        )
    )
    return f'<tr{" class=masked" if mask else ""}><th scope="row">{name}</th>{cells}</tr>'


def _strength(rank: int) -> float:
    """1 at rank 1, 0 from rank 10,000 on."""
    return max(0.0, 1 - math.log10(rank) / 4)


def first_from(ranks: Sequence[int]) -> int | None:
    """The state from which on the rank stays 1; None where it is not 1 at the end."""
    if not len(ranks) or ranks[-1] != 1:
        return None
    behind = [state for state, rank in enumerate(ranks) if rank != 1]
    return behind[-1] + 1 if behind else 0


def _told(result: LayerGuesses, masks: Sequence[int]) -> str:
    """For each mask the layer from which on its answer stands first, and of the visible words how many come through."""
    lines = []
    for number, place in enumerate(masks[:MOST_TOLD], start=1):
        ranks = result.ranks[:, place].tolist()
        state = first_from(ranks) or 0
        since = "from the embeddings" if state == 0 else f"from layer {state - 1}"
        lines.append(
            f"Mask {number}: <b><bdi>{esc(result.target_names[place])}</bdi></b> stands first {since} on; at the "
            f"embeddings it had rank {ranks[0]:,}."
        )
    if len(masks) > MOST_TOLD:
        lines.append(f"{len(masks) - MOST_TOLD} more masks are in the rows below.")
    seen = [place for place in _ordinary(result) if place not in masks]
    if seen:
        through = int((result.ranks[-1, seen] == 1).sum())
        least = int(np.argmin([(state[seen] == 1).sum() for state in result.ranks]))
        low = int((result.ranks[least, seen] == 1).sum())
        where = "at the embeddings" if least == 0 else f"behind layer {least - 1}"
        fewest = f"; the fewest, {low}, {where}" if low < through else ""
        lines.append(f"Of {len(seen)} visible tokens {through} are read back by the last layer{fewest}.")
    return "".join(f'<p class="claim">{line}</p>' for line in lines)


def _proof(result: LayerGuesses, known: FillMask | None) -> str:
    """The last layer is what fill-mask says; without a mask, rank 1 stands where the true word is the first."""
    if known is not None:
        gap = max(
            abs(float(result.probabilities[-1, slot.position]) - slot.candidates[0].score)
            if int(result.ids[-1, slot.position]) == slot.candidates[0].token
            else 1.0
            for slot in known.slots
        )
        return check(
            gap < 1e-5, f"the last layer gives fill-mask's own first word and probability (apart by {gap:.0e})"
        )
    right = result.ids == np.array(result.targets)
    same = int((right == (result.ranks == 1)).sum())
    return check(same == right.size, f"rank 1 where the first word is the true one: {same:,} of {right.size:,} cells")
