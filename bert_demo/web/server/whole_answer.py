"""Hold an answer until it is whole, to change its body and its headers."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Message, Send


def when_whole(send: Send, chosen: Callable[[Message], bool], change: Callable[[Message, bytes], bytes]) -> Send:
    """A `send` that holds the answers whose start is `chosen`; others pass.

    change: (start, whole body) to the body that is sent; it sets the start's headers.
    """
    start: Message | None = None
    parts: list[bytes] = []

    async def hold(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start" and chosen(message):
            start = message
        elif start is None or message["type"] != "http.response.body":
            await send(message)
        else:
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                body = change(start, b"".join(parts))
                await send(start)
                await send({"type": "http.response.body", "body": body})

    return hold
