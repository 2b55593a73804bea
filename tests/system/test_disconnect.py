"""A visitor who leaves stops costing: the running app, asked over HTTP by a client that closes its stream."""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.request
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from bert_demo import BertService
from bert_demo.api.endpoints import BY_NAME, ENDPOINTS
from bert_demo.api.run import run
from bert_demo.core.scheduler import Cost

TEXT = "The film is warm and funny and the actors are good but the story is long and the end is dull ."
WORDS = "one two three four five six seven eight nine ten"
ENDS = 2.0
"""Seconds after which nothing of the work may go on."""
STUCK = 10.0
"""Seconds after which it is sure that the work was not ended: to its own end each call takes longer."""

LONG: dict[str, dict[str, Any]] = {
    "fill_jointly": {"text": "[MASK] " * 10},
    "score_candidates": {
        "text": f"{TEXT} " * 3 + "A [MASK].",
        "candidates": [f"{WORDS} {number}" for number in range(60)],
    },
    "prefer": {"first": f"{TEXT} " * 8, "second": f"{TEXT} {TEXT} " * 4},
    "surprises": {"text": f"{TEXT} " * 9},
    "attribute": {"text": f"{TEXT} " * 40, "steps": 256},
    "attribute_mask": {"text": f"{TEXT} " * 10 + "[MASK]", "candidate": "good", "steps": 256},
    "attribute_layers": {"text": f"{TEXT} " * 20, "tolerance": 1e-9},
    "compare": {"text": f"{TEXT} " * 5},
    "ablate": {"text": f"{TEXT} " * 40, "heads": [[0, 0]], "attributions": True},
    "head_worth": {"text": f"{TEXT} " * 60},
    "evaluate": {"rows": [[f"{TEXT} " * 40, "positive"], [f"{TEXT} " * 39, "negative"]] * 100},
    "attribute_rows": {"rows": [[f"{TEXT} " * 4, "positive"], [TEXT, "negative"]] * 100, "sample": 200},
    "label_issues": {"rows": [[f"{TEXT} " * 40, "positive"], [f"{TEXT} " * 39, "negative"]] * 100},
    "compare_models": {
        "rows": [[f"{TEXT} " * 38, "positive"], [f"{TEXT} " * 37, "negative"]] * 100,
        "other": "sentiment",
    },
    "attribute_ranking": {"query": TEXT, "first": f"{TEXT} " * 10, "second": f"{TEXT} " * 9, "tolerance": 1e-9},
    "attribute_entity": {"text": f"{TEXT} " * 15, "start": 0, "end": 3, "steps": 256},
    "prune": {"rows": [[f"{TEXT} " * 4, "positive"], [TEXT, "negative"]] * 50, "points": 20, "orders": 5},
}
"""Arguments with which an endpoint would take much longer than this test waits."""


def counted(server: str, what: str, lens: str) -> float:
    """A figure of /metrics, of a lens, a panel or (with a slash) an endpoint."""
    with urllib.request.urlopen(f"{server}/metrics", timeout=30) as answer:
        found = re.search(rf'^{what}{{lens="{lens}"}} (\S+)$', answer.read().decode(), re.M)
    return float(found[1]) if found else 0.0


def call(server: str, endpoint: str, arguments: dict[str, Any]) -> str:
    """The event id of a call that was sent; what is left out is null, as gradio's JavaScript client sends it."""
    data = [arguments.get(name) for name in BY_NAME[endpoint].request.model_fields]
    request = urllib.request.Request(
        f"{server}/gradio_api/call/{endpoint}",
        data=json.dumps({"data": data}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.load(answer)["event_id"])


def test_every_endpoint_of_a_slow_lane_is_closed_early() -> None:
    slow = {each.name for each in ENDPOINTS if each.cost in (Cost.SLOW, Cost.EXCLUSIVE)}
    assert set(LONG) == (slow | {"ablate"}) - {"attribute_answer"}  # no bundled model has its head


def seconds_until_ended(server: str, endpoint: str) -> float:
    """Begin a call, close its stream while it computes, and wait until its work has ended."""
    lens = f"/{endpoint}"
    before = counted(server, "bert_demo_seconds_count", lens)
    begun = counted(server, "bert_demo_requests_total", lens)
    event = call(server, endpoint, LONG[endpoint])
    with closing(http.client.HTTPConnection(urlsplit(server).netloc, timeout=30)) as connection:
        connection.request("GET", f"/gradio_api/call/{endpoint}/{event}")
        end = time.monotonic() + 30
        while counted(server, "bert_demo_requests_total", lens) == begun:
            assert time.monotonic() < end, "the work does not begin"
            time.sleep(0.05)
        assert counted(server, "bert_demo_seconds_count", lens) == before, "the work was too short for this test"
    left = time.monotonic()
    while counted(server, "bert_demo_seconds_count", lens) == before:
        assert time.monotonic() - left < STUCK, "the work goes on"
        time.sleep(0.05)
    return time.monotonic() - left


class BegunError(Exception):
    """Raised by the first word of progress."""


@pytest.mark.parametrize("endpoint", LONG)
def test_calls_that_are_closed_early_are_not_refused(service: BertService, endpoint: str) -> None:
    """A call that is refused ends at once by itself, and would prove nothing."""

    def begun(done: int, planned: int) -> None:
        raise BegunError

    with pytest.raises(BegunError):
        run(BY_NAME[endpoint], service, LONG[endpoint], begun)


@pytest.mark.parametrize("endpoint", LONG)
def test_closing_the_stream_of_an_endpoint_ends_its_work(server: str, endpoint: str) -> None:
    """The best of three, since whatever else runs on the machine slows the wait; no call may ever go on to its end."""
    errors = counted(server, "bert_demo_errors_total", f"/{endpoint}")
    taken = []
    while not taken or (min(taken) >= ENDS and len(taken) < 3):
        taken.append(seconds_until_ended(server, endpoint))
    assert min(taken) < ENDS, taken
    assert counted(server, "bert_demo_errors_total", f"/{endpoint}") == errors
