"""Connections that do not wait for ever: uvicorn itself knows no limit for a request's headers.

Of uvicorn's protocol only what every asyncio protocol has is used: it is held by one of ours, which watches the clock.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

READING = 3
"""A client that does not take its answer has so many times as long as one that sends a request."""
TOO_SLOW = b"The headers of the request did not arrive in time."
ANSWER = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
    % (len(TOO_SLOW), TOO_SLOW)
)


class Connections:
    """The open connections of a server.

    A connection is closed (408) when the headers of a request are not there in `seconds`. The time counts from its
    opening or the first byte of a request, however many bytes follow, and also while bytes come that belong to a
    request which was answered already. A client that does not take its answer has READING times as long: a page is
    large, and some lines are slow. of_peer: connections that one address may hold; the next one is closed.
    """

    def __init__(self, seconds: float, of_peer: int) -> None:
        self.seconds, self.of_peer = seconds, of_peer
        self.held: Counter[str] = Counter()
        self.open: dict[Any, _Connection] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """The protocol for `uvicorn.Config(http=...)`."""
        connections = self

        class PatientProtocol(_Connection):
            def __init__(self, **options: Any) -> None:
                super().__init__(connections, H11Protocol(**options))

        return PatientProtocol

    def watch(self, app: ASGIApp) -> ASGIApp:
        """The application for `uvicorn.Config(app)`: while it answers, no headers are waited for."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            connection = self.open.get(scope.get("client")) if scope["type"] == "http" else None
            if connection is None:
                return await app(scope, receive, send)
            answering = True
            connection.begin()

            async def send_noting_end(message: Message) -> None:
                nonlocal answering
                await send(message)
                if answering and message["type"] == "http.response.body" and not message.get("more_body", False):
                    answering = False
                    connection.end()

            try:
                await app(scope, receive, send_noting_end)
            finally:
                if answering:
                    connection.end()

        return watched


class _Connection(asyncio.Protocol):
    """A connection with uvicorn's protocol inside."""

    def __init__(self, connections: Connections, http: asyncio.Protocol) -> None:
        self._all, self._http = connections, http
        self._answering = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """The headers of a request are here."""
        self._answering += 1
        self._stop()

    def end(self) -> None:
        """A request was answered."""
        self._answering -= 1

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._client = tuple(transport.get_extra_info("peername") or ("", 0))[:2]
        self._http.connection_made(transport)
        self._all.held[self._client[0]] += 1
        self._all.open[self._client] = self
        if self._all.held[self._client[0]] > self._all.of_peer:
            transport.abort()
        else:
            self._wait()

    def data_received(self, data: bytes) -> None:
        self._http.data_received(data)
        self._wait()

    def eof_received(self) -> bool | None:
        return self._http.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        self._taken()
        peer = self._client[0]
        self._all.held[peer] -= 1
        if not self._all.held[peer]:
            del self._all.held[peer]
        if self._all.open.get(self._client) is self:
            del self._all.open[self._client]
        self._http.connection_lost(exc)

    def pause_writing(self) -> None:
        self._http.pause_writing()
        self._taken()
        self._unread = asyncio.get_running_loop().call_later(READING * self._all.seconds, self._transport.abort)

    def resume_writing(self) -> None:
        self._http.resume_writing()
        self._taken()

    def _taken(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _wait(self) -> None:
        if not self._answering and self._deadline is None:
            self._deadline = asyncio.get_running_loop().call_later(self._all.seconds, self._give_up)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self._answering and not self._transport.is_closing():
            self._transport.write(ANSWER)
            self._transport.close()
