"""Answers that stand in a passage, and why."""

from __future__ import annotations

from dataclasses import replace

from bert_demo.core import validation
from bert_demo.core.progress import OnProgress, watched
from bert_demo.models.base import Model
from bert_demo.results.answers import AnswerAttribution, Answers
from bert_demo.service.context import Context
from bert_demo.tasks import answers, attribution
from bert_demo.tasks.attribution_request import checked

MOST_TOKENS = 100


class AnswerCalls:
    """The part of the service that answers questions."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def answer(self, question: str, passage: str, model: str = "base", top_k: int = 3, longest: int = 15) -> Answers:
        """The likeliest answers to a question in a passage of any length. longest: tokens of an answer.

        Raises TextError, ChoiceError, ModelLoadError, MissingHeadError.
        """
        loaded, question, passage = self._asked(model, question, passage)
        top_k = self._context.top_k(top_k)
        longest = validation.checked_whole(longest, "longest", 1, MOST_TOKENS)
        key = ("answer", loaded.info, question, passage, top_k, longest)
        return self._context.cache.get(key, lambda: answers.find(loaded, question, passage, top_k, longest))

    def attribute_answer(
        self,
        question: str,
        passage: str,
        start: int,
        end: int,
        model: str = "base",
        method: str = "integrated_gradients",
        baseline: str = "pad",
        tolerance: float = 0.01,
        steps: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> AnswerAttribution:
        """Which words of question and passage made the model answer with the characters from `start` to `end`.

        Shared out is the log-probability that the answer begins and ends there, in the window where it is likeliest.
        Other arguments as in `attribute`. Raises TextError, ChoiceError, ModelLoadError, MissingHeadError.
        """
        loaded, question, passage = self._asked(model, question, passage)
        start = validation.checked_whole(start, "start", 0, len(passage))
        end = validation.checked_whole(end, "end", start, len(passage))
        most = self._context.settings.max_steps
        asked = replace(
            checked(loaded, None, method, baseline, "logit", tolerance, steps, most), output="log-probability"
        )
        stretch = answers.Stretch(loaded, passage, start, end)
        watch = watched(on_progress)
        key = ("attribute_answer", loaded.info, question, passage, start, end, asked)
        found = self._context.cache.get(key, lambda: attribution.attribute(stretch, asked, question, passage, watch))
        return AnswerAttribution(found)

    def _asked(self, model: str, question: str, passage: str) -> tuple[Model, str, str]:
        passage = validation.checked_text(passage, self._context.settings.max_characters, "passage")
        loaded, question, found = self._context.request(model, question, passage)
        loaded.heads[answers.TASK]  # raises MissingHeadError
        return loaded, question, found or passage
