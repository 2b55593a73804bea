"""What gradio has to tell each page and each caller, until they fetch it.

Read against gradio 6.31.0 (queueing.Queue.pending_messages_per_session, which is read and written as a dict).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, MutableMapping
from typing import Any

UNREAD = 180.0
"""Seconds for which an answer that nobody fetches is kept; browsers and clients fetch at once."""
LOOK = 5.0
"""Seconds between two looks for such."""
IDLE = 120.0
"""Seconds after which an empty queue goes that nobody touched; whoever reads a stream touches it every ten."""


class MessageQueue(asyncio.Queue[Any]):
    """A queue of messages that knows since when its first one waits."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self.waits_since = 0.0

    def put_nowait(self, item: Any) -> None:
        """Add a message."""
        if self.empty():
            self.waits_since = self._clock()
        super().put_nowait(item)

    def get_nowait(self) -> Any:
        """Take the first message: the next one waits from now on."""
        self.waits_since = self._clock()
        return super().get_nowait()


class MessageQueues(dict[str, MessageQueue]):
    """A queue of messages for each session.

    gradio keeps the latest 2,000 of them and whatever they hold, so that many calls could push a page's answers out,
    and answers that nobody fetches stay. Here a queue goes when its first message was not fetched for `unread` seconds,
    and an empty one when nothing is under way for it and nobody waits at it. events: the ids of a session's events
    whose end was not fetched; give_up: called with the session of an answer that nobody fetched.
    """

    def __init__(
        self,
        events: MutableMapping[str, set[str]],
        give_up: Callable[[str], None],
        unread: float = UNREAD,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._events, self._give_up, self._unread, self._clock = events, give_up, unread, clock
        self._touched: dict[str, float] = {}
        self._looked = clock()

    def __getitem__(self, session: str) -> MessageQueue:
        messages = super().__getitem__(session)
        self._touched[session] = self._clock()
        return messages

    def __setitem__(self, session: str, _: asyncio.Queue[Any]) -> None:
        """A new queue: whatever is given, which is empty, one of ours takes its place."""
        super().__setitem__(session, MessageQueue(self._clock))
        self._touched[session] = self._clock()

    def __contains__(self, session: object) -> bool:
        self._look()
        return super().__contains__(session)

    def __delitem__(self, session: str) -> None:
        """What went already is no mistake: gradio takes a queue away when its reader leaves."""
        self._drop(session)

    @property
    def touched(self) -> int:
        """How many sessions are remembered."""
        return len(self._touched)

    def _drop(self, session: str) -> None:
        self.pop(session, None)
        self._touched.pop(session, None)

    def _look(self) -> None:
        now = self._clock()
        if now - self._looked < LOOK:
            return
        self._looked = now
        for session, messages in list(self.items()):
            if messages.empty():
                if not self._events.get(session) and now - self._touched.get(session, now) > IDLE:
                    self._drop(session)
                    self._events.pop(session, None)
            elif now - messages.waits_since > self._unread:
                self._drop(session)
                self._give_up(session)
