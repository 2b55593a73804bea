"""One word in several sentences: where it stands, its cosines at each state, and what the plane of all tokens shows."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from bert_demo.results.representations import Contexts
from bert_demo.views.tables import Table
from bert_demo.views.templates import render

MOST_CELLS = 12
"""Places of the word that fit into a matrix on the page; the table has all."""


def state_name(state: int) -> str:
    """The states in words: 0 is what layer 0 reads, 1 what it gives."""
    return "before layer 0" if state == 0 else f"after layer {state - 1}"


def names_of(result: Contexts) -> list[str]:
    """The word's places: the number of the sentence from 1, with a letter where it stands there more than once."""
    texts = [each.text for each in result.occurrences]
    names = []
    for place, text in enumerate(texts):
        nth = texts[:place].count(text)
        names.append(f"{text + 1}{_letters(nth) if texts.count(text) > 1 else ''}")
    return names


def _letters(number: int) -> str:
    return chr(97 + number) if number < 26 else f".{number + 1}"


def cells_of(values: np.ndarray, least: float = 0.0) -> list[list[tuple[str, str]]]:
    """Cosines with their strengths: the nearer to 1 the darker, from `least` on."""
    span = max(1e-9, 1 - least)
    strengths = np.clip((np.asarray(values, np.float64) - least) / span, 0.0, 1.0)
    cosines = [[f"{cosine:.2f}".replace("-", "\N{MINUS SIGN}") for cosine in row] for row in values.tolist()]
    return [
        [(cosine, f"{strength:.3f}") for cosine, strength in zip(*row, strict=True)]
        for row in zip(cosines, strengths.tolist(), strict=True)
    ]


def words_panel(result: Contexts) -> str:
    """Where the word stands, its matrix at each state (one shown), the check and the numbers."""
    names = names_of(result)
    states = range(len(result.others))
    fits = len(names) <= MOST_CELLS
    return render(
        "contexts.words",
        result=result,
        names=names,
        places=_places(result, names),
        states=[
            (
                state_name(state).capitalize(),
                f"{result.others[state]:.2f}",
                cells_of(result.similarity[state]) if fits else [],
            )
            for state in states
        ],
        first=f"{result.similarity[0, 0, 1]:.2f}",
        end=f"{result.similarity[-1, 0, 1]:.2f}",
        others=f"{result.others[-1]:.2f}",
        numbers=_numbers(result, names),
    )


def _places(result: Contexts, names: list[str]) -> list[tuple[str, str, str, str]]:
    """For each place its name, what stands before the word, the word, and what stands behind it."""
    found = []
    for name, each in zip(names, result.occurrences, strict=True):
        text = result.texts[each.text]
        found.append((name, text[: each.start], text[each.start : each.end], text[each.end :]))
    return found


def _numbers(result: Contexts, names: list[str]) -> Table:
    states = [state_name(state) for state in range(len(result.others))]
    rows: list[tuple[object, ...]] = [
        (names[one], names[two], *result.similarity[:, one, two].tolist())
        for one, two in combinations(range(len(names)), 2)
    ]
    rows.append(("different words", "mean", *result.others.tolist()))
    return Table(("place", "and", *states), rows, "contexts")


def plane_panel(result: Contexts) -> str:
    """What the plane shows, what it leaves out, the check, and the points of every state."""
    own = {(each.text, place) for each in result.occurrences for place in each.positions}
    columns = [f"{axis}, {state_name(state)}" for state in range(len(result.plane)) for axis in ("x", "y")]
    rows = [
        (text + 1, position, name, "yes" if (text, position) in own else "", *result.plane[:, place].ravel().tolist())
        for place, ((text, position), name) in enumerate(zip(result.tokens, result.shown, strict=True))
    ]
    shares = result.variance.sum(1)
    return render(
        "contexts.plane",
        least=float(shares.min()),
        most=float(shares.max()),
        error=max(_spread(result.plane)),
        numbers=Table(("sentence", "position", "token", "the word", *columns), rows, "plane"),
    )


def _spread(plane: np.ndarray) -> tuple[float, float]:
    """The greatest mean of the coordinates beside their spread, and the greatest correlation of the two."""
    spread = np.sqrt((plane**2).mean(1)) + 1e-12
    drift = float((np.abs(plane.mean(1)) / spread.max(1, keepdims=True)).max())
    mixed = float((np.abs((plane[..., 0] * plane[..., 1]).mean(1)) / (spread.max(1) ** 2)).max())
    return drift, mixed
