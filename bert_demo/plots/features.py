"""The features of a text to take away: a preview, the lines that give the same numbers, and the files."""

from __future__ import annotations

import csv
import io
from typing import IO

import numpy as np

from bert_demo.plots.contexts import state_name
from bert_demo.plots.markup import card, check, esc, grid, number
from bert_demo.results.insides import Features

SHOWN_ROWS, SHOWN_COLUMNS = 8, 6
_POOLED = {"mean": "the mean over all tokens", "cls": "the first token's alone"}


def row_names(result: Features) -> list[tuple[object, str]]:
    """(position, token) of each row; of a pooled one nothing and how it was made."""
    if result.pooling is not None:
        return [("", result.pooling)]
    return [(place, token.text) for place, token in enumerate(result.tokens)]


def features_panel(result: Features) -> str:
    """The first rows and columns, and the check."""
    count, size = result.values.shape
    rows = row_names(result)[:SHOWN_ROWS]
    columns = min(size, SHOWN_COLUMNS)
    head = "<th></th>" + "".join(f'<th scope="col">{each}</th>' for each in range(columns))
    body = "".join(
        f'<tr><th scope="row">{place} <bdi>{esc(name)}</bdi></th>'
        + "".join(f"<td>{number(value, 4)}</td>" for value in values[:columns].tolist())
        + "</tr>"
        for (place, name), values in zip(rows, result.values, strict=False)
    )
    more = [f"{count - SHOWN_ROWS} more rows"] if count > SHOWN_ROWS else []
    more += [f"{size - columns} more columns"] if size > columns else []
    left = f'<p class="note said">{" and ".join(more)} in the files.</p>' if more else ""
    largest = float(np.abs(result.values).max())
    how = " with attention in one fused step" if result.layer else ""
    proof = check(
        bool(result.largest_error < 1e-5 * max(1.0, largest)),
        f"{result.values.size:,} numbers, read again{how}: off by about {result.largest_error:.0e} at most, where the "
        f"largest is {number(largest, 3)}",
    )
    made = f", {_POOLED[result.pooling]}" if result.pooling else ""
    note = (
        f"State {result.layer} of {result.layers}: {state_name(result.layer)}{made}. Feed them to a classifier of your "
        "own. Single numbers mean nothing by themselves: only all of a row together, compared with other rows, do."
    )
    title = f"{count} row{'s' * (count != 1)} of {size} numbers <small>{esc(result.model)}</small>"
    return card(title, grid(head, body) + left + proof, note)


def code_panel(code: str) -> str:
    """The Python lines that give the same numbers."""
    note = (
        "With <code>transformers</code>, run where the paths lead to the model. A test of this project runs such lines "
        "for each bundled model and finds the same numbers to 1e-5."
    )
    body = f'<pre class="code" tabindex="0"><code id="feature-code">{esc(code)}</code></pre>'
    return card("The same numbers", body, note)


def write_npz(result: Features, text: str, pair: str | None, stream: IO[bytes]) -> None:
    """values (n, d) in single precision, tokens, text, pair, model, revision, layer, pooling ("" for none)."""
    np.savez_compressed(
        stream,
        values=result.values,
        tokens=np.array([token.text for token in result.tokens]),
        text=np.array(text),
        pair=np.array(pair or ""),
        model=np.array(result.model),
        revision=np.array(result.revision),
        layer=np.array(result.layer),
        pooling=np.array(result.pooling or ""),
    )


def write_csv(result: Features, stream: IO[bytes]) -> None:
    """A line for each row: position, token, and the numbers, written so that they read back the same."""
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(["position", "token", *range(result.values.shape[1])])
    for (place, name), values in zip(row_names(result), result.values, strict=True):
        quoted = f"'{name}" if name[:1] in ("=", "+", "-", "@") else name
        writer.writerow([place, quoted, *map(str, values)])
    text.detach()
