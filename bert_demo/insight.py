"""The calls of BertService that look inside: pieces, vectors, positions, features."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bert_demo import validation
from bert_demo.backends.adapters import find_adapter
from bert_demo.backends.base import Backend
from bert_demo.catalogue import find, unlisted
from bert_demo.errors import ChoiceError, TextError
from bert_demo.lenses import contexts, insides, next_sentence
from bert_demo.line import go_on
from bert_demo.results.feature_lines import three_lines
from bert_demo.results.insides import (
    POOLINGS,
    Contexts,
    Features,
    FirstStates,
    Pieces,
    Positions,
    SentenceSimilarity,
)
from bert_demo.results.pairs import NextSentenceBaseline
from bert_demo.sentence_pairs import sentence_pairs
from bert_demo.service_part import OnProgress, ServicePart
from bert_demo.settings import ASSETS

_COMMIT = re.compile("[0-9a-f]{40}")


class Insight(ServicePart):
    """The part of the service that shows what a model is made of. Texts must fit into one window but for `pieces`.

    Layers count from 0 for what goes into layer 0 to `layers` for what comes out of the last one. All calls raise
    TextError and ModelLoadError.
    """

    def pieces(self, text: str, model: str = "base") -> Pieces:
        """How the tokenizer cuts each word, step by step."""
        backend, text, _ = self._request(model, text, None)
        return insides.pieces(backend, text)

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
        backend, checked = self._texts(model, texts, 1)
        word = validation.checked_text(word, 100, "word")
        key = ("contexts", backend.info, word, checked)
        watch = on_progress or go_on
        found = self._cache.get(key, lambda: contexts.contexts(backend, word, checked, watch, most))
        insides.refuse_more(found.plane.size + found.similarity.size, most, contexts.FEWER)
        return found

    def positions(self, model: str = "base") -> Positions:
        """The learned vectors of the places in the input. Raises MissingHeadError where there are none."""
        return insides.positions(self._backend(model))

    def first_states(self, text: str, pair: str | None = None, model: str = "base") -> FirstStates:
        """What is added before layer 0: word, position and segment. Raises MissingHeadError for other kinds."""
        backend, text, pair = self._request(model, text, pair)
        return insides.first_states(backend, text, pair)

    def similarity(
        self,
        texts: Sequence[str],
        model: str = "base",
        pooling: str = "mean",
        layer: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> SentenceSimilarity:
        """Cosine between the vectors of from 2 to 20 texts. on_progress: after each text. Raises ChoiceError."""
        backend, checked = self._texts(model, texts, 2)
        pooling = validation.checked_choice(pooling, "pooling", POOLINGS)
        layer = validation.checked_layer_or_head(layer, "layer", backend.layers + 1, "the last")
        key = ("similarity", backend.info, checked, layer)
        watch = on_progress or go_on
        found = self._cache.get(key, lambda: insides.similarities(backend, checked, layer, watch))
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
        backend, text, pair = self._request(model, text, pair)
        layer = validation.checked_layer_or_head(layer, "layer", backend.layers + 1, "the last")
        if pooling is not None:
            pooling = validation.checked_choice(pooling, "pooling", POOLINGS)
        return insides.features(backend, text, pair, layer, pooling, most)

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
        result = known or self.features(text, pair, model, layer, pooling)
        card = find(model) or unlisted(model)
        if adapter := find_adapter(card.source):
            return three_lines(result, _written(str(adapter.base)), text, pair, _written(card.source))
        revision = card.revision if card.of_hub and card.revision != "main" else ""
        if _COMMIT.fullmatch(result.revision):
            revision = result.revision
        return three_lines(result, _written(card.source), text, pair, revision=revision)

    def next_sentence_baseline(
        self, model: str = "base", on_progress: OnProgress | None = None
    ) -> NextSentenceBaseline:
        """The probability that the second sentence follows the first, for all pairs of the shipped sentences.

        on_progress: called with (done, planned); raise CancelledError in it to stop. Raises MissingHeadError.
        """
        backend = self._backend(model)
        watch = on_progress or go_on
        return self._cache.get(
            ("next_sentence_baseline", backend.info), lambda: next_sentence.baseline(backend, sentence_pairs(), watch)
        )

    def _texts(self, model: str, texts: Any, least: int) -> tuple[Backend, tuple[str, ...]]:
        """The model and from `least` to MOST_TEXTS checked texts. Raises ChoiceError, TextError."""
        if not isinstance(texts, (list, tuple)) or not least <= len(texts) <= insides.MOST_TEXTS:
            raise ChoiceError(f"texts must be a list of from {least} to {insides.MOST_TEXTS} texts.")
        checked = []
        for number, text in enumerate(texts, start=1):
            try:
                checked.append(self._request(model, text, None)[1])
            except TextError as error:
                raise TextError(f"Text {number}: {error}") from None
        return self._backend(model), tuple(checked)


def _written(source: str) -> str:
    """A path into the project as it stands there, anything else as it is."""
    path = Path(source)
    return path.relative_to(ASSETS.parent).as_posix() if path.is_relative_to(ASSETS) else source
