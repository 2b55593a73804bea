"""The calls of BertService that look at single heads: what they compute, what they do, what happens without them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from bert_demo import validation
from bert_demo.backends.base import Backend, Encoding
from bert_demo.errors import ChoiceError, MissingHeadError, TextError
from bert_demo.lenses import attribute, classify, fill_mask, heads, pruning
from bert_demo.lenses.explained import Filling, Label, token_of
from bert_demo.lenses.question import Question, checked
from bert_demo.line import go_on
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
from bert_demo.service_part import OnProgress, ServicePart

WORTH_OUTPUTS = ("logit", "probability")
Kind = TypeVar("Kind", Classification, FillMask, Attribution)


class Looking(ServicePart):
    """The part of the service that looks at heads; layers and heads count from 0."""

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
        known: Attention | None = None,
    ) -> HeadSteps:
        """softmax(q k^T / sqrt(d)) v of one head for the token at position `query`, every number of it.

        known: what `attention` answered for this text, model and window, so that it is not computed again.
        Raises TextError, ChoiceError, ModelError.
        """
        backend, text, pair = self._request(model, text, pair)
        layer, head = _checked_head(backend, (layer, head))
        encoding = backend.encode(text, pair)
        number = self._window(backend, encoding, window)
        query = validation.checked_whole(query, "query", 0, len(encoding.windows[number]) - 1)
        plain = (known or self.attention(text, pair, model, layer, head, number)).head(layer, head)
        key = ("trace", backend.info, text, pair, number, layer, head)
        traced = self._cache.get(key, lambda: backend.trace(encoding, number, layer, head))
        return heads.steps(backend, encoding, number, layer, head, query, plain, traced)

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
        weights = known or self.attention(text, pair, model, window=window)
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
        attributions = validation.checked_flag(attributions, "attributions")
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
            watch = on_progress or go_on
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
        watch = on_progress or go_on
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

    def judges_each_label(self, model: str) -> bool:
        """Whether a text may have several of a classifier's labels, or none: each has a probability of its own."""
        return self._backend(model).activation == "sigmoid"

    def prune(
        self,
        rows: Sequence[tuple[str, str]],
        model: str = "sentiment",
        points: int = 10,
        orders: int = 3,
        on_progress: OnProgress | None = None,
        lines: Sequence[int] | None = None,
        most_read: int | None = None,
    ) -> PruneCurve:
        """Switch heads off in order of importance (Michel et al. 2019) and watch the accuracy over labelled texts.

        rows: (text, label); of a model that judges each label by itself the labels of a text with ";" between, or none,
        and then an answer is right when all its labels are, at 0.5 (subset accuracy). lines: where the rows stand in
        the visitor's file, for what is wrong with them; most_read: characters that may be read in all passes together.
        `on_progress` is called after each batch. Raises BadDataError, ChoiceError, ModelError, MissingHeadError, and
        whatever `on_progress` raises.
        """
        points = validation.checked_whole(points, "points", 2, 100)
        orders = validation.checked_whole(orders, "orders", 1, 20)
        pruning.check_shape(rows)
        if most_read is not None:
            pruning.refuse_flood(rows, points, orders, most_read)
        backend = self._backend(model)
        if "text-classification" not in backend.info.tasks:
            raise MissingHeadError(
                f"The model {backend.info.name} has no labels. Choose a classifier such as sentiment."
            )
        watch = on_progress or go_on
        labelled = pruning.read(backend, rows, lines, self.settings.max_characters, watch)
        return pruning.prune(backend, labelled, points, orders, watch)


def _both(backend: Backend, variant: Backend, ask: Callable[[Backend], Kind]) -> tuple[Kind, Kind]:
    return ask(backend), ask(variant)


def _checked_head(backend: Backend, head: Any) -> Head:
    if not isinstance(head, (list, tuple)) or len(head) != 2:
        raise ChoiceError("A head is a pair of layer and head, such as [3, 7].")
    if None in head:
        raise ChoiceError("A head needs both its layer and its number, such as [3, 7].")
    try:
        layer = validation.checked_whole(head[0], "layer", 0, backend.layers - 1)
        return layer, validation.checked_whole(head[1], "head", 0, backend.heads - 1)
    except ChoiceError as error:
        raise ChoiceError(
            f"{error} {backend.info.name} has {backend.layers} layers, {backend.heads} heads in each, counted from 0."
        ) from None


def _checked_heads(backend: Backend, chosen: Any) -> tuple[Head, ...]:
    if not isinstance(chosen, (list, tuple)) or not chosen:
        raise ChoiceError("heads must be a list of pairs of layer and head, such as [[3, 7]]. Switch one off at least.")
    off = tuple(sorted({_checked_head(backend, head) for head in chosen}))
    if len(off) == backend.layers * backend.heads:
        raise ChoiceError("All heads are off: then no token hears of another. Leave one on at least.")
    return off
