"""Passages ranked for a query, and why one stands above another."""

from __future__ import annotations

from typing import Any

from bert_demo.core import validation
from bert_demo.core.errors import ChoiceError
from bert_demo.core.progress import OnProgress, watched
from bert_demo.models.base import Model
from bert_demo.results.ranking import Ranking, RankingAttribution
from bert_demo.service.context import Context
from bert_demo.tasks import ranking
from bert_demo.tasks.attribution_request import checked

MOST_PASSAGES = 50


class RankingCalls:
    """The part of the service that ranks."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def rerank(
        self,
        query: str,
        passages: Any,
        model: str = "sentiment",
        target: str | int | None = None,
        on_progress: OnProgress | None = None,
    ) -> Ranking:
        """Passages for a query, the highest raw number first; a cross-encoder gives one number for each.

        target: the label whose number ranks, where a model has several; the last when left out. Raises TextError,
        ChoiceError, ModelLoadError, MissingHeadError.
        """
        if not isinstance(passages, (list, tuple)) or not 1 <= len(passages) <= MOST_PASSAGES:
            raise ChoiceError(f"passages must be a list of from 1 to {MOST_PASSAGES} texts.")
        loaded, query = self._query(model, query)
        number = _target(loaded, target)
        texts = tuple(self._passage(loaded, each, f"passage {place}") for place, each in enumerate(passages, start=1))
        watch = watched(on_progress)
        key = ("rerank", loaded.info, query, texts, number)
        return self._context.cache.get(key, lambda: ranking.rank(loaded, number, query, texts, watch))

    def attribute_ranking(
        self,
        query: str,
        first: str,
        second: str,
        model: str = "sentiment",
        target: str | int | None = None,
        baseline: str = "pad",
        tolerance: float = 0.01,
        on_progress: OnProgress | None = None,
    ) -> RankingAttribution:
        """Which words lifted the first passage above the second: the difference of their raw numbers, shared out.

        The two are explained by Integrated Gradients, each beside the query, until the difference closes within
        `tolerance`. Other arguments as in `rerank` and `attribute`; raises what they raise.
        """
        loaded, query = self._query(model, query)
        most = self._context.settings.max_steps
        number = _target(loaded, target)
        question = checked(loaded, number, "integrated_gradients", baseline, "logit", tolerance, None, most)
        one, other = (
            self._passage(loaded, text, which) for text, which in ((first, "first passage"), (second, "second passage"))
        )
        watch = watched(on_progress)
        key = ("attribute_ranking", loaded.info, query, one, other, question)
        return self._context.cache.get(key, lambda: ranking.share_out(loaded, question, query, one, other, watch))

    def _query(self, model: str, query: str) -> tuple[Model, str]:
        loaded, query, _ = self._context.request(model, query)
        loaded.heads["text-classification"]  # raises MissingHeadError
        return loaded, query

    def _passage(self, loaded: Model, text: Any, which: str) -> str:
        found = validation.checked_text(text, self._context.settings.max_characters, which)
        validation.refuse_control_tokens(found, loaded.control_tokens, which)
        return found


def _target(model: Model, target: Any) -> int:
    number = validation.checked_target(target, model.labels)
    return len(model.labels) - 1 if number is None else number
