"""Why a model decides as it does: attributions, all methods compared, by layer, one word changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bert_demo.attribution import METHODS
from bert_demo.core import validation
from bert_demo.core.errors import ChoiceError
from bert_demo.core.progress import OnProgress, watched
from bert_demo.models.base import Model
from bert_demo.results import Attribution, Comparison, LayerAttribution, WhatIf
from bert_demo.service.classification import ClassificationCalls
from bert_demo.service.context import Context
from bert_demo.tasks import attribution, layer_attribution, method_comparison, what_if
from bert_demo.tasks.attribution import OnEstimate
from bert_demo.tasks.attribution_request import Question, checked
from bert_demo.tasks.attribution_targets import Filling, Label, token_of
from bert_demo.tasks.method_comparison import OnScored


class AttributionCalls:
    """The part of the service that explains."""

    def __init__(self, context: Context, decisions: ClassificationCalls) -> None:
        self._context, self._decisions = context, decisions

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
        words: str = "spaces",
        on_progress: OnProgress | None = None,
        on_estimate: OnEstimate | None = None,
    ) -> Attribution:
        """Share out the target's score among the tokens, by any of METHODS.

        target: a label or its index, by default the predicted one; output: "logit", "probability", or "margin" (the
        target's logit less the greatest other); steps: a fixed number of integration points (or samples, or orders), by
        default as many as close the ledger within `tolerance` for Integrated Gradients and each other method's own.
        A text of several windows is explained as the mean of its windows. on_estimate is called with each estimate
        before the last. words: "spaces" for what stands between spaces with its punctuation apart, "tokenizer" for
        what the tokenizer parts. Raises TextError, ChoiceError, ModelLoadError, MissingHeadError, and whatever
        `on_progress` raises.
        """
        loaded, text, pair = self._context.request(model, text, pair)
        question = self.question(loaded, text, pair, target, method, baseline, output, tolerance, steps, words)
        return self.explain(loaded, question, text, pair, watched(on_progress), on_estimate)

    def explain(
        self,
        loaded: Model,
        question: Question,
        text: str,
        pair: str | None,
        watch: OnProgress,
        on_estimate: OnEstimate | None = None,
    ) -> Attribution:
        """The same for a model at hand and a question that was checked."""
        return self._context.cache.get(
            ("attribute", loaded.info, text, pair, question),
            lambda: attribution.attribute(Label(loaded), question, text, pair, watch, on_estimate),
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
        words: str = "spaces",
        on_progress: OnProgress | None = None,
    ) -> Attribution:
        """Which words made the masked-language model write `candidate` behind mask number `mask` (from 0).

        against: another candidate; then the difference of both logits is shared out. Everything else as in
        `attribute`. Raises TextError, MaskError, ChoiceError, ModelLoadError, MissingHeadError.
        """
        loaded, text, _ = self._context.request(model, text)
        number = validation.checked_whole(mask, "mask", 0, 10**6)
        most = self._context.settings.max_steps
        question = checked(loaded, None, method, baseline, output, tolerance, steps, most, words)
        other = None if against is None or against == "" else token_of(loaded, against, "against")
        question = replace(question, target=token_of(loaded, candidate, "candidate"), against=other)
        if other is not None:
            if output != "logit":
                raise ChoiceError(
                    "Two candidates are compared by their logits. Leave output out, or leave out against."
                )
            if other == question.target:
                raise ChoiceError("candidate and against are the same token. Name two, or leave out against.")
            question = replace(question, output="difference")
        watch = watched(on_progress)
        return self._context.cache.get(
            ("attribute_mask", loaded.info, text, number, question),
            lambda: attribution.attribute(Filling(loaded, number), question, text, None, watch),
        )

    def compare(
        self,
        text: str,
        pair: str | None = None,
        model: str = "sentiment",
        target: str | int | None = None,
        baseline: str = "pad",
        output: str = "logit",
        words: str = "spaces",
        on_progress: OnProgress | None = None,
        on_scored: OnScored | None = None,
    ) -> Comparison:
        """Every one of METHODS on one text, each put to the test: words masked in its order against random orders.

        target, baseline, output, words: as in `attribute`; on_scored is called with the scores that are there whenever
        another method is done, unless the answer is kept or computed for somebody else.
        Raises TextError (also for a text of several windows), ChoiceError,
        ModelLoadError, MissingHeadError, and whatever `on_progress` raises.
        """
        loaded, text, pair = self._context.request(model, text, pair)
        question = self.question(loaded, text, pair, target, next(iter(METHODS)), baseline, output, words=words)
        watch = watched(on_progress)
        return self._context.cache.get(
            ("compare", loaded.info, text, pair, question),
            lambda: method_comparison.compare(loaded, question, text, pair, watch, on_scored),
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
        loaded, text, pair = self._context.request(model, text, pair)
        question = self.question(loaded, text, pair, target, "integrated_gradients", baseline, output, tolerance)
        watch = watched(on_progress)
        return self._context.cache.get(
            ("attribute_layers", loaded.info, text, pair, question),
            lambda: layer_attribution.by_layer(loaded, question, text, pair, watch),
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
        words: str = "spaces",
    ) -> WhatIf:
        """The target's score before and after word number `word` was masked, deleted or replaced.

        words: as in `attribute`. Raises TextError, ChoiceError, ModelLoadError, MissingHeadError.
        """
        loaded, text, pair = self._context.request(model, text, pair)
        validation.checked_choice(change, "change", validation.CHANGES)
        word = validation.checked_whole(word, "word", 0, 10**6)
        replacement = validation.checked_text(replacement, 200, "replacement") if change == "replace" else ""
        validation.refuse_control_tokens(replacement, loaded.control_tokens, "replacement")
        question = self.question(loaded, text, pair, target, "occlusion", "pad", output, words=words)
        return what_if.what_if(loaded, question, (text, pair), word, change, replacement)

    def question(
        self,
        loaded: Model,
        text: str,
        pair: str | None,
        target: Any,
        method: Any = "integrated_gradients",
        baseline: Any = "pad",
        output: Any = "logit",
        tolerance: Any = 0.01,
        steps: Any = None,
        words: Any = "spaces",
    ) -> Question:
        """What is asked of a classifier, by default of the label that it predicts. Raises ChoiceError."""
        if target is None or target == "":
            target = self._decisions.decided(loaded, text, pair)
        most = self._context.settings.max_steps
        return checked(loaded, target, method, baseline, output, tolerance, steps, most, words)
