"""HeadSteps as strips of coloured cells, one line a key, and every number of them as a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bert_demo.plots.markup import card, check, data, esc, number, percent, table
from bert_demo.results import HeadSteps

MOST_KEYS = 24
"""Keys that get a line of their own; the table holds all."""

EXACT = 1e-5
"""How near the numbers must be to the model's own."""

_PICTURES = '<button type="button" data-save="png">PNG</button><button type="button" data-save="svg">SVG</button>'


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
        f'<div class="steps">{_query(result)}{_products(result, shown)}{_sum(result, shown)}</div>'
        f"{_proof(result)}{_table(result)}"
    )
    return card(f"Step through head {result.layer}-{result.head}", body, note)


def _query(result: HeadSteps) -> str:
    asker = esc(result.tokens[result.query].text)
    quoted = f"\N{LEFT DOUBLE QUOTATION MARK}{asker}\N{RIGHT DOUBLE QUOTATION MARK}"
    strip = _strip(result.q, _most(result.q), "q")
    return f"<h3>1. The query of {quoted}, {len(result.q)} numbers</h3>{_line('q', strip, '')}"


def _products(result: HeadSteps, shown: Sequence[int]) -> str:
    mixed = result.q * result.keys
    most, most_mixed = _most(result.keys), _most(mixed)
    above = "<small>above k, below q\N{MULTIPLICATION SIGN}k</small>"
    head = _line("", above, f"<b>q \N{MIDDLE DOT} k</b><b>/ {_root(result)}</b><b>softmax</b>")
    lines = "".join(
        _line(
            _name(result, key),
            _strip(result.keys[key], most, "k") + _strip(mixed[key], most_mixed, "q\N{MULTIPLICATION SIGN}k"),
            _figures(result, key),
        )
        for key in shown
    )
    said = f"2. to 4. Each key k; q\N{MULTIPLICATION SIGN}k cell by cell, summed; divided by {_root(result)}; softmax"
    return f"<h3>{said}</h3>{head}{lines}{_rest(result, shown)}"


def _sum(result: HeadSteps, shown: Sequence[int]) -> str:
    most = _most(result.values)
    lines = "".join(
        _line(_name(result, key), _strip(result.values[key], most, "v"), _share(result.weights[key])) for key in shown
    )
    output = _line("output", _strip(result.output, _most(result.output), "output"), "")
    return f"<h3>5. The values v, each times its weight, summed: the head's output</h3>{lines}{output}"


def _root(result: HeadSteps) -> str:
    return f"\N{SQUARE ROOT}{len(result.q)}"


def _most(values: np.ndarray) -> float:
    return float(np.abs(values).max()) or 1.0


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


def _strip(values: np.ndarray, most: float, name: str) -> str:
    cells = "".join(
        f'<i class={"n" if value < 0 else "p"} style=--a:{abs(value) / most:.2f} title="{value:.6f}"></i>'
        for value in values
    )
    return f'<div class="cells" data-of="{esc(name)}">{cells}</div>'


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


def _table(result: HeadSteps) -> str:
    """One row a vector: the query, each key with its figures, each value, the output. Seven significant digits."""
    empty = (None, None, None)
    asker = result.tokens[result.query].text
    rows = [("q", result.query, asker, *empty, *_rounded(result.q))]
    for place, token in enumerate(result.tokens):
        figures = _rounded(np.array([result.products[place], result.scaled[place], result.weights[place]]))
        rows.append(("k", place, token.text, *figures, *_rounded(result.keys[place])))
    rows += [
        ("v", place, token.text, *empty, *_rounded(result.values[place])) for place, token in enumerate(result.tokens)
    ]
    rows.append(("output", result.query, asker, *empty, *_rounded(result.output)))
    cells = tuple(str(cell) for cell in range(len(result.q)))
    columns = ("vector", "position", "token", "product", "scaled", "weight", *cells)
    return table(columns, rows, f"steps-{result.layer}-{result.head}-{result.query}", _PICTURES)


def _rounded(values: np.ndarray) -> list[float]:
    return [float(f"{value:.8g}") for value in values]
