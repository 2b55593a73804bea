"""What the parts of the service stand on: settings, kept results, loaded models, and the way from a request to both."""

from __future__ import annotations

from typing import Any

from bert_demo.core import validation
from bert_demo.core.errors import ChoiceError, TextError
from bert_demo.core.result_cache import ResultCache
from bert_demo.core.settings import Settings
from bert_demo.models.base import Model
from bert_demo.models.pool import ModelPool


class Context:
    """One for each service. All calls may run in several threads at once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.cache = ResultCache(settings.cache_mb * 2**20)
        self.pool = ModelPool(settings)

    def request(self, name: Any, text: Any, pair: Any = None) -> tuple[Model, str, str | None]:
        """The model and the checked texts, None where there is no second one. Raises TextError, ModelError."""
        text, pair = validation.checked_pair(text, pair, self.settings.max_characters)
        model = self.pool.lend(name)
        validation.refuse_control_tokens(text, model.control_tokens)
        if pair is not None:
            validation.refuse_control_tokens(pair, model.control_tokens, "second text")
        return model, text, pair

    def apart(self, name: Any, first: Any, second: Any) -> tuple[Model, str, str]:
        """The model and two checked texts that are read apart, so that each may be as long as one."""
        model, first, _ = self.request(name, first)
        second = validation.checked_text(second, self.settings.max_characters, "second text")
        validation.refuse_control_tokens(second, model.control_tokens, "second text")
        return model, first, second

    def texts(self, name: Any, texts: Any, least: int, most: int) -> tuple[Model, tuple[str, ...]]:
        """The model and from `least` to `most` checked texts. Raises ChoiceError, and TextError which says of which."""
        if not isinstance(texts, (list, tuple)) or not least <= len(texts) <= most:
            raise ChoiceError(f"texts must be a list of from {least} to {most} texts.")
        found: list[str] = []
        for number, text in enumerate(texts, start=1):
            try:
                found.append(self.request(name, text)[1])
            except TextError as error:
                raise TextError(f"Text {number}: {error}") from None
        return self.pool.lend(name), tuple(found)

    def top_k(self, value: Any) -> int:
        """How many candidates. Raises ChoiceError."""
        return validation.checked_whole(value, "top_k", 1, self.settings.max_top_k)
