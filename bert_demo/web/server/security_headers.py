"""Headers of every answer: nothing from other hosts, framed by nobody but Hugging Face.

The scripts and styles that gradio brings have only those that mean something for them: a first visit loads ninety, and
the others' headers would be a tenth of it.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
PARTS = re.compile(r"/assets/(?!.*worker).+\.(js|css)", re.IGNORECASE)
"""Parts of a page, which are never shown or run by themselves; nosniff keeps a browser from doing so."""
OF_A_PART = ("x-content-type-options", "referrer-policy")
_RAW = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_RAW_OF_A_PART = [(name, value) for name, value in _RAW if name.decode() in OF_A_PART]
_NAMES = {name for name, _ in _RAW}


class SecurityHeaders:
    """ASGI middleware that sets HEADERS, or OF_A_PART, whatever the application says of them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [each for each in message.get("headers", ()) if each[0].lower() not in _NAMES]
                part = message["status"] < 400 and PARTS.fullmatch(scope["path"])
                message = {**message, "headers": [*own, *(_RAW_OF_A_PART if part else _RAW)]}
            await send(message)

        await self.app(scope, receive, send_with_headers)
