"""The calls of BertService that look at single heads: what they compute, what they do, what happens without them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from bert_demo import validation
from bert_demo.backends.base import Backend, Encoding
from bert_demo.cache import ResultCache
from bert_demo.errors import BadDataError, ChoiceError, MissingHeadError, TextError
from bert_demo.lenses import attribute, classify, fill_mask, heads
from bert_demo.lenses.explained import Filling, Label, token_of
from bert_demo.lenses.question import Question, checked
from bert_demo.results import (
    Ablation,
    Attention,
    Attribution,
    Classification,
    FillMask,
    Head,
    HeadProfiles,
    HeadSteps,
    HeadWorth,
    PruneCurve,
)
from bert_demo.settings import Settings

OnProgress = Callable[[int, int], None]
"""Called with (done, planned so far); raise CancelledError in it to stop the work."""
MOST_ROWS = 2000
WORTH_OUTPUTS = ("logit", "probability")
Kind = TypeVar("Kind", Classification, FillMask, Attribution)


class Looking(ABC):
    """The part of the service that looks at heads; layers and heads count from 0."""

    settings: Settings
    _cache: ResultCache

    @abstractmethod
    def _request(self, model: str, text: Any, pair: Any) -> tuple[Backend, str, str | None]:
        """The model and the checked texts."""

    @abstractmethod
    def _backend(self, model: str) -> Backend:
        """The model."""

    @abstractmethod
    def attention(
        self,
        text: str,
        pair: str | None = None,
        model: str = "base",
        layer: int | None = None,
        head: int | None = None,
        window: int | None = None,
    ) -> Attention:
        """Attention weights."""

    @abstractmethod
    def _window(self, backend: Backend, encoding: Encoding, window: int | None) -> int:
        """The number of the window, or a TextError where several ask for a choice."""

    def attention_steps(
        self,
        text: str,
        query: int,
        pair: str | None = None,
        model: str = "base",
        layer: int = 0,
        head: int = 0,
        window: int | None = None,
    ) -> HeadSteps:
        """softmax(q k^T / sqrt(d)) v of one head for the token at position `query`, every number of it.

        Raises TextError, ChoiceError, ModelError.
        """
        backend, text, pair = self._request(model, text, pair)
        layer, head = _checked_head(backend, (layer, head))
        encoding = backend.encode(text, pair)
        number = self._window(backend, encoding, window)
        query = validation.checked_whole(query, "query", 0, len(encoding.windows[number]) - 1)
        plain = self.attention(text, pair, model, layer, head, number).head(layer, head)
        key = ("attention_steps", backend.info, text, pair, number, layer, head, query)
        return self._cache.get(key, lambda: heads.steps(backend, encoding, number, layer, head, query, plain))

    def head_profiles(
        self, text: str, pair: str | None = None, model: str = "base", window: int | None = None
    ) -> HeadProfiles:
        """What each head does on this text. Raises TextError, ChoiceError, ModelLoadError."""
        weights = self.attention(text, pair, model, window=window)
        backend, text, pair = self._request(model, text, pair)
        key = ("head_profiles", backend.info, text, pair, weights.window)
        return self._cache.get(key, lambda: heads.profiles(weights, (text, pair or "")))

    def ablate(
        self,
        text: str,
        heads: Sequence[Head],
        pair: str | None = None,
        model: str = "sentiment",
        attributions: bool = False,
        target: str | int | None = None,
        top_k: int = 5,
        on_progress: OnProgress | None = None,
    ) -> Ablation:
        """The classification, the candidates behind masks and, if asked, the attributions without some heads.

        heads: (layer, head) pairs. Each part is beside that of the untouched model: the classification of a classifier,
        the candidates of a masked-language model where the text has a mask and no second text stands beside it, the
        attributions (Integrated Gradients of `target`, by default the label that the untouched model predicts) of a
        classifier. Raises TextError, ChoiceError (a head that is not there, none at all, all of them), ModelError,
        MissingHeadError (the model can do none of the three here).
        """
        backend, text, pair = self._request(model, text, pair)
        off = _checked_heads(backend, heads)
        top_k = validation.checked_whole(top_k, "top_k", 1, self.settings.max_top_k)
        classifies = "text-classification" in backend.info.tasks
        fills = "fill-mask" in backend.info.tasks and pair is None and (backend.mask_token or "\0") in text
        if attributions and not classifies:
            raise MissingHeadError(f"The model {backend.info.name} has no label to attribute. Choose a classifier.")
        if not classifies and not fills:
            raise MissingHeadError(
                f"The model {backend.info.name} decides nothing here: it needs a classification head, or a text with "
                f"{backend.mask_token or 'a mask'} (and no second text) for its fill-mask head."
            )
        variant = backend.without(off)
        labels = fillings = explained = None
        if classifies:
            labels = _both(backend, variant, lambda each: classify.classify(each, text, pair))
        if fills:
            fillings = _both(backend, variant, lambda each: fill_mask.fill_mask(each, text, top_k, None, ()))
        if labels is not None and attributions:
            question = checked(
                backend, target, "integrated_gradients", "pad", "logit", 0.01, None, self.settings.max_steps
            )
            if target is None or target == "":
                question = replace(question, target=backend.labels.index(labels[0].labels[0].label))
            watch = on_progress or (lambda *_: None)
            explained = _both(
                backend, variant, lambda each: attribute.attribute(Label(each), question, text, pair, watch)
            )
        return Ablation(backend.info.name, backend.info.revision, off, labels, fillings, explained)

    def head_worth(
        self,
        text: str,
        pair: str | None = None,
        model: str = "sentiment",
        target: str | int | None = None,
        output: str = "logit",
        on_progress: OnProgress | None = None,
    ) -> HeadWorth:
        """What becomes of one score when each head in turn is switched off.

        target: of a classifier a label (by default the predicted one); of a masked-language model the word behind the
        first mask (by default the most probable). Nothing below the changed layer is computed twice.
        Raises TextError, MaskError, ChoiceError, ModelError, MissingHeadError.
        """
        backend, text, pair = self._request(model, text, pair)
        output = validation.checked_choice(output, "output", WORTH_OUTPUTS)
        place, encoding, number = self._aim(backend, text, pair, target)
        if len(encoding.windows) > attribute.MOST_WINDOWS:
            raise TextError(
                f"The text is read in {len(encoding.windows)} windows; of up to {attribute.MOST_WINDOWS} each head can "
                "be switched off in turn. Shorten it."
            )
        question = Question(number, "integrated_gradients", "pad", output, 0.01, None, self.settings.max_steps)
        watch = on_progress or (lambda *_: None)
        key = ("head_worth", backend.info, text, pair, number, output)
        return self._cache.get(key, lambda: heads.worth(backend, encoding, question, place, watch))

    def _aim(
        self, backend: Backend, text: str, pair: str | None, target: str | int | None
    ) -> tuple[int | None, Encoding, int]:
        """The place of the mask (None for a classifier), the tokens, and the index of what is scored."""
        if "text-classification" in backend.info.tasks:
            number = validation.checked_target(target, backend.labels)
            if number is None:
                number = backend.labels.index(classify.classify(backend, text, pair).labels[0].label)
            return None, backend.encode(text, pair), number
        if "fill-mask" not in backend.info.tasks:
            raise MissingHeadError(f"The model {backend.info.name} has neither labels nor a fill-mask head.")
        filling = Filling(backend, 0)
        encoding = filling.encode(text, pair)
        place = filling.mask if filling.mask is not None else 0
        if target is None or target == "":
            return place, encoding, int(np.argmax(backend.mask_logits(encoding, 0, place)))
        return place, encoding, token_of(backend, str(target), "target")

    def prune(
        self,
        rows: Sequence[tuple[str, str]],
        model: str = "sentiment",
        points: int = 10,
        orders: int = 3,
        on_progress: OnProgress | None = None,
    ) -> PruneCurve:
        """Switch heads off in order of importance (Michel et al. 2019) and watch the accuracy over labelled texts.

        rows: (text, label). Raises BadDataError, ChoiceError, ModelError, MissingHeadError, and whatever `on_progress`
        raises.
        """
        backend = self._backend(model)
        if "text-classification" not in backend.info.tasks:
            raise MissingHeadError(
                f"The model {backend.info.name} has no labels. Choose a classifier such as sentiment."
            )
        if backend.activation == "sigmoid":
            raise ChoiceError(
                f"The model {backend.info.name} judges each label by itself, so a text has no one right label. Choose "
                "a classifier whose labels exclude one another."
            )
        points = validation.checked_whole(points, "points", 2, 100)
        orders = validation.checked_whole(orders, "orders", 1, 20)
        texts, targets = self._labelled(backend, rows)
        watch = on_progress or (lambda *_: None)
        return heads.prune(backend, texts, targets, points, orders, watch)

    def _labelled(self, backend: Backend, rows: Sequence[tuple[str, str]]) -> tuple[list[str], list[int]]:
        if isinstance(rows, str) or not all(isinstance(row, (list, tuple)) and len(row) == 2 for row in rows):
            raise BadDataError("rows must be pairs of a text and its label.")
        if not 2 <= len(rows) <= MOST_ROWS:
            raise BadDataError(f"There are {len(rows)} labelled texts; from 2 to {MOST_ROWS} can be measured.")
        texts = []
        for number, (text, label) in enumerate(rows, start=1):
            try:
                texts.append(validation.checked_text(text, self.settings.max_characters))
                validation.refuse_control_tokens(text, backend.control_tokens)
            except ValueError as error:
                raise BadDataError(f"Labelled text {number}: {error}") from None
            if label not in backend.labels:
                raise BadDataError(
                    f"Labelled text {number}: {str(label)[:40]!r} is none of this model's labels: "
                    f"{', '.join(backend.labels)}."
                )
        return texts, [backend.labels.index(label) for _, label in rows]


def _both(backend: Backend, variant: Backend, ask: Callable[[Backend], Kind]) -> tuple[Kind, Kind]:
    return ask(backend), ask(variant)


def _checked_head(backend: Backend, head: Any) -> Head:
    if not isinstance(head, (list, tuple)) or len(head) != 2:
        raise ChoiceError("A head is a pair of layer and head, such as [3, 7].")
    layer = validation.checked_layer_or_head(head[0], "layer", backend.layers)
    number = validation.checked_layer_or_head(head[1], "head", backend.heads)
    if layer is None or number is None:
        raise ChoiceError("A head needs both its layer and its number, such as [3, 7].")
    return layer, number


def _checked_heads(backend: Backend, chosen: Any) -> tuple[Head, ...]:
    if not isinstance(chosen, (list, tuple)) or not chosen:
        raise ChoiceError("heads must be a list of pairs of layer and head, such as [[3, 7]]. Switch one off at least.")
    off = tuple(sorted({_checked_head(backend, head) for head in chosen}))
    if len(off) == backend.layers * backend.heads:
        raise ChoiceError("All heads are off: then no token hears of another. Leave one on at least.")
    return off
