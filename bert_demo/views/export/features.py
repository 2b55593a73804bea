"""The features of a text as files."""

from __future__ import annotations

import csv
import io
from typing import IO

import numpy as np

from bert_demo.results.representations import Features
from bert_demo.views.panels.features import row_names
from bert_demo.views.tables import harmless


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
        writer.writerow([place, harmless(name), *map(str, values)])
    text.detach()
