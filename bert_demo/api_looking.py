"""The endpoints that look at single heads: what they compute, what they do, what happens without them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bert_demo import records_heads as records
from bert_demo.errors import ChoiceError

if TYPE_CHECKING:
    from bert_demo.service import BertService


MOST_READ = 4_000_000
"""Characters that one call of prune may read, in all its passes together: minutes of the bundled models."""


MOST_SECONDS = 300
"""After which such a call is ended."""


class LookingApi:
    """A part of `api.Api`, which makes the service when the first call needs it. Layers and heads count from 0."""

    _service: Callable[[], BertService]

    def attention_steps(
        self,
        text: str,
        query: int,
        pair: str | None = None,
        model: str = "base",
        layer: int = 0,
        head: int = 0,
    ) -> dict[str, Any]:
        """Every number of softmax(q k^T / sqrt(d)) v for one query token of one head.

        Args:
            text: the text to read.
            query: the position of the token that asks, from 0, special tokens counted.
            pair: an optional second text.
            model: a bundled name, a hub id, or a directory.
            layer: from 0.
            head: from 0.

        Returns:
            tokens, q, keys, values, products (q times each key), scaled (over sqrt(d)), weights (their softmax), output
            (the weighted sum of the values), largest_error (the greatest distance from what the model itself had).
        """
        return records.steps_record(self._service().attention_steps(text, query, pair, model, layer, head))

    def head_profiles(self, text: str, pair: str | None = None, model: str = "base") -> dict[str, Any]:
        """What each head does on a text: where its attention goes, how broad it is, how far it reaches.

        Args:
            text: the text to read.
            pair: an optional second text.
            model: a bundled name, a hub id, or a directory.

        Returns:
            tokens, heads (each with layer, head, habit, shares of attention by where it goes, entropy in nats,
            distance in tokens).
        """
        return records.profiles_record(self._service().head_profiles(text, pair, model))

    def ablate(
        self,
        text: str,
        heads: list[list[int]],
        pair: str | None = None,
        model: str = "sentiment",
        attributions: bool = False,
        target: str | None = None,
        top_k: int = 5,
    ) -> dict[str, Any]:
        """What a model says with some heads switched off, beside the untouched model.

        Args:
            text: the text to read; with a [MASK] for a masked-language model.
            heads: those to switch off, each as [layer, head], both from 0, such as [[3, 7], [2, 1]].
            pair: an optional second text.
            model: a bundled name, a hub id, or a directory.
            attributions: whether to explain both answers too (Integrated Gradients).
            target: the label to explain; the predicted one when left out.
            top_k: how many candidates for each mask.

        Returns:
            heads, labels, fillings, attributions: each of the last three as before and after, or null where the model
            lacks the head for it.
        """
        return records.ablation_record(
            self._service().ablate(text, heads, pair, model, attributions, target, top_k)  # type: ignore[arg-type]
        )

    def head_worth(
        self,
        text: str,
        pair: str | None = None,
        model: str = "sentiment",
        target: str | None = None,
        output: str = "logit",
    ) -> dict[str, Any]:
        """What each head is worth: the change of one score when that head alone is switched off.

        Args:
            text: the text to read; with a [MASK] for a masked-language model.
            pair: an optional second text.
            model: a bundled name, a hub id, or a directory.
            target: a label, or the word behind the first mask; the most probable when left out.
            output: logit or probability.

        Returns:
            target, output, score (of the whole model), changes as [layer][head], again (the greatest of them by full
            passes of the model without that head), layer_passes (passes through single layers that it took),
            full_passes (as many through all layers would have been taken otherwise).
        """
        return records.worth_record(self._service().head_worth(text, pair, model, target, output))

    def prune(
        self,
        rows: list[list[str]],
        model: str = "sentiment",
        points: int = 10,
        orders: int = 3,
    ) -> dict[str, Any]:
        """Accuracy over labelled texts while heads are switched off, the least important first (Michel et al. 2019).

        Args:
            rows: from 2 to 2000 pairs of a text and its label, such as [["A warm film.", "positive"], ...]. Of a model
                that judges each label by itself: its labels with ";" between, or "" for none. All passes together may
                read 4,000,000 characters: by default 39 passes over 102,564 characters, a text counted as 20 at least.
                After 300 seconds it is ended.
            model: a bundled name, a hub id, or a directory; a classifier.
            points: steps from no head off to all, from 2 to 100.
            orders: random orders to compare with, from 1 to 20.

        Returns:
            model, revision, rows (how many), measure (accuracy, or subset accuracy: all labels of a text right at 0.5),
            orders, points (heads_off, accuracy, random: the mean of the random orders), order (heads as [layer, head],
            the least important first), importance as [layer][head].
        """
        watch = _until(MOST_SECONDS)
        curve = self._service().prune(rows, model, points, orders, watch, most_read=MOST_READ)  # type: ignore[arg-type]
        return records.prune_record(curve)


def _until(seconds: float) -> Callable[[int, int], None]:
    """What is called with the progress of a call, and ends it after so many seconds. It raises ChoiceError."""
    end = time.monotonic() + seconds

    def watch(done: int, planned: int) -> None:
        if time.monotonic() > end:
            raise ChoiceError(
                f"This was ended after {seconds:.0f} seconds, {done} of {planned} texts read. Send fewer rows, or "
                "ask for fewer points and orders."
            )

    return watch
