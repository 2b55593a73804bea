"""The calls of BertService that explain a decision: checked, cached, answered by the lenses."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any

from bert_demo import validation
from bert_demo.attribution import METHODS
from bert_demo.backends.base import Backend
from bert_demo.errors import ChoiceError
from bert_demo.lenses import attribute, by_layer, compare, what_if
from bert_demo.lenses.attribute import OnEstimate
from bert_demo.lenses.explained import Filling, Label, token_of
from bert_demo.lenses.question import Question, checked
from bert_demo.line import go_on
from bert_demo.results import Attribution, Classification, Comparison, LayerAttribution, WhatIf
from bert_demo.service_part import OnProgress, ServicePart


class Explaining(ServicePart):
    """The half of the service that explains; the other half loads, checks, predicts."""

    @abstractmethod
    def classify(self, text: str, pair: str | None = None, model: str = "sentiment") -> Classification:
        """Probabilities of the labels."""

    def attribute(
        self,
        text: str,
        pair: str | None = None,
        model: str = "sentiment",
        target: str | int | None = None,
        method: str = "integrated_gradients",
        baseline: str = "pad",
        output: str = "logit",
        tolerance: float = 0.01,
        steps: int | None = None,
        on_progress: OnProgress | None = None,
        on_estimate: OnEstimate | None = None,
    ) -> Attribution:
        """Share out the target's score among the tokens, by any of METHODS.

        target: a label or its index, by default the predicted one; output: "logit", "probability", or "margin" (the
        target's logit less the greatest other); steps: a fixed number of integration points (or samples, or orders), by
        default as many as close the ledger within `tolerance` for Integrated Gradients and each other method's own.
        A text of several windows is explained as the mean of its windows. on_estimate is called with each estimate
        before the last. Raises TextError, ChoiceError, ModelLoadError, MissingHeadError, and whatever `on_progress`
        raises.
        """
        backend, text, pair = self._request(model, text, pair)
        question = self._question(backend, text, pair, target, method, baseline, output, tolerance, steps)
        watch = on_progress or go_on
        return self._cache.get(
            ("attribute", backend.info, text, pair, question),
            lambda: attribute.attribute(Label(backend), question, text, pair, watch, on_estimate),
        )

    def attribute_mask(
        self,
        text: str,
        candidate: str,
        against: str | None = None,
        mask: int = 0,
        model: str = "base",
        method: str = "integrated_gradients",
        baseline: str = "pad",
        output: str = "logit",
        tolerance: float = 0.01,
        steps: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> Attribution:
        """Which words made the masked-language model write `candidate` behind mask number `mask` (from 0).

        against: another candidate; then the difference of both logits is shared out. Everything else as in
        `attribute`. Raises TextError, MaskError, ChoiceError, ModelLoadError, MissingHeadError.
        """
        backend, text, _ = self._request(model, text, None)
        number = validation.checked_whole(mask, "mask", 0, 10**6)
        question = checked(backend, None, method, baseline, output, tolerance, steps, self.settings.max_steps)
        other = None if against is None or against == "" else token_of(backend, against, "against")
        question = replace(question, target=token_of(backend, candidate, "candidate"), against=other)
        if other is not None:
            if output != "logit":
                raise ChoiceError(
                    "Two candidates are compared by their logits. Leave output out, or leave out against."
                )
            if other == question.target:
                raise ChoiceError("candidate and against are the same token. Name two, or leave out against.")
            question = replace(question, output="difference")
        watch = on_progress or go_on
        return self._cache.get(
            ("attribute_mask", backend.info, text, number, question),
            lambda: attribute.attribute(Filling(backend, number), question, text, None, watch),
        )

    def compare(
        self,
        text: str,
        pair: str | None = None,
        model: str = "sentiment",
        target: str | int | None = None,
        baseline: str = "pad",
        output: str = "logit",
        on_progress: OnProgress | None = None,
    ) -> Comparison:
        """Every one of METHODS on one text, each put to the test: words masked in its order against random orders.

        target, baseline, output: as in `attribute`. Raises TextError (also for a text of several windows), ChoiceError,
        ModelLoadError, MissingHeadError, and whatever `on_progress` raises.
        """
        backend, text, pair = self._request(model, text, pair)
        question = self._question(backend, text, pair, target, next(iter(METHODS)), baseline, output)
        watch = on_progress or go_on
        return self._cache.get(
            ("compare", backend.info, text, pair, question),
            lambda: compare.compare(backend, question, text, pair, watch),
        )

    def attribute_layers(
        self,
        text: str,
        pair: str | None = None,
        model: str = "sentiment",
        target: str | int | None = None,
        baseline: str = "pad",
        output: str = "logit",
        tolerance: float = 0.01,
        on_progress: OnProgress | None = None,
    ) -> LayerAttribution:
        """Integrated Gradients of the states before each layer and behind the last one, each with its own ledger.

        Arguments as in `attribute`. Raises TextError (also for a text of several windows), ChoiceError, ModelLoadError,
        MissingHeadError (also for a model whose layers share their weights), and whatever `on_progress` raises.
        """
        backend, text, pair = self._request(model, text, pair)
        name = "integrated_gradients"
        question = self._question(backend, text, pair, target, name, baseline, output, tolerance)
        watch = on_progress or go_on
        return self._cache.get(
            ("attribute_layers", backend.info, text, pair, question),
            lambda: by_layer.by_layer(backend, question, text, pair, watch),
        )

    def what_if(
        self,
        text: str,
        word: int,
        change: str = "mask",
        replacement: str = "",
        pair: str | None = None,
        model: str = "sentiment",
        target: str | int | None = None,
        output: str = "logit",
    ) -> WhatIf:
        """The target's score before and after word number `word` was masked, deleted or replaced.

        Raises TextError, ChoiceError, ModelLoadError, MissingHeadError.
        """
        backend, text, pair = self._request(model, text, pair)
        validation.checked_choice(change, "change", validation.CHANGES)
        word = validation.checked_whole(word, "word", 0, 10**6)
        replacement = validation.checked_text(replacement, 200, "replacement") if change == "replace" else ""
        validation.refuse_control_tokens(replacement, backend.control_tokens, "replacement")
        question = self._question(backend, text, pair, target, "occlusion", "pad", output)
        return what_if.what_if(backend, question, (text, pair), word, change, replacement)

    def _question(
        self,
        backend: Backend,
        text: str,
        pair: str | None,
        target: Any,
        method: Any,
        baseline: Any,
        output: Any,
        tolerance: Any = 0.01,
        steps: Any = None,
    ) -> Question:
        if target is None or target == "":
            target = self.classify(text, pair, backend.info.name).labels[0].label
        return checked(backend, target, method, baseline, output, tolerance, steps, self.settings.max_steps)
