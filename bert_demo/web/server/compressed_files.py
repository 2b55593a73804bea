"""The page, its scripts and its styles, compressed once as well as can be.

The same bytes go to every visitor. Who comes first gets them as `Compression` makes them while it waits; meanwhile they
are compressed with more patience, and kept for all others.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import OrderedDict
from concurrent.futures import Executor, ThreadPoolExecutor

import brotli
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bert_demo.web.server.compression import SMALLEST, encodings
from bert_demo.web.server.whole_answer import when_whole

PATHS = re.compile(r"/(?:(?:assets|static)/.+\.(?:js|css))?|/theme\.css")
KEPT = 2**24
"""Bytes of compressed files that are kept at most."""
LARGE = 2**20
"""Bytes of a file from which the best quality would take many seconds."""
WAITING = 2**23
"""Bytes of files that may wait to be compressed; what comes meanwhile is kept at a later visit. The page holds the name
of the host that was asked, so that its bytes may be any number of different ones."""
BEST, GOOD = 11, 9
QUIET, LONGEST = 1.0, 30.0
"""Seconds without a request for a file after which the next is compressed, and seconds for which it waits at most: it
must not slow the visitor down who loads them now."""
NAMED = "/assets/"
"""Where gradio's files are named after what is in them, so that a browser need not ask for one again."""
FOR_GOOD = "public, max-age=31536000, immutable"


class CompressedFiles:
    """ASGI middleware that answers GET of PATHS with what is kept of the same bytes, if the client takes brotli."""

    def __init__(self, app: ASGIApp, executor: Executor | None = None, quiet: float = QUIET) -> None:
        self.app, self._quiet, self._asked = app, quiet, 0.0
        self._kept: OrderedDict[bytes, bytes | None] = OrderedDict()
        self._size = self._waiting = 0
        self._lock = threading.Lock()
        self._executor = executor or ThreadPoolExecutor(1, "compressed-files")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["method"] != "GET" or not PATHS.fullmatch(scope["path"]):
            return await self.app(scope, receive, send)
        if "br" not in encodings(Headers(scope=scope).get("accept-encoding", "")):
            return await self.app(scope, receive, send)
        self._asked = time.monotonic()
        plain = [each for each in scope["headers"] if each[0] != b"accept-encoding"]

        def change(start: Message, body: bytes) -> bytes:
            sent = self._body(start, body)
            if scope["path"].startswith(NAMED):
                MutableHeaders(raw=start["headers"])["cache-control"] = FOR_GOOD
            return sent

        await self.app({**scope, "headers": plain}, receive, when_whole(send, _is_whole, change))

    def _body(self, start: Message, body: bytes) -> bytes:
        """What is kept of a body, which `start` then tells; else the body, of which something will be kept."""
        if len(body) < SMALLEST:
            return body
        digest = hashlib.sha256(body).digest()
        with self._lock:
            if digest not in self._kept:
                if self._waiting and self._waiting + len(body) > WAITING:
                    return body
                self._kept[digest] = None
                self._waiting += len(body)
                self._executor.submit(self._keep, digest, body)
            self._kept.move_to_end(digest)
            kept = self._kept[digest]
        if kept is None:
            return body
        headers = MutableHeaders(raw=start["headers"])
        headers.add_vary_header("Accept-Encoding")
        headers["content-encoding"], headers["content-length"] = "br", str(len(kept))
        return kept

    def _keep(self, digest: bytes, body: bytes) -> None:
        end = time.monotonic() + LONGEST
        while time.monotonic() < min(end, self._asked + self._quiet):
            time.sleep(self._quiet / 4)
        made = brotli.compress(body, quality=BEST if len(body) < LARGE else GOOD)
        with self._lock:
            self._kept[digest] = made
            self._waiting -= len(body)
            self._size += len(made)
            while self._size > KEPT:
                _, gone = self._kept.popitem(last=False)
                self._size -= len(gone or b"")


def _is_whole(start: Message) -> bool:
    """Whether an answer is a file as it is, all of it."""
    return start["status"] == 200 and "content-encoding" not in Headers(raw=start.setdefault("headers", []))
