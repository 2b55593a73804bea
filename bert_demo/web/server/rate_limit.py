"""How many requests a network address may make."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from bert_demo.web.server.client_address import visitor_address
from bert_demo.web.server.refusal import refusal

ADDRESSES = 10_000
"""Addresses that are remembered; who was forgotten begins anew."""
FREE = frozenset({"/healthz", "/gradio_api/startup-events"})
"""What anyone may ask, as often as they like and without a password: whether the server is there says nothing."""
TOO_MANY = "Too many requests from your network. Please ask again in a moment."


class RateLimit:
    """A bucket of tokens for each address: full at first, filled again at so many a minute."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._full, self._clock = float(per_minute), clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, cost: float = 1) -> float:
        """Take `cost` tokens. Gives 0.0, or the seconds until there are as many (then none are taken)."""
        now = self._clock()
        left, then = self._left.pop(address, (self._full, now))
        left = min(self._full, left + (now - then) * self._full / 60)
        enough = left >= cost
        self._left[address] = (left - cost if enough else left, now)
        while len(self._left) > ADDRESSES:
            self._left.popitem(last=False)
        return 0.0 if enough else (cost - left) * 60 / self._full


class LimitRate:
    """ASGI middleware that refuses (429) whoever asks too often."""

    def __init__(self, app: ASGIApp, limit: RateLimit) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or say when to ask again."""
        if scope["type"] == "http" and scope["path"] not in FREE and (wait := self.limit.take(visitor_address(scope))):
            return await refusal(429, TOO_MANY, wait)(scope, receive, send)
        await self.app(scope, receive, send)
