"""What the parts of BertService stand on: its settings, its cache, and the way from a request to a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from bert_demo.backends.base import Backend
from bert_demo.cache import ResultCache
from bert_demo.lenses.joint import Watch
from bert_demo.settings import Settings

OnProgress = Watch


class ServicePart(ABC):
    """`explaining`, `looking`, `guessing` and `insight` each add calls to it; `service` brings the rest."""

    settings: Settings
    _cache: ResultCache

    @abstractmethod
    def _request(self, model: str, text: Any, pair: Any) -> tuple[Backend, str, str | None]:
        """The model and the checked texts."""

    @abstractmethod
    def _backend(self, model: str) -> Backend:
        """The model."""
