"""What a model is made of: pieces of words, vectors, positions, features."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bert_demo.core import validation
from bert_demo.core.progress import OnProgress, watched
from bert_demo.core.settings import ASSETS
from bert_demo.models.loading.adapter_config import labels_of
from bert_demo.models.loading.lora import find_adapter
from bert_demo.registry.models import find, unlisted
from bert_demo.results.code_lines import three_lines
from bert_demo.results.representations import (
    POOLINGS,
    Contexts,
    Features,
    FirstStates,
    Pieces,
    Positions,
    SentenceSimilarity,
)
from bert_demo.service.context import Context
from bert_demo.tasks import contexts, representations

_COMMIT = re.compile("[0-9a-f]{40}")


class RepresentationCalls:
    """The part of the service that shows what a model is made of. Texts must fit into one window but for `pieces`.

    Layers count from 0 for what goes into layer 0 to `layers` for what comes out of the last one. All calls raise
    TextError and ModelLoadError.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def pieces(self, text: str, model: str = "base") -> Pieces:
        """How the tokenizer cuts each word, step by step."""
        loaded, text, _ = self._context.request(model, text)
        return representations.pieces(loaded, text)

    def contexts(
        self,
        word: str,
        texts: Sequence[str],
        model: str = "base",
        on_progress: OnProgress | None = None,
        most: int | None = None,
    ) -> Contexts:
        """One word in two or more texts: how alike its vectors are at every layer.

        on_progress: after each text; most: numbers that the answer may hold. Raises ChoiceError.
        """
        loaded, checked = self._context.texts(model, texts, 1, representations.MOST_TEXTS)
        word = validation.checked_text(word, 100, "word")
        key = ("contexts", loaded.info, word, checked)
        watch = watched(on_progress)
        found = self._context.cache.get(key, lambda: contexts.contexts(loaded, word, checked, watch, most))
        representations.refuse_more(found.plane.size + found.similarity.size, most, contexts.FEWER)
        return found

    def positions(self, model: str = "base") -> Positions:
        """The learned vectors of the places in the input. Raises MissingHeadError where there are none."""
        return representations.positions(self._context.pool.lend(model))

    def first_states(self, text: str, pair: str | None = None, model: str = "base") -> FirstStates:
        """What is added before layer 0: word, position and segment. Raises MissingHeadError for other kinds."""
        loaded, text, pair = self._context.request(model, text, pair)
        return representations.first_states(loaded, text, pair)

    def similarity(
        self,
        texts: Sequence[str],
        model: str = "base",
        pooling: str = "mean",
        layer: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> SentenceSimilarity:
        """Cosine between the vectors of from 2 to 20 texts. on_progress: after each text. Raises ChoiceError."""
        loaded, checked = self._context.texts(model, texts, 2, representations.MOST_TEXTS)
        pooling = validation.checked_choice(pooling, "pooling", POOLINGS)
        layer = validation.checked_layer_or_head(layer, "layer", loaded.info.layers + 1, "the last")
        key = ("similarity", loaded.info, checked, layer)
        watch = watched(on_progress)
        found = self._context.cache.get(key, lambda: representations.similarities(loaded, checked, layer, watch))
        return found[POOLINGS.index(pooling)]

    def features(
        self,
        text: str,
        pair: str | None = None,
        model: str = "base",
        layer: int | None = None,
        pooling: str | None = None,
        most: int | None = None,
    ) -> Features:
        """The states of a layer (the last when None), one row for each token, or one in all.

        most: numbers that the answer may hold. Raises ChoiceError.
        """
        loaded, text, pair = self._context.request(model, text, pair)
        layer = validation.checked_layer_or_head(layer, "layer", loaded.info.layers + 1, "the last")
        if pooling is not None:
            pooling = validation.checked_choice(pooling, "pooling", POOLINGS)
        found = representations.features(loaded, text, pair, layer, pooling, most)
        return replace(found, lines=self._lines(found, text, pair, model))

    def feature_lines(
        self,
        text: str,
        pair: str | None = None,
        model: str = "base",
        layer: int | None = None,
        pooling: str | None = None,
        known: Features | None = None,
    ) -> str:
        """Python that gives the values of `features` with plain `transformers` (and `peft` where the model needs it).

        Paths of bundled models are written as they stand in the project; a model of a hub is held to the commit that
        answered. known: what `features` answered, so that it is not computed again. Raises what `features` raises.
        """
        if known is not None:
            return self._lines(known, text, pair, model)
        return self.features(text, pair, model, layer, pooling).lines

    def _lines(self, result: Features, text: str, pair: str | None, model: str) -> str:
        card = find(model) or unlisted(model)
        if adapter := find_adapter(card.source):
            own = _written(card.source)
            count = 0 if (adapter.directory / "config.json").is_file() else labels_of(adapter)
            return three_lines(result, _written(adapter.named), text, pair, own, labels=count)
        revision = card.revision if card.of_hub and card.revision != "main" else ""
        if _COMMIT.fullmatch(result.revision):
            revision = result.revision
        return three_lines(result, _written(card.source), text, pair, revision=revision)


def _written(source: str) -> str:
    """A path into the project as it stands there, anything else as it is."""
    path = Path(source)
    return path.relative_to(ASSETS.parent).as_posix() if path.is_relative_to(ASSETS) else source
