"""How many questions one page and one network address may have under way at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from bert_demo.web.server.body import content_of, has_body
from bert_demo.web.server.client_address import visitor_address
from bert_demo.web.server.endpoint_calls import CALLS
from bert_demo.web.server.refusal import refusal

AGAIN = 5.0
"""Seconds after which a page is told to ask again."""


class ConcurrencyLimit:
    """How many questions may be under way at once: of one page, and of one address three quarters of all places.

    under_way: gives (session, address) of each question under way. most: how many the server holds.
    """

    def __init__(self, under_way: Callable[[], Iterable[tuple[str, str]]], of_session: int, most: int) -> None:
        self._under_way, self._of_session, self._most = under_way, of_session, most

    def refuse(self, session: str, address: str) -> str:
        """The sentence for who asks too much at once, or nothing."""
        questions = list(self._under_way())
        if session and sum(each == session for each, _ in questions) >= self._of_session:
            return "You have many questions under way. Wait for some of the answers, then ask again."
        if sum(each == address for _, each in questions) >= self._most * 3 // 4:
            return "Many questions from your network are under way. Please ask again in a few seconds."
        return ""


class LimitConcurrency:
    """ASGI middleware that refuses (429) a question of a page or an address that has too many under way."""

    def __init__(self, app: ASGIApp, limit: ConcurrencyLimit) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or say when to ask again."""
        if scope["type"] == "http" and CALLS.match(scope["path"]) and has_body(scope):
            content, receive = await content_of(scope, receive)
            session = content.get("session_hash") if isinstance(content, dict) else ""
            if sentence := self.limit.refuse(session if isinstance(session, str) else "", visitor_address(scope)):
                return await refusal(429, sentence, AGAIN)(scope, receive, send)
        await self.app(scope, receive, send)
