"""Answers that the client takes compressed: pages, scripts and JSON as a whole, event streams message by message."""

from __future__ import annotations

import zlib
from typing import Any

import brotli
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KINDS = ("text/", "application/json", "application/javascript", "application/manifest+json", "image/svg+xml")
"""What content types that are worth it begin with; pictures, fonts and archives are compressed already."""
STREAM = "text/event-stream"
UNTOUCHED = "/gradio_api/heartbeat"
"""A stream of a few bytes that lasts as long as a page is open: it is not worth a compressor of its own."""
SMALLEST = 500
"""Bytes of an answer below which it is sent as it is."""
LARGE = 2**17
"""Bytes of an answer from which it is compressed beside the event loop."""
QUALITY, LEVEL = 5, 6
"""Of brotli and of gzip: what a server does while a visitor waits."""


def encodings(header: str) -> set[str]:
    """The names that an Accept-Encoding header offers; one with q=0 is refused."""
    offers = [each.strip().lower().partition(";") for each in header.split(",")]
    return {name.strip() for name, _, weight in offers if weight.replace(" ", "").rstrip("0.") != "q="}


class Compression:
    """ASGI middleware that compresses what is worth it by brotli, or by gzip where only that is offered.

    A stream is compressed by gzip, whose window is small, and flushed after each message. What has an encoding already
    (the scripts of gradio), a part of a file (206) and an answer without a body go through.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["method"] == "HEAD" or scope["path"].startswith(UNTOUCHED):
            return await self.app(scope, receive, send)
        offered = encodings(Headers(scope=scope).get("accept-encoding", ""))
        await self.app(scope, receive, _Answer(offered, send).send)


class _Answer:
    """One answer on its way: its start waits until its first body says how it is sent."""

    def __init__(self, offered: set[str], send: Send) -> None:
        self._offered, self._send = offered, send
        self._start: Message | None = None
        self._compressor: Any = None

    async def send(self, message: Message) -> None:
        """Send a message of the application."""
        if message["type"] == "http.response.start":
            if not _worthy(message):
                return await self._send(message)
            self._start = message
        elif message["type"] != "http.response.body":
            await self._send(message)
        elif self._start is not None:
            start, self._start = self._start, None
            message = await self._first(start, message)
            await self._send(start)
            await self._send(message)
        elif self._compressor is not None:
            await self._send(await self._compressed(message))
        else:
            await self._send(message)

    async def _first(self, start: Message, message: Message) -> Message:
        """The first body, compressed if that is worth it; `start` then says so."""
        headers = MutableHeaders(raw=start.setdefault("headers", []))
        headers.add_vary_header("Accept-Encoding")
        whole = not message.get("more_body", False)
        if whole and len(message.get("body", b"")) < SMALLEST:
            return message
        if "br" in self._offered and not headers["content-type"].startswith(STREAM):
            self._compressor, encoding = brotli.Compressor(quality=QUALITY), "br"
        elif "gzip" in self._offered:
            self._compressor, encoding = zlib.compressobj(LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS), "gzip"
        else:
            return message
        message = await self._compressed(message)
        headers["content-encoding"] = encoding
        del headers["content-length"]
        if whole:
            headers["content-length"] = str(len(message["body"]))
        start["headers"] = headers.raw
        return message

    async def _compressed(self, message: Message) -> Message:
        body, more = message.get("body", b""), message.get("more_body", False)
        if len(body) >= LARGE:
            return {**message, "body": await run_in_threadpool(self._bytes, body, more)}
        return {**message, "body": self._bytes(body, more)}

    def _bytes(self, body: bytes, more: bool) -> bytes:
        """What can be read at once of all that was sent so far; the end of it behind the last."""
        if isinstance(self._compressor, brotli.Compressor):
            return bytes(
                self._compressor.process(body) + (self._compressor.flush() if more else self._compressor.finish())
            )
        return bytes(
            self._compressor.compress(body) + self._compressor.flush(zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH)
        )


def _worthy(start: Message) -> bool:
    """Whether an answer that begins like this may be compressed."""
    headers = Headers(raw=start.get("headers", []))
    return (
        headers.get("content-type", "").startswith(KINDS)
        and "content-encoding" not in headers
        and start["status"] not in (204, 206, 304)
    )
