"""Which answers say what they may load: all that a browser can show or run by itself."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from bert_demo.web.server.security_headers import HEADERS, OF_A_PART, SecurityHeaders


@pytest.mark.parametrize(
    ("path", "status", "part"),
    [
        ("/", 200, False),
        ("/assets/drawing.svg", 200, False),
        ("/assets/pdf.worker-abc.js", 200, False),
        ("/assets/WebWorker.js", 200, False),
        ("/theme.css", 200, False),
        ("/config", 200, False),
        ("/assets/index-abc.js", 404, False),
        ("/assets/index-abc.js", 200, True),
        ("/assets/index-abc.js", 304, True),
        ("/assets/index-abc.css", 200, True),
    ],
)
def test_documents_have_all_headers_and_their_parts_two(path: str, status: int, part: bool) -> None:
    async def answer(request: Request) -> Response:
        return Response(b"", status, headers={"X-Content-Type-Options": "own"})

    got = TestClient(SecurityHeaders(Starlette(routes=[Route("/{rest:path}", answer)]))).get(path).headers
    expected = {name: value for name, value in HEADERS.items() if not part or name in OF_A_PART}
    assert {name: got[name] for name in HEADERS if name in got} == expected
    assert got.get_list("x-content-type-options") == ["nosniff"]
