"""What gradio has to tell each page and each caller, until they fetch it."""

from __future__ import annotations

import time
from collections.abc import Callable, MutableMapping
from typing import Any

UNREAD = 180.0
"""Seconds for which an answer that nobody fetches is kept; browsers and clients fetch at once."""
LOOK = 5.0
"""Seconds between two looks for such."""
IDLE = 120.0
"""Seconds after which an empty queue goes that nobody touched; whoever reads a stream touches his every ten."""


class Mailboxes(dict[str, Any]):
    """gradio's `pending_messages_per_session`: a queue of messages for each session.

    gradio keeps the latest 2,000 of them and whatever they hold, so that many calls could push a page's answers out,
    and answers that nobody fetches stay. Here a queue goes when its first message was not fetched for `unread` seconds,
    and an empty one when nothing is under way for it and nobody waits at it. events: the ids of a session's events
    whose end was not fetched; given_up: called with the session of an answer that nobody fetched.
    """

    def __init__(
        self,
        events: MutableMapping[str, set[str]],
        given_up: Callable[[str], None],
        unread: float = UNREAD,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._events, self._given_up, self._unread, self._clock = events, given_up, unread, clock
        self._first: dict[str, tuple[Any, float]] = {}
        self._touched: dict[str, float] = {}
        self._looked = clock()

    def __getitem__(self, session: str) -> Any:
        messages = super().__getitem__(session)
        self._touched[session] = self._clock()
        return messages

    def __setitem__(self, session: str, messages: Any) -> None:
        super().__setitem__(session, messages)
        self._touched[session] = self._clock()

    def __contains__(self, session: object) -> bool:
        self._look()
        return super().__contains__(session)

    def __delitem__(self, session: str) -> None:
        """What went already is no mistake: gradio takes a queue away when its reader leaves."""
        self._drop(session)

    def _drop(self, session: str) -> None:
        self.pop(session, None)
        self._touched.pop(session, None)

    def _look(self) -> None:
        now = self._clock()
        if now - self._looked < LOOK:
            return
        self._looked = now
        first: dict[str, tuple[Any, float]] = {}
        for session, messages in list(self.items()):
            if not messages.qsize():
                if not self._events.get(session) and now - self._touched.get(session, now) > IDLE:
                    self._drop(session)
                    self._events.pop(session, None)
                continue
            message = messages._queue[0]
            known, since = self._first.get(session, (None, now))
            first[session] = (message, since if known is message else now)
            if now - first[session][1] > self._unread:
                del first[session]
                self._drop(session)
                self._given_up(session)
        self._first = first
