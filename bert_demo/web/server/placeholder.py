"""The page as gradio makes it, with something to read until its scripts have run, a sign of its own, and no `<base>`.

Read against gradio 6.31.0 (templates/frontend/index.html). While a page has a `<base>`, plotly writes the whole address
into the clip paths of its pictures; the address changes with every question, and the browser takes the old one for
another document and loads the page again. All addresses in the page are relative to it, so that nothing needs the tag.
A page without a sign lets the browser ask for /favicon.ico, again with every change of the address.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bert_demo.web.server.whole_answer import when_whole

BASE = b'<base href="./" />'
APP = b"<gradio-app"
SIGN = (
    b"<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'"
    b" fill='none' stroke='%230e6b7c' stroke-width='2'%3E%3Ccircle cx='7' cy='7' r='5'/%3E%3Cpath d='m11 11 4 4'/%3E"
    b'%3C/svg%3E" />'
)
"""A magnifying glass."""
FRAMED = b"document.head.appendChild(script);"
IF_FRAMED = b"if (window.parent !== window) " + FRAMED
"""The script that tells a frame around the page how tall it is; without a frame nothing needs it."""


class Placeholder:
    """ASGI middleware that puts what `markup` gives before the app in the page."""

    def __init__(self, app: ASGIApp, markup: Callable[[], str]) -> None:
        self.app, self.markup = app, markup

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            return await self.app(scope, receive, send)
        await self.app(scope, receive, when_whole(send, _is_page, self._page))

    def _page(self, start: Message, body: bytes) -> bytes:
        body = (
            body.replace(BASE, SIGN, 1)
            .replace(FRAMED, IF_FRAMED, 1)
            .replace(APP, self.markup().encode("utf-8") + APP, 1)
        )
        MutableHeaders(raw=start["headers"])["content-length"] = str(len(body))
        return body


def _is_page(start: Message) -> bool:
    return start["status"] == 200 and Headers(raw=start["headers"]).get("content-type", "").startswith("text/html")
