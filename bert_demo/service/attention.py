"""Attention weights, and what is read from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bert_demo.core import validation
from bert_demo.core.errors import ChoiceError, TextError
from bert_demo.models.base import Encoding, Model
from bert_demo.models.surgery.attention_steps import trace_head
from bert_demo.models.words import in_words
from bert_demo.results import Attention, Head, HeadProfiles, HeadSteps
from bert_demo.service.context import Context
from bert_demo.tasks import attention, head_analysis


class AttentionCalls:
    """The part of the service that shows attention; layers and heads count from 0."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def attention(
        self,
        text: str,
        pair: str | None = None,
        model: str = "base",
        layer: int | None = None,
        head: int | None = None,
        window: int | None = None,
        most: int | None = None,
        words: str = "spaces",
    ) -> Attention:
        """Attention weights of all heads, of one layer, of one head of every layer, or of one head (from 0).

        A text of several windows needs `window` (from 0). most: weights that the answer may hold;
        words: those that its tokens belong to, one of `validation.WORDS`.
        Raises TextError, ChoiceError, ModelLoadError.
        """
        loaded, text, pair = self._context.request(model, text, pair)
        loaded.capabilities.require("attention")
        layer = validation.checked_layer_or_head(layer, "layer", loaded.info.layers)
        head = validation.checked_layer_or_head(head, "head", loaded.info.heads)
        found = self._whole(loaded, loaded.encode(text, pair), (text, pair), window, words)
        if layer is not None or head is not None:
            layers = range(loaded.info.layers) if layer is None else [layer]
            heads = range(loaded.info.heads) if head is None else [head]
            weights = found.weights[list(layers)][:, list(heads)]
            reach = tuple(found.reach[number] for number in layers) if found.reach else ()
            found = replace(found, layers=tuple(layers), heads=tuple(heads), weights=weights, reach=reach)
        if most is not None and found.weights.size > most:
            raise ChoiceError(
                f"All heads asked for are {found.weights.size:,} weights; one answer holds {most:,}. "
                "Ask for one layer and one head."
            )
        return found

    def attention_steps(
        self,
        text: str,
        query: int,
        pair: str | None = None,
        model: str = "base",
        layer: int = 0,
        head: int = 0,
        window: int | None = None,
        known: Attention | None = None,
    ) -> HeadSteps:
        """softmax(q k^T / sqrt(d)) v of one head for the token at position `query`, every number of it.

        known: what `attention` answered for this text, model and window, so that it is not computed again.
        Raises TextError, ChoiceError, ModelError.
        """
        loaded, text, pair = self._context.request(model, text, pair)
        layer, head = checked_head(loaded, (layer, head))
        encoding = loaded.encode(text, pair)
        number = checked_window(loaded, encoding, window)
        query = validation.checked_whole(query, "query", 0, len(encoding.windows[number]) - 1)
        plain = (known or self._whole(loaded, encoding, (text, pair), number)).head(layer, head)
        key = ("trace", loaded.info, text, pair, number, layer, head)
        traced = self._context.cache.get(key, lambda: trace_head(loaded, encoding, number, layer, head))
        return head_analysis.steps(loaded, encoding, number, layer, head, query, plain, traced)

    def head_profiles(
        self,
        text: str,
        pair: str | None = None,
        model: str = "base",
        window: int | None = None,
        known: Attention | None = None,
    ) -> HeadProfiles:
        """What each head does on this text. known: as in `attention_steps`, of all heads.

        Raises TextError, ChoiceError, ModelLoadError.
        """
        loaded, text, pair = self._context.request(model, text, pair)
        weights = known or self._whole(loaded, loaded.encode(text, pair), (text, pair), window)
        key = ("head_profiles", loaded.info, text, pair, weights.window)

        def profiles() -> HeadProfiles:
            worded = _in_words(weights, loaded.encode(text, pair), (text, pair), "spaces")
            return head_analysis.profiles(worded, (text, pair or ""))

        return self._context.cache.get(key, profiles)

    def _whole(
        self,
        loaded: Model,
        encoding: Encoding,
        texts: tuple[str, str | None],
        window: int | None,
        words: str = "spaces",
    ) -> Attention:
        """The weights of all heads."""
        validation.checked_choice(words, "words", validation.WORDS)
        number = checked_window(loaded, encoding, window)
        key = ("attention", loaded.info, texts, number)
        found = self._context.cache.get(key, lambda: attention.attention(loaded, encoding, number))
        return _in_words(found, encoding, texts, words)


def _in_words(found: Attention, encoding: Encoding, texts: tuple[str, str | None], rule: str) -> Attention:
    """The same with other words; the weights are not copied."""
    read = in_words(encoding, texts, rule)
    return replace(found, tokens=tuple(read.tokens[place] for place in read.windows[found.window]))


def checked_window(loaded: Model, encoding: Encoding, window: int | None) -> int:
    """The number of the window, or a TextError where several ask for a choice."""
    count = len(encoding.windows)
    if window is None and count > 1:
        raise TextError(
            f"The text has {len(encoding.tokens)} tokens and this model reads {loaded.info.limit} at once, in "
            f"{count} windows. Shorten it (in Python, window=0 to {count - 1} chooses one of them)."
        )
    return validation.checked_whole(window or 0, "window", 0, count - 1)


def checked_head(loaded: Model, head: Any) -> Head:
    """(layer, head) of the model. Raises ChoiceError, and MissingHeadError where it has no heads."""
    if not isinstance(head, (list, tuple)) or len(head) != 2:
        raise ChoiceError("A head is a pair of layer and head, such as [3, 7].")
    if None in head:
        raise ChoiceError("A head needs both its layer and its number, such as [3, 7].")
    if not loaded.info.heads:
        loaded.capabilities.require("heads")
    try:
        layer = validation.checked_whole(head[0], "layer", 0, loaded.info.layers - 1)
        return layer, validation.checked_whole(head[1], "head", 0, loaded.info.heads - 1)
    except ChoiceError as error:
        raise ChoiceError(
            f"{error} {loaded.info.name} has {loaded.info.layers} layers, {loaded.info.heads} heads in each, counted "
            "from 0."
        ) from None
