"""How large a request may be, and how long it may take to arrive: a body is read whole before anyone sees it."""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bert_demo.web.server.body import BODY, has_body, replayed
from bert_demo.web.server.refusal import refusal

MOST_HEADERS = 64 * 1024
"""Bytes of a request's headers and address; a link may hold a long text."""
DRAINED, DRAINED_SECONDS = 8, 8.0
"""A body beyond the limit is read on and thrown away, so many limits and seconds of it, so that the client sees the
answer."""


class _ClientLeftError(Exception):
    """The client went before its request was complete."""


class RequestSize:
    """ASGI middleware that refuses long headers (431) and bodies that are too large (413) or too slow (408).

    limit: bytes of a body; seconds: within which it must have arrived.
    """

    def __init__(self, app: ASGIApp, limit: int, seconds: float) -> None:
        self.app, self.limit, self.seconds = app, limit, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request whose body is here."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if sum(len(name) + len(value) for name, value in scope["headers"]) + len(scope["query_string"]) > MOST_HEADERS:
            answer = refusal(431, "The headers of the request, or its address, are too long.")
            return await answer(scope, receive, send)
        if not has_body(scope):
            return await self.app(scope, receive, send)
        length = dict(scope["headers"]).get(b"content-length", b"")
        if length.isdigit() and (len(length) > 15 or int(length) > self.limit):
            return await self._refuse(receive, send)
        try:
            async with asyncio.timeout(self.seconds):
                body = await self._read(receive)
        except TimeoutError:
            answer = refusal(408, f"The request did not arrive within {self.seconds:g} seconds. Send it again.")
            return await answer(scope, receive, send)
        except _ClientLeftError:
            return None
        if body is None:
            return await self._refuse(receive, send)
        scope[BODY] = body
        await self.app(scope, replayed(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | None:
        """The whole body; None if it is too large."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _ClientLeftError
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self.limit:
                return None
            if not message.get("more_body", False):
                return b"".join(parts)

    async def _refuse(self, receive: Receive, send: Send) -> None:
        sentence = f"The request is larger than {self.limit / 2**20:g} MB. Send a shorter text or fewer rows."
        answer = refusal(413, sentence)
        for message in _unended(answer):
            await send(message)
        await self._drain(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _drain(self, receive: Receive) -> None:
        left = DRAINED * self.limit
        try:
            async with asyncio.timeout(DRAINED_SECONDS):
                while left > 0:
                    message = await receive()
                    if message["type"] == "http.disconnect" or not message.get("more_body", False):
                        return
                    left -= len(message.get("body", b""))
        except TimeoutError:
            return


def _unended(answer: Response) -> tuple[Message, Message]:
    """The messages of an answer whose body is said to go on: its connection stays open while the client sends."""
    start = {"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers}
    return start, {"type": "http.response.body", "body": answer.body, "more_body": True}
