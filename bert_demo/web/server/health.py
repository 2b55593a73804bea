"""Whether the server is ready: every model read at the start answered once, and one of them did a moment ago."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bert_demo.core.errors import DemoError
from bert_demo.registry.models import CATALOGUE

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

_log = logging.getLogger(__name__)
FRESH = 15.0
"""Seconds for which an answer counts before the next look asks one of the models again."""
STUCK = 120.0
"""Seconds after which a question that has no answer counts as a failure."""


class Health:
    """State of the server. service: gives the service, waiting for it if need be. Safe in several threads."""

    def __init__(self, service: Callable[[], BertService], clock: Callable[[], float] = time.monotonic) -> None:
        self._service, self._clock = service, clock
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._models = [card.name for card in CATALOGUE if card.at_start]
        self._turns = itertools.cycle(self._models)
        self._state, self._proven, self._answered = "starting", False, 0.0
        self._asked: float | None = None

    def prove(self, service: BertService) -> None:
        """Ask every model read at the start a question; from then on the server is ready. Raises what they raise."""
        for name in self._models:
            self._ask(service, name)
        with self._lock:
            self._state, self._proven, self._answered = "ready", True, self._clock()
        _log.info("ready", extra={"fields": {"models": self._models}})

    def failed(self) -> None:
        """The models could not be loaded: later looks will try again."""
        with self._lock:
            if not self._proven:
                self._state = "failing"

    def look(self) -> tuple[bool, dict[str, Any]]:
        """(ready, what /healthz says). Never waits for a model: what is too old is asked again in a thread."""
        with self._lock:
            now = self._clock()
            if self._asked is not None and now - self._asked > STUCK:
                self._state = "failing"
            old = now - self._answered > FRESH
            if self._asked is None and self._state != "starting" and (old or self._state == "failing"):
                self._asked = now
                threading.Thread(target=self._again, name="health", daemon=True).start()
            ready = self._state == "ready"
            return ready, {"status": self._state, "models": self._models if self._proven else []}

    def _again(self) -> None:
        try:
            service = self._service()
            if self._proven:
                self._ask(service, next(self._turns))
            else:
                self.prove(service)
            with self._lock:
                self._state, self._answered = "ready", self._clock()
        except Exception as error:
            _log.error("a bundled model does not answer: %s", error, exc_info=error)
            with self._lock:
                self._state = "failing"
        finally:
            with self._lock:
                self._asked = None

    def _ask(self, service: BertService, name: str) -> None:
        """One forward pass: a text that was not asked before, so that no kept result answers."""
        text = f"Question {next(self._numbers)} of {time.time_ns()}."
        tasks = service.describe(name).tasks
        if "text-classification" in tasks:
            scores = [each.score for each in service.classify(text, None, name, "softmax").labels]
        elif "token-classification" in tasks:
            scores = service.entities(text, name).probabilities.ravel().tolist()
        else:
            mask = service.mask_token(name)
            scores = [each.score for each in service.fill_mask(f"{text} {mask}", name).slots[0].candidates]
        if not scores or not all(0 <= each <= 1 for each in scores):
            raise DemoError(f"The model {name} gives no probabilities.")
