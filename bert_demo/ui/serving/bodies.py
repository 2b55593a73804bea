"""The body of a request, read whole before anyone sees it: not too large, not too slow, and naming no other host."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from python_multipart.multipart import parse_options_header

Receive = Callable[[], Awaitable[Any]]
KINDS = (b".csv", b".tsv", b".txt")
"""What may be uploaded: rows of the lens Without heads."""
DRAINED = 8
"""Bodies beyond the limit are read on and thrown away for so many seconds, so that the client sees the answer."""


class RefusalError(Exception):
    """A request that is not let in. status: of HTTP; sentence: what is wrong and what to do; wait: seconds to wait."""

    def __init__(self, status: int, sentence: str, wait: float = 0.0) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.wait = status, sentence, wait


class GoneError(Exception):
    """The client went before its request was complete."""


def has_body(headers: dict[bytes, bytes]) -> bool:
    """Whether a request announces a body."""
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


async def read_body(receive: Receive, headers: dict[bytes, bytes], limit: int, seconds: float) -> bytes:
    """The whole body. Raises RefusalError: more than `limit` bytes (413), not there in `seconds` (408); GoneError."""
    length = headers.get(b"content-length", b"")
    if length.isdigit() and (len(length) > 15 or int(length) > limit):
        raise _too_large(limit)
    parts, size = [], 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise GoneError
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > limit:
                    raise _too_large(limit)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise RefusalError(408, f"The request did not arrive within {seconds:g} seconds. Send it again.") from None


def _too_large(limit: int) -> RefusalError:
    return RefusalError(413, f"The request is larger than {limit / 2**20:g} MB. Send a shorter text or fewer rows.")


async def drain(receive: Receive, most: int) -> None:
    """Throw away what still comes, at most `most` bytes and DRAINED seconds of it."""
    try:
        async with asyncio.timeout(DRAINED):
            while most > 0:
                message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
                most -= len(message.get("body", b""))
    except TimeoutError:
        return


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, and then what comes."""
    given = False

    async def again() -> Any:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def check_upload(body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Refuse files of other kinds (415). Their names stand in the heads of the parts of the body, which are read here
    with what the server reads them with."""
    kinds = [value for name, value in headers if name == b"content-type"]
    boundary = parse_options_header(kinds[0])[1].get(b"boundary") if len(kinds) == 1 else None
    if not boundary:
        raise RefusalError(400, "An upload needs one content-type, with the boundary of its parts.")
    for part in body.split(b"--" + boundary):
        for line in part.partition(b"\r\n\r\n")[0].split(b"\r\n"):
            options = parse_options_header(line.partition(b":")[2])[1] if line.strip() else {}
            names = [name for key, name in options.items() if key in (b"filename", b"filename*")]
            if not all(name.strip().lower().endswith(KINDS) for name in names):
                raise RefusalError(415, "Only files of rows can be uploaded: .csv, .tsv or .txt.")


def read_json(body: bytes) -> Any:
    """The JSON of a request, or None where it is none (gradio says so). Raises RefusalError.

    gradio would download a file that an argument names by its address: nobody's question needs that.
    """
    try:
        content = json.loads(body)
    except RecursionError:
        raise RefusalError(400, "The request is nested too deep.") from None
    except ValueError:
        return None
    left = [content]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            path = each.get("path")
            if "meta" in each and isinstance(path, str) and path.lower().startswith(("http:", "https:")):
                raise RefusalError(400, "Files are not fetched from other addresses. Upload the file.")
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)
        elif isinstance(each, float) and not math.isfinite(each):  # nobody could write it into an answer
            raise RefusalError(400, "The request holds a number that JSON does not know, such as NaN. Leave it out.")
    return content
