"""Attention weights. Layers and heads count from 0."""

from __future__ import annotations

from bert_demo import results
from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.fields import Model, Pair, Request, argument
from bert_demo.core.scheduler import Cost

MOST_WEIGHTS = 2_000_000
"""Attention weights in one answer."""


class Attention(Request):
    """A text, and which heads of it."""

    text: str = argument("the text to read.")
    pair: Pair = None
    model: Model = "base"
    layer: int | None = argument("from 0; all layers when left out.", None, ge=0)
    head: int | None = argument("from 0; all heads when left out.", None, ge=0)


# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "attention", Attention, Cost.INTERACTIVE, results.Attention,
        description="Attention weights softmax(q k^T / sqrt(d)): query rows, key columns, each row sums to 1.",
        returns="model, revision, tokens, layers, heads, weights as [layer][head][query][key].",
        limits={"most": MOST_WEIGHTS},
        long=("weights",),
    ),
)
# fmt: on
