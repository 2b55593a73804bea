"""How the hub is called: within a time, again when it is busy, and with somebody watching how far it is."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

from bert_demo.models.loading.hub_errors import seconds_to_wait

PATIENCE = 8.0
"""Seconds for which a busy hub is waited for, before its list of files and before each file."""


def patient(call: Callable[[], Any]) -> Any:
    """What the hub answers; while it is busy it is asked again after as long as it wants, within PATIENCE."""
    left = PATIENCE
    for attempt in itertools.count():
        try:
            return call()
        except Exception as error:
            wait = seconds_to_wait(error, attempt)
            if wait is None or wait > left:
                raise
            left -= wait
            time.sleep(wait)


def meter(report: Callable[[int], None]) -> Any:
    """What `huggingface_hub` takes for a progress bar of one file."""

    class Meter:
        def __init__(self, *_: Any, total: int | None = None, initial: int = 0, **__: Any) -> None:
            self.total, self.n = total, 0
            self.update(initial)

        def __enter__(self) -> Meter:
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing is shown, and nothing closed."""

        def update(self, more: float | None = 1) -> None:
            self.n += int(more or 0)
            report(int(more or 0))

        def _nothing(self, *_: Any, **__: Any) -> None:
            """Bars of hf_xet call these."""

        close = refresh = set_postfix_str = update_transfer = set_transfer_postfix_str = _nothing

    return Meter


def within(seconds: float, call: Callable[[], Any]) -> Any:
    """What `call` gives, if it gives it in time. Raises TimeoutError, and what `call` raises."""
    answer: list[Any] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            answer.append(call())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]
    if not answer:
        raise TimeoutError
    return answer[0]
