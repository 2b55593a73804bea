"""BertService: validate, choose, cache, return results. It holds no state of any visitor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from bert_demo import validation
from bert_demo.backends.base import Backend, Encoding
from bert_demo.cache import ResultCache
from bert_demo.catalogue import CATALOGUE, DEFAULT_FOR_TASK, ModelCard, find
from bert_demo.errors import MissingHeadError, TextError
from bert_demo.explaining import Explaining
from bert_demo.guessing import Guessing
from bert_demo.insight import Insight
from bert_demo.lenses import attention, classify, fill_mask
from bert_demo.looking import Looking
from bert_demo.results import (
    Attention,
    Classification,
    FillMask,
    ModelInfo,
    NextSentence,
)
from bert_demo.settings import Settings
from bert_demo.shelf import Shelf


class BertService(Explaining, Looking, Guessing, Insight):
    """Every lens on every model. All calls may run in several threads at once."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._cache = ResultCache(self.settings.cache_mb * 2**20)
        self._shelf = Shelf(self.settings)
        if self.settings.threads:
            torch.set_num_threads(self.settings.threads)
        self._threads = torch.get_num_threads()

    def classify(self, text: str, pair: str | None = None, model: str = "sentiment") -> Classification:
        """Probabilities of the labels; texts beyond the model's limit are read in windows and averaged.

        Raises TextError, ChoiceError, ModelLoadError, MissingHeadError.
        """
        backend, text, pair = self._request(model, text, pair)
        return self._cache.get(("classify", backend.info, text, pair), lambda: classify.classify(backend, text, pair))

    def fill_mask(
        self,
        text: str,
        model: str = "base",
        top_k: int = 5,
        candidates: Sequence[str] | None = None,
        hide: Sequence[tuple[int, int]] = (),
    ) -> FillMask:
        """The most probable tokens behind each mask, each predicted while the others stay masked.

        candidates: words to score instead of the whole vocabulary's best, each one token of it; their probabilities
        are still shares of the whole vocabulary. hide: (start, end) characters of words to put a mask in place of.
        Raises TextError, MaskError (no mask), ChoiceError, ModelLoadError, MissingHeadError.
        """
        backend, text, _ = self._request(model, text, None)
        top_k = validation.checked_whole(top_k, "top_k", 1, self.settings.max_top_k)
        words = validation.checked_candidates(candidates)
        hidden = tuple(sorted({(int(start), int(end)) for start, end in hide}))
        key = ("fill_mask", backend.info, text, top_k, words, hidden)
        return self._cache.get(key, lambda: fill_mask.fill_mask(backend, text, top_k, words, hidden))

    def attention(
        self,
        text: str,
        pair: str | None = None,
        model: str = "base",
        layer: int | None = None,
        head: int | None = None,
        window: int | None = None,
    ) -> Attention:
        """Attention weights of all heads, of one layer, of one head of every layer, or of one head (from 0).

        A text of several windows needs `window` (from 0). Raises TextError, ChoiceError, ModelLoadError.
        """
        backend, text, pair = self._request(model, text, pair)
        layer = validation.checked_layer_or_head(layer, "layer", backend.layers)
        head = validation.checked_layer_or_head(head, "head", backend.heads)
        whole = self._all_heads(backend, text, pair, window)
        layers = range(backend.layers) if layer is None else [layer]
        heads = range(backend.heads) if head is None else [head]
        if layer is None and head is None:
            return whole
        weights = whole.weights[list(layers)][:, list(heads)]
        return Attention(
            whole.model, whole.revision, whole.tokens, tuple(layers), tuple(heads), weights, whole.window, whole.windows
        )

    def next_sentence(self, first: str, second: str, model: str = "base") -> NextSentence:
        """Probability that `second` follows `first`. Raises InputError, ModelLoadError, MissingHeadError."""
        backend, first, pair = self._request(model, first, validation.checked_text(second, 10**9, "second text"))
        return classify.next_sentence(backend, first, pair or "")

    def models(self) -> tuple[ModelInfo, ...]:
        """The rows of the catalogue."""
        return tuple(_info(card) for card in CATALOGUE)

    def describe(self, model: str) -> ModelInfo:
        """What a model is and which tasks it has; loads a model that is not in the catalogue."""
        card = find(model) if isinstance(model, str) else None
        return self._shelf.known(model) or (_info(card) if card else self._backend(model).info)

    def choose(self, task: str, model: str) -> str:
        """`model` when it has a head for `task`, else the bundled model that has."""
        return model if task in self.describe(model).tasks else DEFAULT_FOR_TASK[task]

    def words(self, text: str, model: str = "base") -> tuple[tuple[int, int], ...]:
        """(start, end) characters of each word of a text, as the model's tokenizer divides it."""
        backend, text, _ = self._request(model, text, None)
        spans: dict[int, tuple[int, int]] = {}
        for token in backend.encode(text).tokens:
            if token.word is not None:
                spans[token.word] = (spans.get(token.word, (token.start, 0))[0], token.end)
        return tuple(spans.values())

    def count_windows(self, text: str, pair: str | None = None, model: str = "base") -> int:
        """In how many windows the model reads a text."""
        backend, text, pair = self._request(model, text, pair)
        return len(backend.encode(text, pair).windows)

    def mask_token(self, model: str = "base") -> str:
        """The mask of a model, such as [MASK]. Raises MissingHeadError when it has none."""
        token = self._backend(model).mask_token
        if token is None:
            raise MissingHeadError(f"The model {model} has no mask token.")
        return token

    def labels(self, model: str) -> tuple[str, ...]:
        """The labels of a classifier in the order of its logits."""
        return self.describe(model).labels

    def models_held(self) -> dict[str, int]:
        """Bytes of each loaded model, by name."""
        return self._shelf.held()

    def cache_bytes(self) -> int:
        """Bytes of the results that are kept."""
        return self._cache.bytes_held()

    def wait_for_downloads(self, seconds: float) -> None:
        """From now on a call raises ModelComingError when a model's download takes longer."""
        self._shelf.patience = seconds

    def share_processor(self, running: int) -> None:
        """Let the calling thread compute with its share of torch's threads while so many threads compute.

        More threads than cores would wait for one another in the middle of every layer.
        """
        torch.set_num_threads(max(1, self._threads // running))

    def warm_up(self) -> None:
        """Load the bundled models, so that the first visitor does not wait for them."""
        for card in CATALOGUE:
            if card.bundled:
                self._backend(card.name)

    def _request(self, model: str, text: Any, pair: Any) -> tuple[Backend, str, str | None]:
        text, pair = validation.checked_pair(text, pair, self.settings.max_characters)
        backend = self._backend(model)
        validation.refuse_control_tokens(text, backend.control_tokens)
        if pair is not None:
            validation.refuse_control_tokens(pair, backend.control_tokens, "second text")
        return backend, text, pair

    def _backend(self, model: str) -> Backend:
        return self._shelf.backend(model)

    def _all_heads(self, backend: Backend, text: str, pair: str | None, window: int | None) -> Attention:
        encoding = backend.encode(text, pair)
        number = self._window(backend, encoding, window)
        return self._cache.get(
            ("attention", backend.info, text, pair, number), lambda: attention.attention(backend, encoding, number)
        )

    def _window(self, backend: Backend, encoding: Encoding, window: int | None) -> int:
        count = len(encoding.windows)
        if window is None and count > 1:
            raise TextError(
                f"The text has {len(encoding.tokens)} tokens and this model reads {backend.limit} at once, in "
                f"{count} windows. Shorten it (in Python, window=0 to {count - 1} chooses one of them)."
            )
        return validation.checked_whole(window or 0, "window", 0, count - 1)


def _info(card: ModelCard) -> ModelInfo:
    return ModelInfo(
        name=card.name,
        source="bundled" if card.bundled else card.source,
        revision=card.revision,
        tasks=card.tasks,
        labels=card.labels,
        language=card.language,
        licence=card.licence,
        description=card.description,
    )
