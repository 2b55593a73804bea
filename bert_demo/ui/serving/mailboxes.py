"""What gradio has to tell each page and each caller, until they fetch it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

UNREAD = 60.0
"""Seconds for which an answer that nobody fetches is kept; browsers and clients fetch at once."""
LOOK = 5.0
"""Seconds between two looks for such."""


class Mailboxes(OrderedDict[str, Any]):
    """gradio's `pending_messages_per_session`: a queue of messages for each session.

    gradio keeps the latest 2,000 of them and whatever they hold, so that many calls could push a page's answers out,
    and answers that nobody fetches stay. Here a queue goes when its first message was not fetched for UNREAD seconds.
    given_up: called with its session.
    """

    def __init__(self, given_up: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._given_up, self._clock = given_up, clock
        self._first: dict[str, tuple[Any, float]] = {}
        self._looked = clock()

    def __contains__(self, session: object) -> bool:
        self._look()
        return super().__contains__(session)

    def _look(self) -> None:
        now = self._clock()
        if now - self._looked < LOOK:
            return
        self._looked = now
        first: dict[str, tuple[Any, float]] = {}
        for session, messages in list(self.items()):
            if not messages.qsize():
                continue
            message = messages._queue[0]
            known, since = self._first.get(session, (None, now))
            first[session] = (message, since if known is message else now)
            if now - first[session][1] > UNREAD:
                del first[session]
                self.pop(session, None)
                self._given_up(session)
        self._first = first
