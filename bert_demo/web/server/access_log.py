"""The access log and the count of answers: a line for each request, with its route and never with a visitor's words."""

from __future__ import annotations

import logging
import re
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bert_demo.web import metrics

_log = logging.getLogger(__name__)
DETAILS = re.compile(r"/(?:assets|static|svelte|theme\.css|favicon|manifest|healthz|metrics|gradio_api/heartbeat)")
"""What is logged as a detail only."""
ROUTES = re.compile(r"/healthz|/metrics|/gradio_api/mcp(?=/)")
"""Paths that are logged as they are, as far as this goes; of others the route is, in which nobody's words stand."""
CLIENT_LEFT = 499
"""What is logged as the status where the client went before its answer began (a custom of nginx)."""


class AccessLog:
    """ASGI middleware that logs and counts what was answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, then log it."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        status, begun = CLIENT_LEFT, time.perf_counter()

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_noting_status)
        finally:
            metrics.answered(status)
            _note(scope, status, time.perf_counter() - begun)


def _note(scope: Scope, status: int, seconds: float) -> None:
    path = str(scope["path"])
    own = ROUTES.match(path)
    route = own[0] if own else getattr(scope.get("route"), "path", "") or "(no page)"
    level = logging.DEBUG if DETAILS.match(path) else logging.INFO
    fields = {"method": scope["method"], "path": route, "status": status, "ms": round(1000 * seconds, 1)}
    _log.log(level, "request", extra={"fields": fields})
