"""Who is let in: the password, the allowance, the limits of a request; the headers of every answer; the access log."""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import hmac
import json
import logging
import re
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from bert_demo.settings import Settings
from bert_demo.ui import metrics
from bert_demo.ui.serving import bodies
from bert_demo.ui.serving.bodies import RefusalError
from bert_demo.ui.serving.visitors import Allowance, Crowd, address_of

_log = logging.getLogger(__name__)

ADDRESS = "bert_demo.address"
"""Where the scope of a request keeps its visitor's address."""

HEADERS = {
    "content-security-policy": "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",  # gradio's and our own; plotly makes functions
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self' https://huggingface.co https://*.hf.space",
        )
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin",
    "cross-origin-opener-policy": "same-origin-allow-popups",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
"""Of every answer: nothing from other hosts, framed by nobody but Hugging Face."""

OPEN = frozenset({"/healthz", "/gradio_api/startup-events"})
"""What needs no password: whether the server is there says nothing about anyone."""
CLOSED = re.compile(
    r"/gradio_api/(?:proxy=|file[=/]\s*[a-z][a-z0-9+.-]*:|stream/|process_recording|vibe|undo-vibe|dev/|profiling"
    r"|custom_component/|component_server|run-history|runs|deep_link|run/|api/)|/monitoring",
    re.IGNORECASE,
)
"""Doors of gradio that the page has no use for: fetching from other hosts, recording, editing, watching others, calls
past the queue."""
ASKING = re.compile(r"/gradio_api/(queue/join|call/)")
BY_NAME = "/gradio_api/call/v2/"
"""Calls whose arguments come by name."""
UNFIT = re.compile(
    r"Parameter `.*` is not a valid key-word argument|No value provided for required argument: \w+", re.S
)
"""What gradio says of arguments by name that do not fit, before it would answer 500."""
ARGUMENTS = "The arguments of every endpoint are at /gradio_api/info."
NO_FILE = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP, errno.EISDIR)
"""What the disk says of an address that names no file."""
MOST_REPEATED = 120
"""Characters of such a sentence, in which a name of the visitor's stands."""
UPLOADS = "/gradio_api/upload"
MOST_HEADERS = 64 * 1024
"""Bytes of a request's headers and address; a link may hold a long text."""
QUIET = re.compile(r"/(?:assets|static|svelte|theme\.css|favicon|manifest|healthz|metrics|gradio_api/heartbeat)")
"""What is logged as a detail only."""
WRONG_PASSWORD, UPLOADED = 100, 20
"""What a wrong password and an upload cost of the allowance, in requests."""
UPLOADS_KEPT, UPLOADS_MOST = 2400, 256 * 2**20
"""Seconds that an uploaded file may lie on the disk, and bytes that may come in that time."""


class Guard:
    """ASGI middleware around everything that is served. crowd: who has how many questions under way; known: whether
    there is an event of that number (or endpoint of that name)."""

    def __init__(
        self,
        app: Any,
        settings: Settings,
        crowd: Crowd,
        clock: Callable[[], float] = time.monotonic,
        known: Callable[[Any], bool] = lambda event: True,
    ) -> None:
        self._app, self._settings, self._crowd, self._clock, self._known = app, settings, crowd, clock, known
        self._allowance = Allowance(settings.requests_per_minute, clock)
        self._limit = settings.max_body_mb * 2**20
        self._password = _digest(settings.password) if settings.password else b""
        self._uploads: deque[tuple[float, int]] = deque()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request, or say why not."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        else:
            await self._serve(scope, receive, _Answer(send))

    async def _serve(self, scope: Any, receive: Any, answer: _Answer) -> None:
        begun = time.perf_counter()
        try:
            await self._app(scope, await self._let_in(scope, receive), answer)
        except RefusalError as refusal:
            await _refuse(answer, refusal)
            if refusal.status == 413:
                await bodies.drain(receive, 8 * self._limit)
            await answer.end()
        except bodies.GoneError:
            answer.status = 499
        except Exception as error:
            if answer.status:
                raise
            if isinstance(error, TypeError) and (unfit := UNFIT.match(str(error))) and BY_NAME in scope["path"]:
                await _refuse(answer, RefusalError(422, f"{unfit[0][:MOST_REPEATED]}. {ARGUMENTS}"))
                return await answer.end()
            if isinstance(error, OSError) and error.errno in NO_FILE:
                await _refuse(answer, RefusalError(404, "There is nothing here."))
                return await answer.end()
            _log.error("unforeseen %s", type(error).__name__, exc_info=error)
            await _refuse(answer, RefusalError(500, "Something went wrong inside the demo; it was logged."))
            await answer.end()
        finally:
            metrics.answered(answer.status)
            _note(scope, answer.status, time.perf_counter() - begun)

    async def _let_in(self, scope: Any, receive: Any) -> Any:
        """What the app receives from. Raises RefusalError, GoneError."""
        headers, path = dict(scope["headers"]), str(scope["path"])
        address = address_of(scope, self._settings.behind_proxy)
        scope[ADDRESS] = address
        if self._settings.behind_proxy:
            scope["client"] = (address, 0)
        if path not in OPEN:
            self._spend(address, 1)
            self._ask_password(address, headers)
        if sum(len(name) + len(value) for name, value in scope["headers"]) + len(scope["query_string"]) > MOST_HEADERS:
            raise RefusalError(431, "The headers of the request, or its address, are too long.")
        if CLOSED.match(path):
            raise RefusalError(404, "There is nothing here.")
        if not bodies.has_body(headers):
            return receive
        upload = path.rstrip("/") == UPLOADS
        if upload:
            self._spend(address, UPLOADED)
        body = await bodies.read_body(receive, headers, self._limit, self._settings.slow_seconds)
        if upload:
            bodies.check_upload(body, scope["headers"])
            self._make_room(len(body))
        elif ASKING.match(path) or b"multipart/form-data" not in headers.get(b"content-type", b"").lower():
            self._check_question(path, address, bodies.read_json(body))
        return bodies.replayed(body, receive)

    def _check_question(self, path: str, address: str, content: Any) -> None:
        if asking := ASKING.match(path):
            if not isinstance(content, dict):
                raise RefusalError(400, 'The body must be a JSON object, such as {"data": ["A warm film."]}.')
            if not self._known(_asked_for(asking[1], path[asking.end() :], content)):
                raise RefusalError(404, "There is no such endpoint. The list is at /gradio_api/info.")
            session = content.get("session_hash")
            if sentence := self._crowd.refuse(session if isinstance(session, str) else "", address):
                raise RefusalError(429, sentence, 5)

    def _spend(self, address: str, cost: int) -> None:
        if wait := self._allowance.take(address, cost):
            raise RefusalError(429, "Too many requests from your network. Please ask again in a moment.", wait)

    def _ask_password(self, address: str, headers: dict[bytes, bytes]) -> None:
        if not self._password:
            return
        given = headers.get(b"authorization", b"")
        if not hmac.compare_digest(_digest(_password_in(given)), self._password):
            if given:
                self._spend(address, WRONG_PASSWORD)
            raise RefusalError(401, "This demo asks for a password. Any user name will do.")

    def _make_room(self, size: int) -> None:
        """Refuse an upload while too much of the last minutes may lie on the disk."""
        now = self._clock()
        while self._uploads and self._uploads[0][0] < now - UPLOADS_KEPT:
            self._uploads.popleft()
        if sum(each for _, each in self._uploads) + size > UPLOADS_MOST:
            raise RefusalError(429, "Too many files were uploaded. Paste the rows instead, or try again later.", 60)
        self._uploads.append((now, size))


def _asked_for(door: str, name: str, content: dict[str, Any]) -> Any:
    """The number of the event, or the name of the endpoint, that a question is for."""
    return content.get("fn_index") if door == "queue/join" else name.removeprefix("v2/").strip("/")


class _Answer:
    """A `send` that adds HEADERS and knows the status."""

    def __init__(self, send: Any) -> None:
        self._send, self.status = send, 0

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [each for each in message.get("headers", []) if each[0].decode("latin-1").lower() not in HEADERS]
            headers += [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": headers}
        await self._send(message)

    async def end(self) -> None:
        """The end of an answer whose body was said to go on."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


async def _refuse(answer: _Answer, refusal: RefusalError) -> None:
    """Say why, in the form in which gradio's page shows it; the body goes on, so that the client can be drained."""
    content = json.dumps({"detail": refusal.sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    if refusal.status in (408, 413):
        headers.append((b"connection", b"close"))
    if refusal.status == 429:
        headers.append((b"retry-after", str(max(1, round(refusal.wait))).encode()))
    if refusal.status == 401:
        headers.append((b"www-authenticate", b'Basic realm="BERT under the lens", charset="UTF-8"'))
    await answer({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await answer({"type": "http.response.body", "body": content, "more_body": True})


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode("utf-8", "surrogateescape")).digest()


def _password_in(header: bytes) -> str:
    """The password of an Authorization header, or nothing."""
    kind, _, value = header.partition(b" ")
    if kind.lower() != b"basic":
        return ""
    try:
        return base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _note(scope: Any, status: int, seconds: float) -> None:
    """The access log: the route, not the path, in which a visitor's words or a file's name may stand."""
    path = str(scope["path"])
    route = getattr(scope.get("route"), "path", "") or (path if path in ("/healthz", "/metrics") else "")
    level = logging.DEBUG if QUIET.match(path) else logging.INFO
    fields = {"method": scope["method"], "path": route or "(no page)", "status": status, "ms": round(1000 * seconds, 1)}
    _log.log(level, "request", extra={"fields": fields})
