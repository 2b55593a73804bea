"""The running server, whatever bytes it is sent: an answer in time, never a traceback, and it goes on answering."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from calls import ENDPOINT_NAMES
from conftest import ROOT, free_port
from fuzzing import (
    EXAMPLES,
    LONG,
    MODELS,
    PATIENCE,
    PROFILE,
    answered,
    deep,
    good,
    json_values,
    junk,
    odd_texts,
    parameters_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = [
    pytest.mark.filterwarnings("ignore:Generating overly large repr"),
    pytest.mark.timeout(7200 if LONG else 120),
]
JSON = "application/json"
KINDS = (
    JSON,
    JSON,
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "image/png",
    "",
    "a/b; c=",
)
BODIES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"3",
    b'"x"',
    b"{}",
    b'{"data":null}',
    b'{"data":{}}',
    b'{"data":[NaN]}',
    b"\xff\xfe\x00",
    b'{"data":["\\ud800"]}',
    b'{"data":[1' + b"0" * 6000 + b"]}",
    b'{"data":' + b"[" * 50_000,
    b"x" * 2_000_000,
    b'{"data":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    b'{"data":[], "data":3}',
    b"<x/>",
    b"\x00" * 1000,
)
PLACES = ("", "?text=", "?model=", "gradio_api/", "gradio_api/file=", "static/", "assets/")
DOORS = (
    "call/nothing",
    "call/",
    "call/%00",
    "call/classify/nothing",
    "queue/join",
    "queue/data",
    "queue/data?session_hash=x",
    "queue/status",
    "cancel",
    "reset",
    "component_server",
    "run/predict",
    "run/classify",
    "api/classify",
    "upload",
    "upload_progress?upload_id=x",
    "file=/etc/passwd",
    "file=app.py",
    "file=%00",
    "mcp/",
    "info",
    "openapi.json",
    "login",
    "proxy=http://127.0.0.1:1/",
    "custom_component/x/y/z/w",
    "stream/x/y/z/playlist.m3u8",
    "deep_link?session_hash=x",
)


@dataclass(frozen=True)
class Server:
    """Where it listens, and what it wrote."""

    port: int
    log: Path

    def ask(
        self, method: str, path: str, body: bytes = b"", kind: str = JSON, most: int = 200_000
    ) -> tuple[int, bytes]:
        """Status and the beginning of the answer, 0 where the server closed without one. Raises on a hang."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {"content-type": kind} if kind else {})
            answer = connection.getresponse()
            try:
                return answer.status, answer.read(most)
            except http.client.IncompleteRead as error:
                return answer.status, error.partial
        except (ConnectionError, http.client.BadStatusLine):
            return 0, b""
        finally:
            connection.close()

    def check(self, method: str, path: str, body: bytes = b"", kind: str = JSON) -> bytes:
        """Ask, and hold the answer to what every answer must be."""
        status, reply = self.ask(method, path, body, kind)
        assert b"Traceback" not in reply and b'File "' not in reply, (path, reply)
        assert status < 500, (status, method, path, body[:200], reply)
        return reply


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own, which lets one visitor ask as often as he likes."""
    server = Server(free_port(), tmp_path_factory.mktemp("target") / "log.txt")
    changed = {"BERT_DEMO_PORT": str(server.port), "BERT_DEMO_REQUESTS_PER_MINUTE": "1000000", "HF_HUB_OFFLINE": "1"}
    with server.log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env={**os.environ, **changed}, stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                if server.ask("GET", "/config")[0] == 200:
                    break
            assert process.poll() is None, server.log.read_text("utf-8")
            time.sleep(0.5)
        yield server
        assert process.poll() is None
        text = server.log.read_text("utf-8")
        assert "Traceback" not in text, text[text.index("Traceback") - 500 :][:5000]
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(autouse=True)
def still_answers(target: Server, tiny_models: dict[str, str]) -> Iterator[None]:
    yield
    event = json.loads(target.check("POST", "/gradio_api/call/pieces", packed(["the cat", tiny_models["words"]])))
    assert b'"algorithm": "WordPiece"' in target.check("GET", f"/gradio_api/call/pieces/{event['event_id']}")


def packed(arguments: Any, **more: Any) -> bytes:
    """A body as gradio wants it."""
    return json.dumps({"data": arguments, **more}).encode()


@st.composite
def asked(draw: st.DrawFn, places: dict[str, str]) -> tuple[str, bytes]:
    """An endpoint, and a body for it of good and bad arguments, now and then too few or too many."""
    name = draw(st.sampled_from(sorted({*ENDPOINT_NAMES} - {"compare"})))
    right = answered(name, places)
    arguments = []
    for parameter in parameters_of(name):
        own = st.just(places["words"]) if parameter in MODELS else good(name, parameter)
        arguments.append(draw(st.one_of(st.just(right[parameter]) if parameter in right else own, own, own, junk)))
    if "model" in parameters_of(name) and draw(st.integers(0, 4)):
        arguments[parameters_of(name).index("model")] = right["model"]
    if not draw(st.integers(0, 5)):
        arguments = draw(st.one_of(st.just(arguments[1:]), st.just(arguments * 2), st.lists(junk, max_size=12)))
    with contextlib.suppress(RecursionError):
        return name, packed(arguments)
    return name, packed([])


def test_raw_calls(target: Server, tiny_models: dict[str, str]) -> None:
    @PROFILE
    @given(asked(tiny_models))
    def attempt(question: tuple[str, bytes]) -> None:
        name, body = question
        reply = target.check("POST", f"/gradio_api/call/{name}", body)
        with contextlib.suppress(ValueError, KeyError, TypeError):
            answer = target.check("GET", f"/gradio_api/call/{name}/{json.loads(reply)['event_id']}")
            assert answer.startswith((b"event: complete", b"event: error", b"event: heartbeat")), answer[:300]
            assert b"Something went wrong" not in answer, (question, answer)

    attempt()


@pytest.mark.parametrize("name", ENDPOINT_NAMES[:3] if not LONG else ENDPOINT_NAMES)
def test_bodies_that_are_none(name: str, target: Server) -> None:
    for body in BODIES:
        for kind in dict.fromkeys(KINDS):
            target.check("POST", f"/gradio_api/call/{name}", body, kind)
    for more in ({"fn_index": 9999}, {"session_hash": "x" * 10_000}, {"session_hash": "../x"}, {"trigger_id": -1}):
        target.check("POST", f"/gradio_api/call/{name}", packed([], **more))
    for event in ("nothing", "%00", "..%2f..%2fetc", "x" * 5_000):
        target.check("GET", f"/gradio_api/call/{name}/{event}")


def test_other_doors(target: Server) -> None:
    for door in DOORS:
        for body in BODIES if LONG else BODIES[:8]:
            target.check("POST", f"/gradio_api/{door}", body)
        target.check("POST", f"/gradio_api/{door}", b"--x", "multipart/form-data; boundary=x")
        for method in ("GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"):
            target.check(method, f"/gradio_api/{door}")

    @PROFILE
    @given(odd_texts, st.sampled_from(PLACES))
    def attempt(text: str, where: str) -> None:
        target.check("GET", f"/{where}{quote(text[:2000], safe='/', errors='surrogatepass')}")

    attempt()


def test_events_of_the_page_with_junk(target: Server) -> None:
    """The handlers behind the buttons: whatever is sent in place of a component's value."""
    config = json.loads(target.ask("GET", "/config", most=50_000_000)[1])
    events = [(each["id"], len(each["inputs"])) for each in config["dependencies"]]
    values = st.one_of(
        json_values, st.sampled_from((None, "", [], {}, [[]], deep(20), {"path": "/etc/passwd"}, 10**400))
    )

    @settings(PROFILE, max_examples=2 * EXAMPLES)
    @given(st.sampled_from(events), st.data(), st.sampled_from((0, 0, 0, -1, 1)))
    def attempt(event: tuple[int, int], data: st.DataObject, more: int) -> None:
        number, count = event
        sent = data.draw(st.lists(values, min_size=max(0, count + more), max_size=max(0, count + more)))
        picked = data.draw(values)
        body = packed(sent, fn_index=number, session_hash="junk", event_data=picked)
        target.check("POST", "/gradio_api/queue/join", body)

    attempt()
    for number in (-1, 9999, 2**70, 1.5, "x", None, []):
        target.check("POST", "/gradio_api/queue/join", packed([], fn_index=number, session_hash="junk"))
    reply = target.check("GET", "/gradio_api/queue/data?session_hash=junk")
    assert b"process_completed" in reply
