"""What is asked as JSON must be a JSON that can be taken."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from bert_demo.web.server.body import UnfitJSONError, content_of, has_body
from bert_demo.web.server.refusal import refusal


class JSONBody:
    """ASGI middleware that refuses (400) a JSON nested too deep, a number that JSON does not know, and a file that lies
    at another address. What is no JSON at all goes on: who reads it says so."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "http" and has_body(scope) and not _has_parts(scope):
            try:
                _, receive = await content_of(scope, receive)
            except UnfitJSONError as error:
                return await refusal(400, str(error))(scope, receive, send)
        await self.app(scope, receive, send)


def _has_parts(scope: Scope) -> bool:
    """Whether the body is a form with files in it; of a question it is read as JSON whatever it is called."""
    kind: bytes = dict(scope["headers"]).get(b"content-type", b"").lower()
    return b"multipart/form-data" in kind and not scope["path"].startswith(("/gradio_api/queue/", "/gradio_api/call/"))
