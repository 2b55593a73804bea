"""A visitor who leaves stops costing: the running app, asked over HTTP by a client that closes its stream."""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.request
from urllib.parse import urlsplit

TEXT = "The film is warm and funny and the actors are good but the story is long and the end is dull ."


def counted(server: str, what: str, lens: str) -> float:
    """A figure of /metrics."""
    with urllib.request.urlopen(f"{server}/metrics", timeout=30) as answer:
        found = re.search(rf'^{what}{{lens="{lens}"}} (\S+)$', answer.read().decode(), re.M)
    return float(found[1]) if found else 0.0


def call(server: str, endpoint: str, data: list[object]) -> str:
    """The event id of a call that was sent."""
    request = urllib.request.Request(
        f"{server}/gradio_api/call/{endpoint}",
        data=json.dumps({"data": data}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.load(answer)["event_id"])


def test_closing_the_stream_of_an_endpoint_ends_its_work_at_the_next_batch(server: str) -> None:
    before = counted(server, "bert_demo_seconds_count", "/compare")
    event = call(server, "compare", [f"{TEXT} {TEXT} {TEXT}", None, "sentiment", None, "pad", "logit"])
    connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=30)
    connection.request("GET", f"/gradio_api/call/compare/{event}")
    end = time.monotonic() + 30
    while counted(server, "bert_demo_requests_total", "/compare") == before and time.monotonic() < end:
        time.sleep(0.1)
    time.sleep(1)
    assert counted(server, "bert_demo_seconds_count", "/compare") == before, "the work was too short for this test"
    connection.close()
    left = time.monotonic()
    while counted(server, "bert_demo_seconds_count", "/compare") == before:
        assert time.monotonic() - left < 10, "the work goes on"
        time.sleep(0.2)
    assert counted(server, "bert_demo_errors_total", "/compare") == 0
