"""Compressed answers: the bytes that a client unpacks are those that the application sent, each message at once."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Sequence

import brotli
import pytest
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from bert_demo.web.server.compression import LARGE, SMALLEST, Compression, encodings

PAGE = b"<p>A warm and funny film.</p>" * 100


def answer(
    accept: str,
    bodies: Sequence[bytes] = (PAGE,),
    kind: str = "text/html; charset=utf-8",
    status: int = 200,
    path: str = "/",
    more: Sequence[tuple[bytes, bytes]] = (),
) -> list[Message]:
    """What a server sends when an application answers `bodies`, the last of which is the end."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        length = str(sum(map(len, bodies))).encode()
        headers = [(b"content-type", kind.encode()), (b"content-length", length), *more]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for number, body in enumerate(bodies):
            await send({"type": "http.response.body", "body": body, "more_body": number + 1 < len(bodies)})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("nothing is asked")

    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"accept-encoding", accept.encode())]}
    asyncio.run(Compression(app)(scope, receive, send))
    return sent


def encoding(sent: Sequence[Message]) -> str | None:
    return Headers(raw=sent[0]["headers"]).get("content-encoding")


@pytest.mark.parametrize("body", [PAGE, bytes(LARGE)])
def test_page_is_what_it_was(body: bytes) -> None:
    for accept, name, unpacked in (
        ("gzip, deflate, br", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("br;q=0, gzip;q=0.5", "gzip", gzip.decompress),
    ):
        sent = answer(accept, [body])
        headers = Headers(raw=sent[0]["headers"])
        assert (encoding(sent), headers["vary"]) == (name, "Accept-Encoding")
        assert unpacked(sent[1]["body"]) == body and len(sent[1]["body"]) < len(body) / 10
        assert headers["content-length"] == str(len(sent[1]["body"]))


def test_each_message_of_a_stream_can_be_read_when_it_is_sent() -> None:
    told = [f'data: {{"msg": "number {number}"}}\n\n'.encode() for number in range(5)]
    sent = answer("gzip, br", [*told, b""], "text/event-stream")
    assert encoding(sent) == "gzip" and "content-length" not in Headers(raw=sent[0]["headers"])
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert [reader.decompress(message["body"]) for message in sent[1:-1]] == told
    assert reader.decompress(sent[-1]["body"]) == b"" and reader.eof


def test_page_that_comes_in_parts_is_what_it_was() -> None:
    sent = answer("br", [PAGE, PAGE, b"the end"])
    assert brotli.decompress(b"".join(message["body"] for message in sent[1:])) == 2 * PAGE + b"the end"


@pytest.mark.parametrize(
    "given",
    [
        {"accept": ""},
        {"accept": "identity, br;q=0, gzip; q=0.0"},
        {"accept": "br", "kind": "image/png"},
        {"accept": "br", "kind": "font/woff2"},
        {"accept": "br", "more": [(b"content-encoding", b"br")]},
        {"accept": "br", "status": 206},
        {"accept": "br", "status": 304, "bodies": [b""]},
        {"accept": "br", "bodies": [PAGE[: SMALLEST - 1]]},
        {"accept": "gzip", "kind": "text/event-stream", "path": "/gradio_api/heartbeat/abc"},
    ],
)
def test_what_need_not_be_compressed_goes_through(given: dict[str, object]) -> None:
    sent = answer(**given)  # type: ignore[arg-type]
    assert [message.get("body") for message in sent[1:]] == given.get("bodies", [PAGE])
    assert encoding(sent) == ("br" if "more" in given else None)
    assert Headers(raw=sent[0]["headers"])["content-length"] == str(len(sent[1]["body"]))


def test_encodings_reads_weights() -> None:
    assert encodings("gzip, BR;q=1.0, zstd; q=0, *;q=0.000") == {"gzip", "br"}
    assert encodings("") == {""}
