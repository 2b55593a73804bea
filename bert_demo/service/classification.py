"""What a model decides: the labels of a classifier, and whether a second text follows the first."""

from __future__ import annotations

from bert_demo.core import validation
from bert_demo.core.progress import OnProgress, watched
from bert_demo.data.sentence_pairs import sentence_pairs
from bert_demo.models.base import Model
from bert_demo.results import Classification, NextSentence
from bert_demo.results.next_sentence import NextSentenceBaseline
from bert_demo.service.context import Context
from bert_demo.tasks import classification, next_sentence

LONGER_THAN_ANY = 10**9
"""Characters: a second text alone has no limit but that of both together."""


class ClassificationCalls:
    """The part of the service that decides."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def classify(
        self, text: str, pair: str | None = None, model: str = "sentiment", activation: str | None = None
    ) -> Classification:
        """Probabilities of the labels, best first. A text of several windows gets the mean of its windows.

        activation: one of ACTIVATIONS in the place of the model's own; with "none", and of a regression or a reranker,
        scores are raw numbers. Raises TextError, ChoiceError, ModelLoadError, MissingHeadError.
        """
        if activation is not None and activation != "":
            validation.checked_choice(activation, "activation", validation.ACTIVATIONS)
        loaded, text, pair = self._context.request(model, text, pair)
        return self.decide(loaded, text, pair, activation or None)

    def activation(self, model: str) -> str:
        """What the author of a classifier makes of its logits: "softmax", "sigmoid" or "none"."""
        return self._context.pool.lend(model).activation

    def decide(self, loaded: Model, text: str, pair: str | None, activation: str | None = None) -> Classification:
        """The same for a model at hand and texts that were checked."""
        key = ("classify", loaded.info, text, pair, activation)
        return self._context.cache.get(key, lambda: classification.classify(loaded, text, pair, activation))

    def decided(self, loaded: Model, text: str, pair: str | None) -> int:
        """The place of the label that comes first, also where two have one name."""
        first = self.decide(loaded, text, pair).labels[0].label
        if loaded.labels.count(first) == 1:
            return loaded.labels.index(first)
        return classification.likeliest(loaded, text, pair)

    def next_sentence(self, first: str, second: str, model: str = "base") -> NextSentence:
        """Probability that `second` follows `first`. Raises InputError, ModelLoadError, MissingHeadError."""
        second = validation.checked_text(second, LONGER_THAN_ANY, "second text")
        loaded, first, pair = self._context.request(model, first, second)
        return classification.next_sentence(loaded, first, pair or "")

    def next_sentence_baseline(
        self, model: str = "base", on_progress: OnProgress | None = None
    ) -> NextSentenceBaseline:
        """The probability that the second sentence follows the first, for all pairs of the shipped sentences.

        on_progress: called with (done, planned); raise CancelledError in it to stop. Raises MissingHeadError.
        """
        loaded, watch = self._context.pool.lend(model), watched(on_progress)
        key = ("next_sentence_baseline", loaded.info)
        return self._context.cache.get(key, lambda: next_sentence.baseline(loaded, sentence_pairs(), watch))
