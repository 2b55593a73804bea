"""The endpoints that explain a decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bert_demo import records

if TYPE_CHECKING:
    from bert_demo.service import BertService


class ExplainingApi:
    """A half of `api.Api`, over a service which is made when the first call needs it."""

    def __init__(self, service: Callable[[], BertService]) -> None:
        self._service = service

    def attribute(
        self,
        text: str,
        pair: str | None = None,
        model: str = "sentiment",
        target: str | None = None,
        method: str = "integrated_gradients",
        baseline: str = "pad",
        output: str = "logit",
        tolerance: float = 0.01,
        steps: int | None = None,
    ) -> dict[str, Any]:
        """How much each token carried the decision, with the ledger that shows whether the scores add up.

        Args:
            text: the text to explain.
            pair: an optional second text.
            model: a bundled name, a hub id, or a directory.
            target: the label to explain; the predicted one when left out.
            method: integrated_gradients, saliency, input_x_gradient, gradient_shap, occlusion, lime,
                shapley_value_sampling, attention_rollout, attention_last_layer or random.
            baseline: pad, mask or zero.
            output: logit, probability, or margin (the target's logit less the greatest other).
            tolerance: how closely the ledger must close.
            steps: a fixed number of integration steps (or samples, or orders) instead.

        Returns:
            tokens, words, scores, input_output, baseline_output, delta, relative_delta, forward_passes, converged
            (null for a method whose scores need not add up).
        """
        return records.attribution_record(
            self._service().attribute(text, pair, model, target, method, baseline, output, tolerance, steps)
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
    ) -> dict[str, Any]:
        """Why that word: how much each token made a masked-language model write a candidate behind a mask.

        Args:
            text: a text with one or more [MASK].
            candidate: the word to explain, one token of the model.
            against: another candidate; then the difference of both logits is explained.
            mask: which mask, from 0.
            model: a bundled name, a hub id, or a directory.
            method: any of those of attribute.
            baseline: pad, mask or zero.
            output: logit, probability, or margin (the candidate's logit less the greatest other).
            tolerance: how closely the ledger must close.
            steps: a fixed number of integration steps (or samples, or orders) instead.

        Returns:
            the same as attribute.
        """
        return records.attribution_record(
            self._service().attribute_mask(
                text, candidate, against, mask, model, method, baseline, output, tolerance, steps
            )
        )

    def attribute_layers(
        self,
        text: str,
        pair: str | None = None,
        model: str = "sentiment",
        target: str | None = None,
        baseline: str = "pad",
        output: str = "logit",
        tolerance: float = 0.01,
    ) -> dict[str, Any]:
        """Integrated Gradients at every layer: where in the model the decision is carried.

        Args:
            text: the text to explain.
            pair: an optional second text.
            model: a bundled name, a hub id, or a directory.
            target: the label to explain; the predicted one when left out.
            baseline: pad, mask or zero.
            output: logit, probability or margin.
            tolerance: how closely each layer's ledger must close.

        Returns:
            tokens, scores as [layer][token] (before each layer, and behind the last), deltas, converged of each row.
        """
        return records.layers_record(
            self._service().attribute_layers(text, pair, model, target, baseline, output, tolerance)
        )

    def compare(
        self,
        text: str,
        pair: str | None = None,
        model: str = "sentiment",
        target: str | None = None,
        baseline: str = "pad",
        output: str = "logit",
    ) -> dict[str, Any]:
        """Every attribution method on one text, each put to the test of masking words in its order.

        Args:
            text: the text to explain, of up to 120 words.
            pair: an optional second text.
            model: a bundled name, a hub id, or a directory.
            target: the label to explain; the predicted one when left out.
            baseline: pad, mask or zero.
            output: logit, probability or margin.

        Returns:
            words, methods (each with scores of the words, passes, seconds, curve, area, comprehensiveness,
            sufficiency), random (mean, low and high of the curve in random orders), agreement (Kendall's tau).
        """
        return records.comparison_record(self._service().compare(text, pair, model, target, baseline, output))

    def what_if(
        self,
        text: str,
        word: int,
        change: str = "mask",
        replacement: str = "",
        pair: str | None = None,
        model: str = "sentiment",
        target: str | None = None,
        output: str = "logit",
    ) -> dict[str, Any]:
        """What the model says when one word is masked, deleted or replaced.

        Args:
            text: the text to change.
            word: the number of the word, from 0, counted through both texts.
            change: mask, delete or replace.
            replacement: the word to put in its place.
            pair: an optional second text.
            model: a bundled name, a hub id, or a directory.
            target: the label to score; the predicted one when left out.
            output: logit, probability or margin.

        Returns:
            word, text (as changed), before, after (scores of the target), before_label, after_label.
        """
        return records.what_if_record(
            self._service().what_if(text, word, change, replacement, pair, model, target, output)
        )
