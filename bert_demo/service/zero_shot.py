"""Labels of the visitor's own."""

from __future__ import annotations

from typing import Any

from bert_demo.core import validation
from bert_demo.core.errors import ChoiceError
from bert_demo.core.progress import OnProgress, watched
from bert_demo.results.zero_shot import ZeroShot
from bert_demo.service.context import Context
from bert_demo.tasks import zero_shot

MOST_LABELS = 50
TEMPLATE = "This example is {}."


class ZeroShotCalls:
    """The part of the service that puts texts into classes it was not trained on."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def zero_shot(
        self,
        text: str,
        labels: Any,
        model: str = "sentiment",
        template: str = TEMPLATE,
        entailment: str | None = None,
        several: bool = False,
        on_progress: OnProgress | None = None,
    ) -> ZeroShot:
        """Any labels, by a model trained to tell whether a second text follows from a first (inference).

        template: with {} in the place of the label; entailment: the model's label that says "it follows", by default
        the one of that name; several: whether a text may have several labels, each then by itself. Raises TextError,
        ChoiceError, ModelLoadError, MissingHeadError.
        """
        if not isinstance(labels, (list, tuple)) or not 1 <= len(labels) <= MOST_LABELS:
            raise ChoiceError(f"labels must be a list of from 1 to {MOST_LABELS} words or phrases.")
        names = tuple(validation.checked_text(each, 200, "label").strip() for each in labels)
        if len(set(names)) < len(names):
            raise ChoiceError("labels must differ: one stands there twice.")
        if not isinstance(template, str) or template.count("{}") != 1:
            raise ChoiceError('template must have {} once, in the place of the label, as in "This is about {}."')
        several = validation.checked_flag(several, "several")
        loaded, text, _ = self._context.request(model, text)
        loaded.heads["text-classification"]  # raises MissingHeadError
        for name in names:
            validation.refuse_control_tokens(template.replace("{}", name), loaded.control_tokens, "hypothesis")
        follows = zero_shot.entailing(loaded, entailment)
        against = zero_shot.opposed(loaded, follows) if several else None
        watch = watched(on_progress)
        key = ("zero_shot", loaded.info, text, names, template, follows, against)
        return self._context.cache.get(
            key, lambda: zero_shot.zero_shot(loaded, text, names, template, follows, against, watch)
        )
