"""Routes of gradio that the page has no use for."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from bert_demo.web.server.refusal import refusal

CLOSED = re.compile(
    r"/gradio_api/(?:proxy=|file[=/]\s*[a-z][a-z0-9+.-]*:|stream/|process_recording|vibe|undo-vibe|dev/|profiling"
    r"|custom_component/|component_server|run-history|runs|deep_link|run/|api/)|/monitoring",
    re.IGNORECASE,
)
"""Fetching from other hosts, recording, editing, watching others, calls past the queue."""


class ClosedRoutes:
    """ASGI middleware that answers 404 for CLOSED and lets nobody open a web socket."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that is for an open route."""
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})
        if scope["type"] == "http" and CLOSED.match(scope["path"]):
            return await refusal(404, "There is nothing here.")(scope, receive, send)
        await self.app(scope, receive, send)
