"""Files that are compressed once: the same bytes for everybody, first as they are, then as well as can be."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import brotli
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from bert_demo.web.server import compressed_files
from bert_demo.web.server.compressed_files import FOR_GOOD, PATHS, CompressedFiles
from bert_demo.web.server.compression import encodings

SCRIPT = ("const film = 'a warm and funny film';\n" * 200).encode()


class Later(Executor):
    """Work that is done when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], Any]] = []

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        self.waiting.append(lambda: work(*given, **named))
        return Future()

    def finish(self) -> int:
        """Do what waits; how much that was."""
        done = [each() for each in self.waiting]
        self.waiting.clear()
        return len(done)


class Files:
    """A server of a few files, and what its middleware does later."""

    def __init__(self) -> None:
        self.bodies = {
            "/": b"<p>one</p>" * 100,
            "/assets/a.js": SCRIPT,
            "/assets/b.js": SCRIPT,
            "/gradio_api/x": SCRIPT,
        }
        self.later, self.offered = Later(), [""]
        routes = [Route(path, self.answer) for path in self.bodies]
        self.client = TestClient(CompressedFiles(Starlette(routes=routes), self.later, quiet=0))

    async def answer(self, request: Request) -> Response:
        self.offered.append(request.headers.get("accept-encoding", ""))
        return Response(self.bodies[request.url.path], media_type="text/javascript", headers={"etag": "x"})

    def get(self, path: str, offered: str = "gzip, br") -> tuple[bytes, str | None, int]:
        """Body, encoding and bytes of an answer."""
        answer = self.client.get(path, headers={"accept-encoding": offered})
        assert answer.headers["etag"] == "x"
        named = path.startswith("/assets/") and "br" in encodings(offered)
        assert answer.headers.get("cache-control") == (FOR_GOOD if named else None)
        return answer.content, answer.headers.get("content-encoding"), int(answer.headers["content-length"])


@pytest.fixture
def files() -> Files:
    return Files()


def test_second_visitor_gets_what_was_compressed_meanwhile(files: Files) -> None:
    assert files.get("/assets/a.js") == (SCRIPT, None, len(SCRIPT))
    assert files.get("/assets/a.js")[1] is None and files.later.finish() == 1
    best = len(brotli.compress(SCRIPT, quality=11))
    assert files.get("/assets/a.js") == (SCRIPT, "br", best)
    assert files.get("/assets/b.js") == (SCRIPT, "br", best), "the same bytes under another name"
    assert files.later.finish() == 0
    assert files.offered[1:] == ["", "", "", ""], "the app compresses nothing itself"


def test_page_that_changed_is_not_the_one_that_is_kept(files: Files) -> None:
    files.get("/")
    files.later.finish()
    files.bodies["/"] = b"<p>two</p>" * 100
    assert files.get("/") == (files.bodies["/"], None, 1000)


def test_who_takes_no_brotli_and_what_is_no_file_go_through(files: Files) -> None:
    for path, offered in (("/assets/a.js", "gzip"), ("/assets/a.js", "br;q=0"), ("/gradio_api/x", "br")):
        assert files.get(path, offered) == (SCRIPT, None, len(SCRIPT))
        assert files.offered[-1] == offered
    assert files.later.finish() == 0


def test_kept_files_are_bounded(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed_files, "KEPT", 3000)
    draw = random.Random(0)
    for number in range(4):
        files.bodies["/"] = draw.randbytes(900)
        files.get("/")
        files.later.finish()
        assert files.get("/")[1] == "br", number
    files.bodies["/"] = random.Random(0).randbytes(900)
    assert files.get("/")[1] is None, "the oldest went"


def test_what_waits_to_be_compressed_is_bounded(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed_files, "WAITING", 3000)
    for number in range(5):
        files.bodies["/"] = b"<p>%d</p>" % number * 125
        assert files.get("/") == (files.bodies["/"], None, 1000)
    assert files.later.finish() == 3, "two of five are not kept"
    files.get("/")
    assert files.later.finish() == 1, "they are when there is room again"
    assert files.get("/")[1] == "br"


def test_paths_are_those_of_files() -> None:
    for path in ("/", "/assets/index-DphvyggB.js", "/static/js/a.min.js", "/theme.css", "/assets/a.css"):
        assert PATHS.fullmatch(path), path
    for path in ("/config", "/gradio_api/queue/data", "/assets/a.png", "/themes.css", "/gradio_api/file=/assets/a.js"):
        assert not PATHS.fullmatch(path), path


def test_file_is_compressed_when_nobody_loads_one_any_more(files: Files) -> None:
    later = Later()
    client = TestClient(CompressedFiles(Starlette(routes=[Route("/assets/a.js", files.answer)]), later, quiet=0.3))
    client.get("/assets/a.js", headers={"accept-encoding": "br"})
    asked = time.monotonic()
    assert later.finish() == 1
    assert 0.2 < time.monotonic() - asked < 5
