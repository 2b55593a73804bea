"""Where each head looks."""

from __future__ import annotations

from bert_demo.models.base import Encoding, Model
from bert_demo.results import Attention


def attention(model: Model, encoding: Encoding, window: int) -> Attention:
    """All heads of all layers on one window. Raises MissingHeadError where they show no shares."""
    tokens = tuple(encoding.tokens[position] for position in encoding.windows[window])
    layers, heads = tuple(range(model.info.layers)), tuple(range(model.info.heads))
    model.capabilities.require("attention")
    weights = model.encoder.attentions(encoding, window)
    info = model.info
    named = (info.name, info.revision, tokens, layers, heads)
    return Attention(*named, weights, window, len(encoding.windows), model.capabilities.reach)
