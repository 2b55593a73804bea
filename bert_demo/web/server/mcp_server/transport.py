"""The way in: streamable HTTP, with a session for who opens one and without for who does not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from anyio import ClosedResourceError
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

from bert_demo.web.server.body import content_of, has_body
from bert_demo.web.server.mcp_server.calls import LEFT

PATH = "/gradio_api/mcp"
MOST_SESSIONS = 1000
"""Sessions at once; the SDK closes one that is not used for half an hour."""


def is_no_farewell(record: logging.LogRecord) -> bool:
    """Whether a line of the SDK is worth a log: it writes an error for each client that closes its session."""
    return not (record.exc_info and isinstance(record.exc_info[1], ClosedResourceError))


class MCPTransport:
    """An ASGI application, to be run within `lifespan`.

    A client that initialises gets a session, in which a call can be cancelled by a notification. A call that comes
    without is answered as well, and ends when its stream is closed.
    """

    def __init__(self, server: Server[Any, Any]) -> None:
        self._server = server
        logging.getLogger("mcp.server.streamable_http").addFilter(is_no_farewell)

    @asynccontextmanager
    async def lifespan(self, _: Any) -> AsyncIterator[None]:
        """What FastAPI runs around the serving."""
        async with AsyncExitStack() as stack:
            self._sessions = StreamableHTTPSessionManager(self._server, max_sessions=MOST_SESSIONS)
            self._calls = StreamableHTTPSessionManager(self._server, stateless=True)
            await stack.enter_async_context(self._sessions.run())
            await stack.enter_async_context(self._calls.run())
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        scope[LEFT] = left = asyncio.Event()
        manager = self._sessions
        if scope["method"] == "POST" and b"mcp-session-id" not in dict(scope["headers"]):
            content, receive = await content_of(scope, receive) if has_body(scope) else (None, receive)
            if not (isinstance(content, dict) and content.get("method") == "initialize"):
                manager = self._calls
        try:
            await manager.handle_request(scope, receive, send)
        finally:
            left.set()
