"""A clean end at the next step: on SIGTERM, on SIGINT, or when the time is up."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Whether a run shall end, and why."""

    def __init__(self, minutes: float | None = None) -> None:
        self.reason = ""
        self._until = None if minutes is None else time.monotonic() + 60 * minutes

    def __bool__(self) -> bool:
        if not self.reason and self._until is not None and time.monotonic() >= self._until:
            self.reason = "the time is up"
        return bool(self.reason)

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT as the wish to stop; a second one ends the process as it always does."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        kinds = (signal.SIGTERM, signal.SIGINT)
        before = {kind: signal.getsignal(kind) for kind in kinds}

        def asked(number: int, _: FrameType | None) -> None:
            self.reason = signal.Signals(number).name
            for kind, handler in before.items():
                signal.signal(kind, handler)

        for kind in kinds:
            signal.signal(kind, asked)
        try:
            yield
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)
