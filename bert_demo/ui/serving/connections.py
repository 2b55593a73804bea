"""Connections that do not wait for ever: uvicorn itself knows no limit for a request's headers."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from bert_demo.settings import Settings

MOST = 4000
"""Connections and requests at once; two hundred pages hold six each. The next one is told to come back (503)."""
KEEP_ALIVE = 75
"""Seconds for which an idle connection is kept. uvicorn's 5 are about as long as people think: then a question meets a
connection that is being closed, and is lost."""
FILES = 65_536
"""Open files asked for, as far as the system allows; its default of 1,024 is fewer than MOST connections."""

READING = 3


OF_PEER = MOST * 3 // 4
"""Of one network address; behind a proxy all come from one."""


def patient(seconds: float, of_peer: int = MOST) -> type[H11Protocol]:
    """uvicorn's protocol, which closes a connection (408) when the headers of a request are not there in `seconds`.

    The time counts from the opening of the connection or the first byte of a request, however many bytes follow, and
    also while bytes come that belong to a request which was answered already. A client that does not take its answer
    has READING times as long: a page is large, and some lines are slow. of_peer: connections that one address may hold;
    the next one is closed.
    """
    held: Counter[str] = Counter()

    class PatientProtocol(H11Protocol):
        _deadline: asyncio.TimerHandle | None = None
        _unread: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._peer = self.client[0] if self.client else ""
            held[self._peer] += 1
            if held[self._peer] > of_peer:
                transport.abort()
            else:
                self._wait()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop()
            self._taken()
            held[self._peer] -= 1
            if not held[self._peer]:
                del held[self._peer]
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._taken()
            self._unread = self.loop.call_later(READING * seconds, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._taken()

        def _taken(self) -> None:
            if self._unread is not None:
                self._unread.cancel()
                self._unread = None

        def _wait(self) -> None:
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop()
            elif self._deadline is None and self.timeout_keep_alive_task is None:
                self._deadline = self.loop.call_later(seconds, self._end)

        def _stop(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _end(self) -> None:
            self._deadline = None
            if self.transport.is_closing() or (self.cycle is not None and not self.cycle.response_complete):
                return
            if self.conn.our_state is h11.IDLE:
                said = b"The headers of the request did not arrive in time."
                length = str(len(said)).encode()
                headers = [(b"content-type", b"text/plain"), (b"content-length", length), (b"connection", b"close")]
                answer = h11.Response(status_code=408, headers=headers, reason=b"Request Timeout")
                for event in (answer, h11.Data(data=said), h11.EndOfMessage()):
                    self.transport.write(self.conn.send(event) or b"")
            self.transport.close()

    return PatientProtocol


def tighten(config: Any, settings: Settings) -> None:
    """Give the configuration of a running uvicorn these limits; they hold for every connection from now on."""
    config.http_protocol_class = patient(settings.slow_seconds, MOST if settings.behind_proxy else OF_PEER)
    config.ws_protocol_class = None
    config.limit_concurrency = MOST
    config.timeout_keep_alive = KEEP_ALIVE
    allow_files()


def allow_files() -> None:
    """Raise this process's own limit of open files as far as the system lets it. Windows has none."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
