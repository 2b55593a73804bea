"""A service that is made behind the page: the page opens while torch and the models are still being loaded."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from bert_demo.settings import Settings

if TYPE_CHECKING:
    from bert_demo.service import BertService

_log = logging.getLogger(__name__)


class Deferred:
    """Calling it gives the service, waiting for it if need be; the first call or `start` begins to make it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._service: BertService | None = None
        self._lock = threading.Lock()

    def __call__(self) -> BertService:
        """The service."""
        with self._lock:
            if self._service is None:
                from bert_demo.service import BertService

                self._service = BertService(self._settings)
            return self._service

    def start(self, then: Callable[[BertService], None]) -> threading.Thread:
        """Make the service and load the bundled models in a thread of its own; `then` is called with it there."""

        def work() -> None:
            try:
                service = self()
                service.warm_up()
                then(service)
            except Exception:
                _log.exception("warming up failed; models will be tried again when a visitor asks")

        thread = threading.Thread(target=work, name="warm-up", daemon=True)
        thread.start()
        return thread
