"""A service that is made behind the page: the page opens while torch and the models are still being loaded."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from bert_demo.core.settings import Settings
from bert_demo.web.job_runner import SCHEDULER

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

_log = logging.getLogger(__name__)


PATIENCE = 0.3
"""Seconds that a thread waits for the download of a model; then its work is tried again later."""


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
                from bert_demo.service.bert_service import BertService

                service = BertService(self._settings)
                service.wait_for_downloads(PATIENCE)
                SCHEDULER.on_begin = service.share_processor
                self._service = service
            return self._service

    @property
    def most(self) -> int:
        """Characters of the longest question."""
        return self._settings.max_characters

    @property
    def made(self) -> BertService | None:
        """The service if it is there already."""
        return self._service

    def start(
        self, first: Callable[[BertService], None], then: Callable[[BertService], None], failed: Callable[[], None]
    ) -> threading.Thread:
        """Make the service and load the bundled models in a thread of its own; `first` is called with the service
        before they are loaded, `then` behind that, and `failed` when any of this fails."""

        def work() -> None:
            try:
                service = self()
                first(service)
                service.warm_up()
                service.compute_training()
                gc.collect()
                gc.freeze()  # half a million objects that stay: to look through them takes half a second each time
                then(service)
            except Exception as error:
                _log.exception("warming up failed (%s); models will be tried again when a visitor asks", error)
                failed()

        thread = threading.Thread(target=work, name="warm-up", daemon=True)
        thread.start()
        return thread
