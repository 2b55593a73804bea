"""Where each head looks."""

from __future__ import annotations

from bert_demo.backends.base import Backend, Encoding
from bert_demo.results import Attention


def attention(backend: Backend, encoding: Encoding, window: int) -> Attention:
    """All heads of all layers on one window."""
    tokens = tuple(encoding.tokens[position] for position in encoding.windows[window])
    layers, heads = tuple(range(backend.layers)), tuple(range(backend.heads))
    weights = backend.attentions(encoding, window)
    info = backend.info
    return Attention(info.name, info.revision, tokens, layers, heads, weights, window, len(encoding.windows))
