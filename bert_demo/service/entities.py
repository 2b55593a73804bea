"""What a token classifier finds in a text, and why."""

from __future__ import annotations

from typing import Any

from bert_demo.core import validation
from bert_demo.core.errors import ChoiceError, TextError
from bert_demo.core.progress import OnProgress, watched
from bert_demo.results import Attribution
from bert_demo.results.entities import EntityReading, TrueEntity
from bert_demo.service.context import Context
from bert_demo.tasks import attribution, entities
from bert_demo.tasks.attribution_request import checked
from bert_demo.tasks.entity_target import SpanType, checked_types

MOST_TRUE = 1_000


class EntityCalls:
    """The part of the service that finds names."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def entities(
        self, text: str, model: str = "entities", aggregation: str = "first", truth: Any = None
    ) -> EntityReading:
        """The entities of a text, of any length. aggregation: one of AGGREGATIONS.

        truth: what is there, pairs of a type and the words, in the order of the text; then missed, spurious and
        wrongly typed ones are told apart. Raises TextError, ChoiceError, ModelLoadError, MissingHeadError.
        """
        loaded, text, _ = self._context.request(model, text)
        validation.checked_choice(aggregation, "aggregation", validation.AGGREGATIONS)
        true = None if truth is None else true_entities(text, truth)
        key = ("entities", loaded.info, text, aggregation, true)
        return self._context.cache.get(key, lambda: entities.read(loaded, text, aggregation, true))

    def attribute_entity(
        self,
        text: str,
        start: int,
        end: int,
        target: str | None = None,
        against: str | None = None,
        pieces: str = "first",
        model: str = "entities",
        method: str = "integrated_gradients",
        baseline: str = "pad",
        tolerance: float = 0.01,
        steps: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> Attribution:
        """Which words made the model take the characters from `start` to `end` for a `target`, and not for `against`.

        Shared out is the mean log-probability of the type over the first pieces of the words there, or over all pieces;
        against another type, the difference of both. target: a type or O, by default the likeliest; against:
        another, or "runner-up". The text is explained in the window in which the stretch is read. Other arguments as in
        `attribute`. Raises TextError, ChoiceError, ModelLoadError, MissingHeadError.
        """
        loaded, text, _ = self._context.request(model, text)
        loaded.heads[entities.TASK]  # raises MissingHeadError
        start = validation.checked_whole(start, "start", 0, len(text))
        end = validation.checked_whole(end, "end", start, len(text))
        validation.checked_choice(pieces, "pieces", validation.PIECES)
        most = self._context.settings.max_steps
        span = SpanType(loaded, start, end, pieces)
        question = checked(loaded, None, method, baseline, "logit", tolerance, steps, most)
        question = checked_types(question, span.ranked(text), span.types, target, against)
        watch = watched(on_progress)
        return self._context.cache.get(
            ("attribute_entity", loaded.info, text, start, end, pieces, question),
            lambda: attribution.attribute(span, question, text, None, watch),
        )


def true_entities(text: str, truth: Any) -> tuple[TrueEntity, ...]:
    """Where in the text the named words stand, each behind the one before it. Raises ChoiceError, TextError."""
    pairs = truth if isinstance(truth, (list, tuple)) else None
    if pairs is None or len(pairs) > MOST_TRUE:
        raise ChoiceError(f"truth must be a list of up to {MOST_TRUE:,} pairs of a type and the words in the text.")
    found: list[TrueEntity] = []
    last = 0
    for pair in pairs:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not all(isinstance(each, str) for each in pair):
            raise ChoiceError('truth must be a list of pairs of a type and the words, such as ["PER", "Ada Lovelace"].')
        kind, words = pair[0].strip(), pair[1].strip()
        start = text.find(words, last) if words and kind else -1
        if start < 0:
            raise TextError(
                f"The text has no {words[:60]!r} behind the entity before it. Name true entities in the order of the "
                "text, spelt as there."
            )
        last = start + len(words)
        found.append(TrueEntity(kind, words, start, last))
    return tuple(found)
