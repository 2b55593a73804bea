"""HeadSteps as strips of coloured cells, one line a key. Every number is sent once, and drawn in the browser."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np

from bert_demo.plots.markup import card, check, data, esc, number, percent
from bert_demo.results import HeadSteps

MOST_KEYS = 24
"""Keys that get a line of their own; the table holds all."""

EXACT = 1e-5
"""How near the numbers must be to the model's own."""

_KEEP = "".join(
    f'<button type="button" data-{what}="{kind}">{kind.upper() if kind != "npz" else kind}</button>'
    for what, kind in (("steps", "csv"), ("steps", "json"), ("steps", "npz"), ("save", "png"), ("save", "svg"))
)


def steps_panel(result: HeadSteps) -> str:
    """From the query to the output of the head for it, in five steps, each with its numbers."""
    shown = shown_keys(result)
    note = (
        f"softmax(q k<sup>T</sup> / {_root(result)}) v with the model's own numbers. A cell is one number: above the "
        "line and orange when it is positive, below and blue when negative, stronger when larger; each kind has a "
        "scale of its own. It shows how this head computes, not what its numbers mean."
    )
    if len(shown) < len(result.tokens):
        note += f" The {len(shown)} strongest of {len(result.tokens)} keys are drawn; the table holds all."
    body = (
        f'{_choices(result)}<p class="readout" role="status">Point at a cell, or tap it, for its number.</p>'
        f'<div class="steps" {_numbers(result)}>{_query(result)}{_products(result, shown)}{_sum(result, shown)}</div>'
        f"{_proof(result)}{_keep(result)}"
    )
    return card(f"Step through head {result.layer}-{result.head}", body, note)


def _query(result: HeadSteps) -> str:
    asker = esc(result.tokens[result.query].text)
    quoted = f"\N{LEFT DOUBLE QUOTATION MARK}{asker}\N{RIGHT DOUBLE QUOTATION MARK}"
    strip = _strip("q", 0)
    return f"<h3>1. The query of {quoted}, {len(result.q)} numbers</h3>{_line('q', strip, '')}"


def _products(result: HeadSteps, shown: Sequence[int]) -> str:
    above = "<small>above k, below q\N{MULTIPLICATION SIGN}k</small>"
    head = _line("", above, f"<b>q \N{MIDDLE DOT} k</b><b>/ {_root(result)}</b><b>softmax</b>")
    lines = "".join(
        _line(
            _name(result, key),
            _strip("k", key) + _strip("q\N{MULTIPLICATION SIGN}k", key),
            _figures(result, key),
        )
        for key in shown
    )
    said = f"2. to 4. Each key k; q\N{MULTIPLICATION SIGN}k cell by cell, summed; divided by {_root(result)}; softmax"
    return f"<h3>{said}</h3>{head}{lines}{_rest(result, shown)}"


def _sum(result: HeadSteps, shown: Sequence[int]) -> str:
    lines = "".join(_line(_name(result, key), _strip("v", key), _share(result.weights[key])) for key in shown)
    output = _line("output", _strip("output", 0), "")
    return f"<h3>5. The values v, each times its weight, summed: the head's output</h3>{lines}{output}"


def _root(result: HeadSteps) -> str:
    return f"\N{SQUARE ROOT}{len(result.q)}"


def shown_keys(result: HeadSteps) -> list[int]:
    """The keys that are drawn, in the order of the text: all, or the strongest."""
    best = np.argsort(-result.weights, kind="stable")[:MOST_KEYS]
    return sorted(int(key) for key in best)


def _choices(result: HeadSteps) -> str:
    buttons = "".join(
        f'<button type="button" class="offer" aria-pressed="{str(place == result.query).lower()}" '
        f'data-pick="{data({"query": place})}" title="word {place} asks"><bdi>{esc(token.text)}</bdi></button>'
        for place, token in enumerate(result.tokens)
    )
    return f'<div class="queries" role="group" aria-label="the word that asks">{buttons}</div>'


def _line(name: str, strips: str, figures: str) -> str:
    return f'<div class="line"><span><bdi>{esc(name)}</bdi></span><div>{strips}</div><p>{figures}</p></div>'


def _strip(kind: str, row: int) -> str:
    """A place for the cells of a vector, which assets/attention_steps.js draws."""
    return f'<div class="cells" data-of="{esc(kind)}" data-row="{row}"></div>'


def _name(result: HeadSteps, key: int) -> str:
    return f"{key} {result.tokens[key].text}"


def _figures(result: HeadSteps, key: int) -> str:
    product, scaled = number(result.products[key], 3), number(result.scaled[key], 3)
    return f"<em>{product}</em><em>{scaled}</em>{_share(result.weights[key])}"


def _share(weight: float) -> str:
    return f'<em class="share" style="--w:{100 * weight:.2f}%">{percent(weight)}</em>'


def _rest(result: HeadSteps, shown: Sequence[int]) -> str:
    left = 1 - float(result.weights[list(shown)].sum())
    count = len(result.tokens) - len(shown)
    return f'<p class="note">The other {count} keys share {percent(max(left, 0.0))}.</p>' if count else ""


def _proof(result: HeadSteps) -> str:
    error = result.largest_error
    return check(
        error <= EXACT,
        f"the weights equal the untouched model's, and the output what the head gave, to within {error:.0e}; "
        "the weights sum to "
        f"{result.weights.sum():.6f}",
    )


def _numbers(result: HeadSteps) -> str:
    """All vectors as attributes: q, keys and values in single precision, as the model has them; products, scaled,
    weights and output in double precision, as they were worked out."""
    vectors = np.concatenate([result.q[None], result.keys, result.values]).astype("<f4")
    figures = np.concatenate([result.products, result.scaled, result.weights, result.output]).astype("<f8")
    tokens = data([token.text for token in result.tokens])
    return (
        f'data-vectors="{_packed(vectors)}" data-figures="{_packed(figures)}" data-tokens="{tokens}" '
        f'data-query="{result.query}"'
    )


def _packed(numbers: np.ndarray) -> str:
    return base64.b64encode(numbers.tobytes()).decode("ascii")


def _keep(result: HeadSteps) -> str:
    """The table, written when it is opened, and files, a row a vector: the query, each key, each value, the output."""
    name = f"steps-{result.layer}-{result.head}-{result.query}"
    return (
        '<div class="keep"><details><summary>table</summary><div class="scroll" tabindex="0"></div></details>'
        f"{_KEEP.replace('data-steps', f'data-name={name} data-steps')}</div>"
    )
