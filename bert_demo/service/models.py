"""The models: which there are, what each is, how it divides a text."""

from __future__ import annotations

from bert_demo.core import validation
from bert_demo.core.errors import MissingHeadError
from bert_demo.models.words import in_words
from bert_demo.registry.models import CATALOGUE, DEFAULT_FOR_TASK, ModelCard, default_for, find
from bert_demo.registry.names import shown_source
from bert_demo.registry.task_heads import ADVICE, TRAINED_TO
from bert_demo.results import ModelInfo
from bert_demo.results.readability import Readability
from bert_demo.service.context import Context
from bert_demo.tasks import readability


class ModelCalls:
    """The part of the service that knows the models."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def models(self) -> tuple[ModelInfo, ...]:
        """The rows of the catalogue."""
        return tuple(_info(card) for card in CATALOGUE)

    def describe(self, model: str) -> ModelInfo:
        """What a model is and which tasks it has; loads a model that is not in the catalogue."""
        card = find(model) if isinstance(model, str) else None
        pool = self._context.pool
        return pool.known(model) or (_info(card) if card else pool.lend(model).info)

    def choose(self, task: str, model: str, text: str = "") -> str:
        """`model` when it has a head for `task`, else the bundled model that has, and that reads the text's language
        if one does. Raises MissingHeadError."""
        tasks = self.describe(model).tasks
        if task not in tasks and task not in DEFAULT_FOR_TASK:
            raise MissingHeadError(f"{model} was not trained to {TRAINED_TO[task]}. {ADVICE[task]}")
        return model if task in tasks else default_for(task, text)

    def labels(self, model: str) -> tuple[str, ...]:
        """The labels of a classifier in the order of its logits."""
        return self.describe(model).labels

    def judges_each_label(self, model: str) -> bool:
        """Whether a text may have several of a classifier's labels, or none: each has a probability of its own."""
        return self._context.pool.lend(model).activation == "sigmoid"

    def mask_token(self, model: str = "base") -> str:
        """The mask of a model, such as [MASK]. Raises MissingHeadError when it has none."""
        token = self._context.pool.lend(model).mask_token
        if token is None:
            raise MissingHeadError(f"The model {model} has no mask token.")
        return token

    def words(self, text: str, model: str = "base", rule: str = "spaces") -> tuple[tuple[int, int], ...]:
        """(start, end) characters of each word of a text: "spaces", what stands between spaces with its punctuation
        apart, or "tokenizer", as the model's tokenizer parts it. Raises ChoiceError, TextError, ModelError."""
        validation.checked_choice(rule, "rule", validation.WORDS)
        loaded, text, _ = self._context.request(model, text)
        spans: dict[int, tuple[int, int]] = {}
        for token in in_words(loaded.encode(text), (text, None), rule).tokens:
            if token.word is not None:
                spans[token.word] = (spans.get(token.word, (token.start, 0))[0], token.end)
        return tuple(spans.values())

    def readability(self, text: str, pair: str | None = None, model: str = "sentiment") -> Readability:
        """What the model cannot read of a text, or of a pair. Raises TextError, ModelError."""
        loaded, text, pair = self._context.request(model, text, pair)
        key = ("readability", loaded.info, text, pair)
        return self._context.cache.get(key, lambda: readability.readability(loaded, text, pair))

    def count_windows(self, text: str, pair: str | None = None, model: str = "base") -> int:
        """In how many windows the model reads a text."""
        loaded, text, pair = self._context.request(model, text, pair)
        return len(loaded.encode(text, pair).windows)


def _info(card: ModelCard) -> ModelInfo:
    return ModelInfo(
        name=card.name,
        source=shown_source(card),
        revision=card.revision,
        tasks=card.tasks,
        labels=card.labels,
        language=card.language,
        licence=card.licence,
        description=card.description,
    )
