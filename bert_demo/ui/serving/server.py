"""The page behind its guard: what is added to gradio's own server before it opens its port, and after."""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import logging
import os
import signal
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from gradio_client import Client  # type: ignore[import-untyped]
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bert_demo.settings import Settings
from bert_demo.ui import metrics
from bert_demo.ui.deferred import Deferred
from bert_demo.ui.running import LINE
from bert_demo.ui.serving import connections, logs
from bert_demo.ui.serving.guard import ADDRESS, Guard
from bert_demo.ui.serving.health import Health
from bert_demo.ui.serving.mailboxes import UNREAD, Mailboxes
from bert_demo.ui.serving.visitors import Crowd

_log = logging.getLogger(__name__)
MOST_SAID, MOST_FAULTS = 200, 20
"""Characters of a fault of a request, and faults, that an answer names."""
OF_SESSION = 64
"""Questions that one page may have under way: each question to all lenses is about ten events."""


def end_politely() -> None:
    """Let SIGTERM end the server as Ctrl+C does; in a container, as process 1, it would do nothing."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


def leave() -> None:
    """End the process at once: threads that compute cannot be ended otherwise, and torch would abort over them."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


def _say_what_does_not_fit(_: Request, error: Exception) -> Response:
    """FastAPI would repeat the body in its answer, and fail over characters that cannot be written."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    said = [{"loc": [str(part)[:MOST_SAID] for part in each["loc"]], "msg": each["msg"][:MOST_SAID]} for each in found]
    return Response(json.dumps({"detail": said[:MOST_FAULTS]}), 422, media_type="application/json")


class Serving:
    """The additions to a page. blocks: gradio's page; most: events that it runs at once, and as many may wait."""

    def __init__(self, blocks: Any, service: Deferred, settings: Settings, most: int) -> None:
        self._blocks, self._service, self._settings = blocks, service, settings
        self.health = Health(service)
        self._crowd = Crowd(self._under_way, OF_SESSION, 2 * most)
        self._holdings = metrics.Holdings(LINE.waiting, self._models, self._cache)

    def additions(self) -> dict[str, Any]:
        """For FastAPI: the guard around everything, and two pages more."""
        return {
            "middleware": [Middleware(Guard, settings=self._settings, crowd=self._crowd, known=self._known)],
            "exception_handlers": {RequestValidationError: _say_what_does_not_fit},
            "routes": [Route("/healthz", self._say_health), Route("/metrics", self._say_metrics)],
        }

    def opened(self, server: Any) -> None:
        """The port is open: uvicorn's limits and logs become ours."""
        connections.tighten(server.config, self._settings)
        queue = self._blocks._queue
        unread = max(UNREAD, 2 * connections.READING * self._settings.slow_seconds)
        queue.pending_messages_per_session = Mailboxes(queue.pending_event_ids_session, self._give_up, unread)
        self._let_tools_in()
        logs.take_over_uvicorn()
        _log.info("open", extra={"fields": {"host": self._settings.host, "port": self._blocks.server_port}})

    def _give_up(self, session: str) -> None:
        """Nobody fetches the answers of a session: its work ends, and no more is told."""
        queue = self._blocks._queue
        for event in [each for each in queue.event_ids_to_events.values() if each.session_hash == session]:
            event.alive = False
        queue.pending_event_ids_session.pop(session, None)

    def _let_tools_in(self) -> None:
        """gradio's MCP server asks the page over HTTP, as anyone does; with a password it must know it."""
        tools = getattr(self._blocks, "mcp_server_obj", None)
        if tools is None or not self._settings.password:
            return
        tools._get_or_create_client = functools.cache(self._asker)

    def _asker(self) -> Client:
        """What gradio would make for its tools, and the password."""
        word = base64.b64encode(f"mcp:{self._settings.password}".encode()).decode()
        return Client(
            self._blocks.local_url,
            download_files=False,
            verbose=False,
            analytics_enabled=False,
            _skip_components=False,
            headers={"x-gradio-user": "mcp", "Authorization": f"Basic {word}"},
        )

    def _under_way(self) -> Iterable[tuple[str, str]]:
        for event in list(self._blocks._queue.event_ids_to_events.values()):
            yield event.session_hash, event.request.scope.get(ADDRESS, "") if event.request else ""

    def _known(self, event: Any) -> bool:
        functions = self._blocks.fns
        if isinstance(event, str):
            return any(event == each.api_name and each.api_visibility == "public" for each in functions.values())
        return isinstance(event, int) and not isinstance(event, bool) and event in functions

    async def _say_health(self, _: Request) -> Response:
        ready, said = self.health.look()
        return JSONResponse(said, 200 if ready else 503, headers={"cache-control": "no-store"})

    async def _say_metrics(self, _: Request) -> Response:
        content = await asyncio.to_thread(metrics.page, self._holdings)
        return Response(content, media_type="text/plain; version=0.0.4; charset=utf-8")

    def _models(self) -> Mapping[str, int]:
        service = self._service.made
        return service.models_held() if service else {}

    def _cache(self) -> int:
        service = self._service.made
        return service.cache_bytes() if service else 0
