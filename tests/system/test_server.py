"""How the page is served: health, metrics, logs, limits, the password, floods, files, and nothing to other hosts."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from conftest import ROOT, free_port
from prometheus_client.parser import text_string_to_metric_families
from uvicorn.server import ServerState

from bert_demo.core.errors import CancelledError, TextError
from bert_demo.web import metrics
from bert_demo.web.server import logging as logs
from bert_demo.web.server.client_address import address_of
from bert_demo.web.server.concurrency import ConcurrencyLimit
from bert_demo.web.server.connections import Connections
from bert_demo.web.server.errors import ARGUMENTS
from bert_demo.web.server.health import FRESH, STUCK, Health
from bert_demo.web.server.rate_limit import RateLimit

PASSWORD = "Sesam, öffne dich: 7"
SLOW = 2
REQUESTS = 600
SECRET = "Zanzibar marmalade"


def ask(address: str, path: str, body: bytes | None = None, source: str = "", **headers: str) -> tuple[int, Any, bytes]:
    """(status, headers, body) of one request, from a loopback address of one's own if `source` is given."""
    host = urllib.parse.urlsplit(address)
    connection = http.client.HTTPConnection(
        str(host.hostname), host.port, timeout=20, source_address=(source, 0) if source else None
    )
    with contextlib.closing(connection):
        connection.putrequest("GET" if body is None else "POST", path)
        if body is not None and "transfer_encoding" not in headers:
            headers = {"content_type": "application/json", **headers, "content_length": str(len(body))}
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        if body is not None:
            connection.send(body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def call(address: str, endpoint: str, data: list[Any], **headers: str) -> str:
    """The last event of a simple call, as gradio's documentation describes it: "complete" or "error"."""
    status, _, reply = ask(address, f"/gradio_api/call/{endpoint}", json.dumps({"data": data}).encode(), **headers)
    assert status == 200, reply
    number = json.loads(reply)["event_id"]
    _, _, stream = ask(address, f"/gradio_api/call/{endpoint}/{number}", **headers)
    return re.findall(r"^event: (\w+)$", stream.decode(), re.MULTILINE)[-1]


def measured(address: str, **headers: str) -> dict[tuple[str, ...], float]:
    """The values of /metrics by (name, label values)."""
    status, _, text = ask(address, "/metrics", **headers)
    assert status == 200
    families = text_string_to_metric_families(text.decode())
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def test_arguments_may_come_by_name_as_the_api_page_says(server: str) -> None:
    def answer(**arguments: Any) -> tuple[int, str]:
        status, _, reply = ask(server, "/gradio_api/call/v2/classify", json.dumps(arguments).encode())
        return status, reply.decode()

    status, reply = answer(text="A warm film.", model="sentiment")
    assert status == 200
    _, _, stream = ask(server, f"/gradio_api/call/classify/{json.loads(reply)['event_id']}")
    assert stream.startswith(b"event: complete") and b'"label": "positive"' in stream
    assert answer(model="sentiment") == (
        422,
        json.dumps({"detail": f"No value provided for required argument: text. {ARGUMENTS}"}),
    )
    status, reply = answer(text="A warm film.", **{"<b>" * 100: 1})
    assert (
        status == 422 and reply.startswith('{"detail": "Parameter `<b><b>') and ARGUMENTS in reply and len(reply) < 250
    )
    assert ask(server, "/gradio_api/call/v2/nonsense", b"{}")[0] == 404


def test_ready_means_that_every_bundled_model_answered(server: str) -> None:
    status, _, reply = ask(server, "/healthz")
    assert status == 200
    assert json.loads(reply) == {"status": "ready", "models": ["sentiment", "topics", "spam", "base"]}


def test_metrics_count_questions_errors_and_seconds(server: str) -> None:
    before = measured(server)
    assert call(server, "classify", ["A fine day by the sea.", None, "sentiment"]) == "complete"
    assert call(server, "classify", ["", None, "sentiment"]) == "error"
    after = measured(server)

    def more(*name: str) -> float:
        return after[name] - before.get(name, 0.0)

    assert more("bert_demo_requests_total", "/classify") == 2
    assert more("bert_demo_errors_total", "/classify", "TextError") == 1
    assert more("bert_demo_seconds_count", "/classify") == 2
    assert 0 < more("bert_demo_seconds_sum", "/classify") < 20
    assert more("bert_demo_responses_total", "200") >= 4
    assert after["bert_demo_models_held",] >= 4
    assert 80e6 < after["bert_demo_model_bytes", "sentiment"] < 100e6
    assert after["process_resident_memory_bytes",] > sum(
        after["bert_demo_model_bytes", name] for name in ("base", "spam")
    )
    assert after["bert_demo_cache_bytes",] > 0


def test_what_is_observed_is_counted_by_its_end() -> None:
    def value(name: str, **labels: str) -> float:
        return metrics.REGISTRY.get_sample_value(name, labels) or 0.0

    with metrics.observed("lens"):
        pass
    with pytest.raises(TextError), metrics.observed("lens"):
        raise TextError("none")
    with pytest.raises(CancelledError), metrics.observed("lens"):
        raise CancelledError("stopped")
    assert value("bert_demo_requests_total", lens="lens") == 3
    assert value("bert_demo_errors_total", lens="lens", type="TextError") == 1
    assert value("bert_demo_errors_total", lens="lens", type="CancelledError") == 0
    assert value("bert_demo_seconds_bucket", lens="lens", le="0.1") == 3
    held = metrics.Holdings(lambda: {"attributions": 3}, lambda: {"base": 5, "spam": 6}, lambda: 7)
    found = {each[0]: [sample.value for sample in each[1]] for each in ((f.name, f.samples) for f in held.collect())}
    assert found == {
        "bert_demo_waiting": [3],
        "bert_demo_model_bytes": [5, 6],
        "bert_demo_models_held": [2],
        "bert_demo_cache_bytes": [7],
    }
    assert b'bert_demo_waiting{lens="attributions"} 3.0' in metrics.page(held)


@pytest.mark.parametrize("path", ["/", "/config", "/healthz", "/nowhere", "/theme.css", "/gradio_api/file=/etc/passwd"])
def test_every_answer_has_the_headers(server: str, path: str) -> None:
    _, headers, _ = ask(server, path)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin"
    policy = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert policy["frame-ancestors"] == "'self' https://huggingface.co https://*.hf.space"
    foreign = [each for name, allowed in policy.items() if name != "frame-ancestors" for each in allowed.split()]
    assert not [each for each in foreign if "." in each or each in ("*", "https:", "http:")]


@pytest.mark.parametrize(
    "path",
    [
        "file=/etc/passwd",
        "file=../../../../etc/passwd",
        "file=%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "file=..%2f..%2f..%2f..%2fetc%2fpasswd",
        "file=/etc/passwd%00.txt",
        "file=%00",
        "file=/proc/self/environ",
        "file=app.py",
        "file=./assets/models/base/config.json",
        "file=file:///etc/passwd",
        "file=http://127.0.0.1/",
        "file=%68ttps://huggingface.co/",
        "file=HTTPS://huggingface.co/",
        "file/etc/passwd",
        "file//etc/passwd",
        "proxy=https://x.hf.space/",
        "stream/a/b/c/playlist.m3u8",
        "custom_component/a/client/b/c",
        "dev/reload",
        "../static/../../../../../etc/passwd",
        "../static/%2e%2e/%2e%2e/routes.py",
        "../assets/..%2f..%2f..%2froutes.py",
        "../svelte//etc/passwd",
        "../monitoring",
    ],
)
def test_no_file_of_the_host_and_no_other_host_is_reached(server: str, path: str) -> None:
    status, _, reply = ask(server, f"/gradio_api/{path}" if not path.startswith("../") else path[2:])
    assert status in (403, 404)
    assert len(reply) < 300
    assert b"root:" not in reply


def test_file_in_an_argument_is_neither_fetched_nor_read(server: str) -> None:
    file: dict[str, Any] = {"path": "http://127.0.0.1:9/x", "meta": {"_type": "gradio.FileData"}}
    body = json.dumps({"data": [[{"deep": file}]]}).encode()
    status, _, reply = ask(server, "/gradio_api/call/classify", body)
    assert (status, json.loads(reply)) == (
        400,
        {"detail": "Files are not fetched from other addresses. Upload the file."},
    )
    assert call(server, "classify", [{**file, "path": "/etc/passwd"}, None, "sentiment"]) == "error"
    status, _, reply = ask(server, "/gradio_api/call/classify", b'{"data": ' + b"[" * 50_000 + b"]" * 50_000 + b"}")
    assert (status, json.loads(reply)) == (400, {"detail": "The request is nested too deep."})
    status, _, reply = ask(server, "/gradio_api/cancel", b'{"data": ["\\ud800 secret"]}')
    faults = json.loads(reply)["detail"]
    assert (status, [fault["msg"] for fault in faults]) == (422, ["Field required"] * 3) and b"secret" not in reply
    for number in (b"NaN", b"-Infinity", b"1e999"):
        for door in ("call/classify", "cancel"):
            status, _, reply = ask(server, f"/gradio_api/{door}", b'{"data": [{"deep": ' + number + b"}]}")
            assert (status, b"a number that JSON does not know" in reply) == (400, True)


@pytest.mark.parametrize("path", ["/assets/" + "x" * 2000, "/static/" + "x" * 2000, "/assets/index.js/" + "x" * 300])
def test_address_that_no_file_can_have_is_not_found(server: str, path: str) -> None:
    status, _, reply = ask(server, path, None)
    assert status == 404 and b"went wrong" not in reply


def upload(address: str, name: str, content: bytes, **headers: str) -> tuple[int, bytes]:
    parts = b'--x\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n\r\n%s\r\n--x--\r\n'
    body = parts % (name.encode(), content)
    status, _, reply = ask(
        address, "/gradio_api/upload", body, content_type="multipart/form-data; boundary=x", **headers
    )
    return status, reply


def test_uploads_are_rows_and_stay_in_their_place(server: str) -> None:
    status, reply = upload(server, "rows.csv", b"good,positive\n")
    (path,) = map(Path, json.loads(reply))
    assert (status, path.name, path.read_bytes()) == (200, "rows.csv", b"good,positive\n")
    status, reply = upload(server, "../../../rows.csv", b"good,positive\n")
    (climbed,) = map(Path, json.loads(reply))
    assert climbed.resolve().is_relative_to(path.parent.parent)
    status, reply = upload(server, "words.csv", b'filename="page.html",positive\n')
    (words,) = map(Path, json.loads(reply))
    assert (status, words.read_bytes()) == (200, b'filename="page.html",positive\n')  # what stands in a file is no name
    status, reply = upload(server, "my filename=1.csv", b"good,positive\n")
    (odd,) = map(Path, json.loads(reply))
    assert (status, odd.suffix) == (200, ".csv")
    for name in ("page.html", "rows.csv.svg", "rows", 'x.csv"y.html', 'x.html"; a="x.csv', 'x.csv"; filename="y.html'):
        status, reply = upload(server, name, b"<script>")
        assert (status, b".csv, .tsv or .txt" in reply) == (415, True)
    assert upload(server, "rows.csv", b"x" * 2**20)[0] == 413
    for each in (path, climbed, words, odd):
        each.unlink(missing_ok=True)  # gradio names a file by its content: it is one


@pytest.mark.parametrize(
    "kind", ["; xboundary=A; boundary=x", "; boundary=A; boundary=x", '; boundary="\\x"', "; boundary=x", ""]
)
def test_page_beside_rows_is_refused_however_the_parts_are_named(server: str, kind: str) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n\r\nsome\r\n'
    body = part % b"rows.csv" + part % b"page.html" + b"--x--\r\n"
    status, _, reply = ask(server, "/gradio_api/upload", body, content_type=f"multipart/form-data{kind}")
    assert status in (400, 415) and b"page.html" not in reply


def test_body_that_is_too_large_is_refused_before_it_is_read(server: str) -> None:
    whole = b'{"data": ["' + b"x" * 3_000_000 + b'"]}'
    for sent in (
        ask(server, "/gradio_api/call/classify", whole),
        ask(
            server,
            "/gradio_api/call/classify",
            b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (whole[:65536] for _ in range(40))) + b"0\r\n\r\n",
            transfer_encoding="chunked",
        ),
    ):
        status, headers, reply = sent
        assert status == 413
        assert json.loads(reply)["detail"].startswith("The request is larger than 1 MB.")
        assert headers["connection"] == "close"
    begun = time.monotonic()
    with socket.create_connection(parts(server), timeout=15) as client:
        client.sendall(b"POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000000\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")
    assert time.monotonic() - begun < 5


def parts(address: str) -> tuple[str, int]:
    host = urllib.parse.urlsplit(address)
    return str(host.hostname), int(host.port or 0)


def test_headers_are_bounded_and_write_nothing_into_the_page(server: str) -> None:
    assert ask(server, "/", x="a" * 100_000)[0] in (400, 431)
    for name in ("host", "x_forwarded_host", "x_forwarded_proto", "origin", "referer"):
        _, headers, reply = ask(server, "/", **{name: '"></script><script>evil()</script>'})
        assert b"<script>evil()" not in reply
        assert "evil" not in str(headers)


def test_nothing_goes_round_the_queue_and_no_socket_is_upgraded(server: str) -> None:
    status, _, _ = ask(server, "/gradio_api/run/classify", b'{"data": ["x", null, "sentiment"]}')
    assert status == 404
    status, _, _ = ask(
        server,
        "/",
        connection="Upgrade",
        upgrade="websocket",
        sec_websocket_version="13",
        sec_websocket_key=base64.b64encode(bytes(16)).decode(),
    )
    assert status != 101


def test_every_event_of_the_page_goes_through_the_queue(server: str) -> None:
    """Else the page itself would meet the closed doors."""
    events = json.loads(ask(server, "/config")[2])["dependencies"]
    assert [each["id"] for each in events if each["backend_fn"] and not each["queue"]] == []
    assert sum(each["backend_fn"] for each in events) > 50


def scope_of(client: str, *forwarded: str) -> dict[str, Any]:
    return {"client": (client, 1), "headers": [(b"x-forwarded-for", each.encode()) for each in forwarded]}


@pytest.mark.parametrize(
    ("door", "asked"),
    [
        ("call/nonsense", {"data": []}),
        ("call/", {"data": []}),
        ("run/nonsense", {"data": []}),
        ("api/nonsense", {"data": []}),
        ("run/predict", {"data": [], "fn_index": 99_999}),
        ("component_server", {"data": []}),
        *(
            ("queue/join", {"data": [], "session_hash": "s", "fn_index": each})
            for each in (99_999, -1, "0", None, True)
        ),
    ],
)
def test_what_is_not_there_is_404(server: str, door: str, asked: dict[str, Any]) -> None:
    """gradio itself answers some of these with 500."""
    request = urllib.request.Request(
        f"{server}/gradio_api/{door}", json.dumps(asked).encode(), {"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    with refused.value as answer:
        assert answer.status in (404, 405)


def test_visitor_is_known_by_the_address_that_nobody_can_choose() -> None:
    assert address_of(scope_of("10.0.0.1", "6.6.6.6"), behind_proxy=False) == "10.0.0.1"
    assert address_of(scope_of("10.0.0.1", "6.6.6.6, 8.8.8.8"), behind_proxy=True) == "8.8.8.8"
    assert address_of(scope_of("10.0.0.1", "6.6.6.6", "8.8.8.8:4711"), behind_proxy=True) == "8.8.8.8"
    assert address_of(scope_of("10.0.0.1"), behind_proxy=True) == "10.0.0.1"
    assert address_of(scope_of("10.0.0.1", "<script>"), behind_proxy=True) == "unknown"
    assert address_of(scope_of("::ffff:10.0.0.7"), behind_proxy=False) == "10.0.0.7"
    household = {address_of(scope_of(f"2001:db8:1:2::{number}"), behind_proxy=False) for number in range(1, 9)}
    assert household == {"2001:db8:1:2::/64"}


def test_rate_limit_fills_again_at_its_rate() -> None:
    now = [0.0]
    limit = RateLimit(120, clock=lambda: now[0])
    assert [limit.take("a") for _ in range(120)] == [0.0] * 120
    assert limit.take("a") == 0.5
    assert limit.take("b", 100) == 0.0
    assert limit.take("b", 100) == 40.0
    now[0] = 3.0
    assert [limit.take("a") for _ in range(7)] == [0.0] * 6 + [0.5]


def test_concurrency_limit_gives_a_page_and_a_network_their_share() -> None:
    under_way = [("page", "school")] * 3 + [("other", "school")] * 2
    limit = ConcurrencyLimit(lambda: under_way, of_session=3, most=8)
    assert limit.refuse("page", "school").startswith("You have many questions under way.")
    assert limit.refuse("new", "school") == limit.refuse("", "home") == ""
    under_way.append(("third", "school"))
    assert limit.refuse("new", "school").startswith("Many questions from your network")
    assert limit.refuse("new", "home") == ""


class Answers:
    """A service whose models answer, fail or hang."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failing, self.check_cancelled = False, threading.Event()
        self.check_cancelled.set()

    def describe(self, name: str) -> Any:
        return SimpleNamespace(tasks=("fill-mask",) if name == "base" else ("text-classification",))

    def mask_token(self, name: str) -> str:
        return "[MASK]"

    def classify(self, text: str, pair: None, name: str, activation: str) -> Any:
        self.asked.append(name)
        assert self.check_cancelled.wait(20)
        return SimpleNamespace(labels=self._scores())

    def fill_mask(self, text: str, name: str) -> Any:
        self.asked.append(name)
        assert self.check_cancelled.wait(20)
        return SimpleNamespace(slots=[SimpleNamespace(candidates=self._scores())])

    def _scores(self) -> list[Any]:
        return [SimpleNamespace(score=1.5 if self.failing else 1.0)]


def look_until(health: Health, status: str) -> bool:
    end = time.monotonic() + 10
    while (found := health.look())[1]["status"] != status:
        assert time.monotonic() < end
        time.sleep(0.01)
    return found[0]


def test_health_asks_again_when_an_answer_is_old_and_recovers() -> None:
    now, answers = [1000.0], Answers()
    service: Any = answers
    health = Health(lambda: service, clock=lambda: now[0])
    assert health.look() == (False, {"status": "starting", "models": []})
    health.failed()
    assert look_until(health, "ready"), "a later look tries again"
    assert answers.asked == ["sentiment", "topics", "spam", "base"]
    assert health.look()[0]
    assert len(answers.asked) == 4, "a fresh answer counts"
    answers.failing = True
    now[0] += FRESH + 1
    assert not look_until(health, "failing")
    answers.failing = False
    assert look_until(health, "ready")
    answers.check_cancelled.clear()
    now[0] += FRESH + 1
    assert health.look()[0], "an answer on its way does not make it fail"
    now[0] += STUCK + 1
    assert not health.look()[0], "one that never comes does"
    answers.check_cancelled.set()
    assert look_until(health, "ready")


def test_logged_line_has_no_words_of_an_error() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        record = logging.LogRecord("bert_demo.a", logging.ERROR, __file__, 1, "met %s", ("it",), sys.exc_info())
    found = json.loads(logs.JsonFormatter().format(record))
    assert SECRET not in str(found)
    assert (found["level"], found["logger"], found["message"], found["error"]) == (
        "error",
        "bert_demo.a",
        "met it",
        "ValueError",
    )
    assert re.fullmatch(r"tests/system/test_server.py:\d+ test_logged_line_has_no_words_of_an_error", found["at"][-1])


class Own:
    """A server of these tests: a password, short patience, few requests, one directory, a proxy that hears all."""

    def __init__(self, place: Path) -> None:
        self.place, port = place, free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.right = "Basic " + base64.b64encode(f"anyone:{PASSWORD}".encode()).decode()
        self.heard: list[bytes] = []
        self.proxy = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()
        proxy = f"http://127.0.0.1:{self.proxy.getsockname()[1]}"
        (place / "home").mkdir()
        own = {
            "PORT": str(port),
            "PASSWORD": PASSWORD,
            "SLOW_SECONDS": str(SLOW),
            "REQUESTS_PER_MINUTE": str(REQUESTS),
            "CACHE_DIR": str(place / "cache"),
            "LOG_LEVEL": "debug",
        }
        environment = {
            **{name: value for name, value in os.environ.items() if name.upper() not in ("NO_PROXY", "HF_HOME")},
            **{f"BERT_DEMO_{name}": value for name, value in own.items()},
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"), proxy),
            "HOME": str(place / "home"),
        }
        self.log = place / "log"
        with self.log.open("wb") as log, (place / "reply").open("wb") as reply:
            self.process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=reply, stderr=log
            )

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.proxy.accept()
                with client:
                    client.settimeout(2)
                    with contextlib.suppress(OSError):
                        self.heard.append(client.recv(200))

    def wait_until_ready(self) -> list[tuple[int, str]]:
        """What /healthz says on the way."""
        states: list[tuple[int, str]] = []
        end = time.monotonic() + 100
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            with contextlib.suppress(OSError):
                status, _, body = ask(self.address, "/healthz")
                if (found := (status, json.loads(body)["status"])) not in states:
                    states.append(found)
                if status == 200:
                    return states
            time.sleep(0.3)
        raise AssertionError(self.log.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    server = Own(tmp_path_factory.mktemp("own"))
    try:
        states = server.wait_until_ready()
        assert states == [(503, "starting"), (200, "ready")]
        yield server
    finally:
        server.process.kill()
        server.process.wait()
        server.proxy.close()


def test_password_is_asked_everywhere_but_of_health(own: Own) -> None:
    wrong = "Basic " + base64.b64encode(b"anyone:sesame").decode()
    for path in (
        "/",
        "/config",
        "/metrics",
        "/gradio_api/info",
        "/gradio_api/mcp/",
        "/theme.css",
        "/gradio_api/file=x",
    ):
        status, headers, _ = ask(own.address, path)
        assert (status, headers["www-authenticate"]) == (401, 'Basic realm="BERT under the lens", charset="UTF-8"')
    for given in (wrong, "Basic ???", "Bearer x", "Basic " + base64.b64encode(b"\xff").decode()):
        assert ask(own.address, "/", source="127.0.0.3", authorization=given)[0] == 401
    assert ask(own.address, "/healthz")[0] == 200
    assert ask(own.address, "/", authorization=own.right)[0] == 200
    assert call(own.address, "classify", [SECRET, None, "sentiment"], authorization=own.right) == "complete"


def test_tools_answer_who_knows_the_password(own: Own) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    async def talk() -> str:
        async with (
            create_mcp_http_client(headers={"Authorization": own.right}) as client,
            streamable_http_client(f"{own.address}/gradio_api/mcp/", http_client=client) as (reader, writer, _),
            ClientSession(reader, writer) as session,
        ):
            await session.initialize()
            answer = await session.call_tool("classify", {"text": "A warm film."})
            return str(answer.content[0].text)

    assert json.loads(asyncio.run(talk()))["labels"][0]["label"] == "positive"


def test_one_address_cannot_hold_all_connections() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None: ...

    server = uvicorn.Config(app)
    server.load()
    closed: list[str] = []

    def connected(client: str) -> Any:
        protocol = patient(config=server, server_state=ServerState(), app_state={})
        transport = SimpleNamespace(
            get_extra_info=lambda name: (client, 1) if name == "peername" else None,
            abort=lambda: closed.append(client),
            close=lambda: None,
            is_closing=lambda: False,
        )
        protocol.connection_made(transport)
        return protocol

    async def play() -> None:
        first, _, _ = connected("a"), connected("a"), connected("b")
        connected("a").connection_lost(None)
        assert closed == ["a"]
        first.connection_lost(None)
        connected("a")
        assert closed == ["a"]
        connected("a")
        assert closed == ["a", "a"]

    patient: Any = Connections(5, 2).protocol()
    asyncio.run(play())


def test_password_trials_are_dear(own: Own) -> None:
    wrong = "Basic " + base64.b64encode(b"anyone:guess").decode()
    found = [ask(own.address, "/", source="127.0.0.4", authorization=wrong)[0] for _ in range(8)]
    assert found == [401] * 5 + [429] * 3
    assert ask(own.address, "/", authorization=own.right)[0] == 200


def spent(own: Own, sent: bytes, then: bytes = b"") -> tuple[float, bytes]:
    """(seconds until the server closes the connection, its answer) when `then` drips, a byte each 50 ms."""
    begun, reply = time.monotonic(), b""
    with socket.create_connection(parts(own.address), timeout=4 * SLOW) as client:
        client.sendall(sent)
        with contextlib.suppress(ConnectionError):
            for byte in then:
                client.send(bytes([byte]))
                time.sleep(0.05)
        with contextlib.suppress(ConnectionError):
            while part := client.recv(65536):
                reply += part
    return time.monotonic() - begun, reply


def test_client_that_sends_bytes_one_at_a_time_is_sent_away(own: Own) -> None:
    post = f"POST /gradio_api/call/classify HTTP/1.1\r\nHost: x\r\nAuthorization: {own.right}\r\n".encode()
    ways = {
        "nothing at all": (b"", b""),
        "headers that drip": (b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"a" * 100),
        "headers that stop": (b"GET / HTTP/1.1\r\nHost: x\r\n", b""),
        "a body that drips": (post + b"Content-Length: 500\r\n\r\n", b" " * 100),
        "a body that stops": (post + b"Transfer-Encoding: chunked\r\n\r\n5\r\naaaaa\r\n", b""),
    }
    ways["a body that nobody waits for"] = (
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n",
        b" " * 90,
    )
    with ThreadPoolExecutor(len(ways)) as clients:
        found = dict(zip(ways, clients.map(lambda way: spent(own, *way), ways.values()), strict=True))
    for name, (seconds, reply) in found.items():
        assert SLOW - 0.1 < seconds < SLOW + 4, name
        assert reply.startswith(b"HTTP/1.1 408 ") or ways[name][1], name


def test_client_that_does_not_take_its_answers_is_cut_off(own: Own) -> None:
    get = f"GET /config HTTP/1.1\r\nHost: x\r\nAuthorization: {own.right}\r\n\r\n".encode()
    begun = time.monotonic()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(parts(own.address))
        client.settimeout(10 * SLOW)
        with contextlib.suppress(ConnectionError):
            while True:  # many requests, no reading
                client.sendall(get)
                time.sleep(0.1)
    assert 3 * SLOW - 0.5 < time.monotonic() - begun < 3 * SLOW + 6


def test_address_that_asks_too_often_waits_and_no_other(own: Own) -> None:
    count = 0
    while (count := count + 1) < 10 * REQUESTS:  # meanwhile the bucket fills again
        status, headers, reply = ask(own.address, "/theme.css", source="127.0.0.5", authorization=own.right)
        if status != 200:
            break
    assert status == 429 and count >= REQUESTS
    assert int(headers["retry-after"]) >= 1
    assert json.loads(reply) == {"detail": "Too many requests from your network. Please ask again in a moment."}
    assert ask(own.address, "/theme.css", authorization=own.right)[0] == 200


def test_flood_from_one_visitor_does_not_starve_the_others(own: Own) -> None:
    found = []
    for number in range(70):
        text = f"{SECRET} number {number}, which is a film that nobody has seen and everybody loves all the same."
        data = [text, None, "sentiment", None, "integrated_gradients", "pad", "logit", 0.01, None]
        body = json.dumps({"data": data, "session_hash": "flood"}).encode()
        found.append(ask(own.address, "/gradio_api/call/attribute", body, source="127.0.0.6", authorization=own.right))
    assert [status for status, _, _ in found].count(429) >= 1
    assert json.loads(found[-1][2])["detail"].startswith("You have many questions under way.")
    begun, other = time.monotonic(), ["Another visitor's question.", None, "sentiment"]
    assert call(own.address, "classify", other, authorization=own.right) == "complete"
    assert time.monotonic() - begun < 5
    assert sum(value for name, value in measured_waiting(own).items()) > 10
    stream = f"GET /gradio_api/queue/data?session_hash=flood HTTP/1.1\r\nHost: x\r\nAuthorization: {own.right}\r\n\r\n"
    with socket.create_connection(parts(own.address), timeout=10) as client:
        client.sendall(stream.encode())
        client.recv(1000)


def measured_waiting(own: Own) -> dict[tuple[str, ...], float]:
    found = measured(own.address, authorization=own.right)
    return {name: value for name, value in found.items() if name[0] == "bert_demo_waiting"}


def test_nothing_leaves_for_other_hosts_or_is_written_elsewhere(own: Own) -> None:
    """Everything above was asked by now: no request left for another host, and files lie in the one directory."""
    status, reply = upload(own.address, "rows.csv", b"good,positive\n", authorization=own.right)
    assert status == 200
    assert Path(json.loads(reply)[0]).is_relative_to(own.place / "cache" / "gradio")
    assert own.heard == []
    assert list((own.place / "home").rglob("*")) == []
    assert not (ROOT / ".gradio").exists()


def test_ended_politely_it_has_logged_lines_and_no_words(own: Own) -> None:
    assert call(own.address, "classify", [SECRET, None, "sentiment"], authorization=own.right) == "complete"
    own.process.send_signal(signal.SIGTERM)
    assert own.process.wait(timeout=20) == 0
    text = own.log.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert all({"time", "level", "logger", "message"} <= set(line) for line in lines)
    requests = [line for line in lines if line["message"] == "request"]
    routes = {(line["method"], line["path"], line["status"]) for line in requests}
    assert ("POST", "/gradio_api/call/{api_name}", 200) in routes
    assert ("GET", "/healthz", 503) in routes
    fields = {"time", "level", "logger", "message", "method", "path", "status", "ms"}
    assert all(set(line) == fields for line in requests)
    assert {"open", "ready"} <= {line["message"] for line in lines}
    for word in (SECRET, "Another visitor", PASSWORD, "sesame", "flood", "127.0.0.5", "rows.csv", "Traceback"):
        assert word not in text, word
    assert PASSWORD not in (own.place / "reply").read_text(encoding="utf-8")
