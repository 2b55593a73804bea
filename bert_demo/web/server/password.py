"""The password of the whole server: page, endpoints, tools and metrics."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from bert_demo.web.server.client_address import visitor_address
from bert_demo.web.server.rate_limit import FREE, TOO_MANY, RateLimit
from bert_demo.web.server.refusal import refusal

WRONG_PASSWORD = 100
"""What a wrong password costs, in requests."""


class Password:
    """ASGI middleware that asks for a password (HTTP Basic, any user name). limit: what wrong ones are taken from."""

    def __init__(self, app: ASGIApp, password: str, limit: RateLimit) -> None:
        self.app, self.limit, self._right = app, limit, _digest(password)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or ask for the password (401)."""
        if scope["type"] != "http" or scope["path"] in FREE:
            return await self.app(scope, receive, send)
        given = dict(scope["headers"]).get(b"authorization", b"")
        if hmac.compare_digest(_digest(_password_in(given)), self._right):
            return await self.app(scope, receive, send)
        if given and (wait := self.limit.take(visitor_address(scope), WRONG_PASSWORD)):
            return await refusal(429, TOO_MANY, wait)(scope, receive, send)
        await refusal(401, "This demo asks for a password. Any user name will do.")(scope, receive, send)


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
