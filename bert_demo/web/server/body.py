"""The body of a request, for every middleware that looks into it: read once, and given on as it came."""

from __future__ import annotations

import json
import math
from typing import Any

from starlette.types import Message, Receive, Scope

BODY, CONTENT = "bert_demo.body", "bert_demo.content"
"""Where the scope of a request keeps what was read of it: bytes, and what they are as JSON."""


class UnfitJSONError(ValueError):
    """A JSON that cannot be taken; its words are the sentence."""


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, and then what comes."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def has_body(scope: Scope) -> bool:
    """Whether a request announces a body."""
    headers = dict(scope["headers"])
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


async def body_of(scope: Scope, receive: Receive) -> tuple[bytes, Receive]:
    """The whole body, and the `receive` to give on. A client that leaves before its end gives what came."""
    if BODY not in scope:
        parts, more = [], True
        while more:
            message = await receive()
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        scope[BODY] = b"".join(parts)
        receive = replayed(scope[BODY], receive)
    return scope[BODY], receive


async def content_of(scope: Scope, receive: Receive) -> tuple[Any, Receive]:
    """The JSON of the body, None where it is none, and the `receive` to give on. Raises UnfitJSONError."""
    body, receive = await body_of(scope, receive)
    if CONTENT not in scope:
        scope[CONTENT] = parsed(body)
    return scope[CONTENT], receive


def parsed(body: bytes) -> Any:
    """The JSON of a body, or None where it is none. Raises UnfitJSONError for what is nested too deep, a number that
    JSON does not know, and a file that lies at another address: gradio would fetch it, and nobody's question needs
    that."""
    try:
        content = json.loads(body)
        _check(content)
    except RecursionError:
        raise UnfitJSONError("The request is nested too deep.") from None
    except UnfitJSONError:
        raise
    except ValueError:
        return None
    return content


def _check(content: Any) -> None:
    left = [content]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            path = each.get("path")
            if "meta" in each and isinstance(path, str) and path.lower().startswith(("http:", "https:")):
                raise UnfitJSONError("Files are not fetched from other addresses. Upload the file.")
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)
        elif isinstance(each, float) and not math.isfinite(each):  # nobody could write it into an answer
            raise UnfitJSONError("The request holds a number that JSON does not know, such as NaN. Leave it out.")
