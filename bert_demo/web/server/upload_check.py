"""Uploads: files of rows only, not too many of them, and only while there is room."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from python_multipart.multipart import parse_options_header
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bert_demo.web.server.body import body_of, has_body
from bert_demo.web.server.client_address import visitor_address
from bert_demo.web.server.errors import CANNOT_STORE
from bert_demo.web.server.rate_limit import TOO_MANY, RateLimit
from bert_demo.web.server.refusal import refusal

_log = logging.getLogger(__name__)
UPLOADS = "/gradio_api/upload"
KINDS = (b".csv", b".tsv", b".txt")
"""What may be uploaded: labelled rows."""
COST = 20
"""What an upload costs, in requests."""
KEPT, MOST_BYTES = 2400, 256 * 2**20
"""Seconds that an uploaded file may lie on the disk, and bytes that may come in that time."""


class UploadCheck:
    """ASGI middleware before gradio stores what is uploaded. folder: where it will; limit: what an upload is taken
    from."""

    def __init__(
        self, app: ASGIApp, folder: str, limit: RateLimit, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.app, self.folder, self.limit, self._clock = app, Path(folder), limit, clock
        self._uploads: deque[tuple[float, int]] = deque()
        self._storing = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or say why its files are not taken (400, 415, 429, 507)."""
        if scope["type"] == "http" and scope["path"].rstrip("/") == UPLOADS and has_body(scope):
            if wait := self.limit.take(visitor_address(scope), COST):
                return await refusal(429, TOO_MANY, wait)(scope, receive, send)
            body, receive = await body_of(scope, receive)
            if fault := unfit(body, scope["headers"]) or self._too_many(len(body)):
                return await refusal(*fault)(scope, receive, send)
            async with self._storing:
                if not await asyncio.to_thread(self._has_room, body):
                    return await refusal(507, CANNOT_STORE)(scope, receive, send)
                return await self._store(scope, receive, send)
        await self.app(scope, receive, send)

    async def _store(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let gradio store an upload, one at a time, and take away what it began when it fails: the room may go, or
        the disk become read-only, between the trial and the writing."""
        before, status = self._begun(), 500

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.app(scope, receive, send_noting_status)
        finally:
            if status >= 500:
                for path in self._begun() - before:
                    path.unlink(missing_ok=True)

    def _begun(self) -> set[Path]:
        """Files that gradio has begun; a finished one has a folder of its own."""
        return {path for path in self.folder.glob("tmp*") if path.is_file()}

    def _too_many(self, size: int) -> tuple[int, str, float] | None:
        """The refusal of an upload while too much of the last minutes may lie on the disk."""
        now = self._clock()
        while self._uploads and self._uploads[0][0] < now - KEPT:
            self._uploads.popleft()
        if sum(each for _, each in self._uploads) + size > MOST_BYTES:
            return 429, "Too many files were uploaded. Paste the rows instead, or try again later.", 60
        self._uploads.append((now, size))
        return None

    def _has_room(self, body: bytes) -> bool:
        """Whether as much can be written as gradio is about to write; it would leave empty files where it cannot."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder) as trial:
                trial.write(body)
                trial.flush()
        except OSError as error:
            _log.warning("an upload cannot be stored (%s)", error.strerror)
            return False
        return True


def unfit(body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> tuple[int, str] | None:
    """What is wrong with an upload: files of other kinds (415). Their names stand in the heads of the parts of the
    body, which are read here with what the server reads them with."""
    kinds = [value for name, value in headers if name == b"content-type"]
    boundary = parse_options_header(kinds[0])[1].get(b"boundary") if len(kinds) == 1 else None
    if not boundary:
        return 400, "An upload needs one content-type, with the boundary of its parts."
    for part in body.split(b"--" + boundary):
        for line in part.partition(b"\r\n\r\n")[0].split(b"\r\n"):
            options = parse_options_header(line.partition(b":")[2])[1] if line.strip() else {}
            names = [name for key, name in options.items() if key in (b"filename", b"filename*")]
            if not all(name.strip().lower().endswith(KINDS) for name in names):
                return 415, "Only files of rows can be uploaded: .csv, .tsv or .txt."
    return None
