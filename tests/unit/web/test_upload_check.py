"""Uploads whose room goes between the trial and the writing."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from gradio.route_utils import upload_fn
from starlette.requests import Request
from starlette.responses import JSONResponse

from bert_demo.web.server.errors import CANNOT_STORE, Errors
from bert_demo.web.server.rate_limit import RateLimit
from bert_demo.web.server.upload_check import UploadCheck

ROWS = b"good,positive\n" * 1000


@contextmanager
def room(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def gradio_at(folder: Path, size: int | None) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """What gradio does with an upload, with `size` bytes of room by then."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        with room(resource.RLIM_INFINITY if size is None else size):
            files, _, _ = await upload_fn(Request(scope, receive), str(folder), 2**20, None)
        await JSONResponse(files)(scope, receive, send)

    return Errors(app)


def upload(app: Any) -> tuple[int, bytes]:
    """Status and body of the answer to an upload of ROWS."""
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="rows.csv"\r\n\r\n%s\r\n--x--\r\n' % ROWS
    headers = [(b"content-type", b"multipart/form-data; boundary=x"), (b"content-length", b"%d" % len(body))]
    scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "headers": headers, "client": ("::1", 1)}
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app({**scope, "query_string": b""}, receive, send))
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # gradio leaves its files open
@pytest.mark.parametrize("size", [0, 1, 4096])
def test_upload_that_loses_its_room_leaves_nothing(size: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Errors of the disk come as RLIMIT_FSIZE makes them: in the middle of the file, or at its first byte."""
    caplog.set_level(logging.CRITICAL, "bert_demo.web.server.errors")  # a record would hold the file open
    (other := tmp_path / "tmpother").write_text("of somebody else, begun before")
    check = UploadCheck(gradio_at(tmp_path, size), str(tmp_path), RateLimit(1000))
    assert upload(check) == (507, b'{"detail": "%s"}' % CANNOT_STORE.encode())
    assert list(tmp_path.rglob("*")) == [other]
    bare = gradio_at(tmp_path, size)
    assert upload(bare)[0] == 507 and len(list(tmp_path.rglob("*"))) == 2  # gradio itself leaves what it began
    gc.collect()


def test_upload_with_room_is_kept(tmp_path: Path) -> None:
    status, body = upload(UploadCheck(gradio_at(tmp_path, None), str(tmp_path), RateLimit(1000)))
    (path,) = tmp_path.rglob("rows.csv")
    assert (status, body) == (200, b'["%s"]' % str(path).encode()) and path.read_bytes() == ROWS
