"""python -m benchmarks.call --base CHECKOUT: what a call of /classify costs, beside another checkout and the model.

Both apps run at once, warm. Calls of a short text, each another one, go to one and to the other in turns, on one
connection, as gradio's clients make them: POST, then the stream of the answer. Counted are seconds until the answer is
there, and those of the processor that the server used; the forward pass alone is timed in this process, on one thread.
"""

from __future__ import annotations

import argparse
import http.client
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import torch

from benchmarks.app_process import running_app, wait_for
from benchmarks.question import cpu_seconds
from benchmarks.tables import CALL, HEADER, ROOT, markdown, printed, put
from bert_demo import BertService, Settings

TURNS, EACH = 12, 25
"""Turns of each app, and calls in one of them."""
SETTLED = 10
"""Seconds after the first answer, in which the other models are read."""


@dataclass
class Caller:
    """One app. taken: seconds of each call; cpu: seconds of the server's processor a call, for each turn."""

    address: str
    process: int
    taken: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def turn(self, texts: Sequence[str]) -> None:
        """Ask these texts one after the other."""
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc)
        before = cpu_seconds(self.process)
        for text in texts:
            began = time.perf_counter()
            data = json.dumps({"data": [text, None, "sentiment"]})
            connection.request("POST", "/gradio_api/call/classify", data, {"Content-Type": "application/json"})
            number = json.loads(connection.getresponse().read())["event_id"]
            connection.request("GET", f"/gradio_api/call/classify/{number}")
            answer = connection.getresponse().read()
            if b"event: complete" not in answer:
                raise RuntimeError(answer[:200].decode("utf-8", "replace"))
            self.taken.append(time.perf_counter() - began)
        self.cpu.append((cpu_seconds(self.process) - before) / len(texts))
        connection.close()


def texts(turn: int) -> list[str]:
    """Texts of nine words that nobody asked before."""
    return [f"It was film number {turn * EACH + number} and quite good." for number in range(EACH)]


def forward_alone() -> float:
    """Seconds of the processor for the forward pass of such a text, on one thread."""
    torch.set_num_threads(1)
    model = BertService(Settings()).model("sentiment")
    taken = []
    for text in texts(TURNS):
        encoding = model.encode(text)
        inputs = model.encoder.inputs(encoding)
        began = time.thread_time()
        with torch.inference_mode():
            model.encoder.fast()(**inputs)
        taken.append(time.thread_time() - began)
    return median(taken)


def measure(base: Path, peer: str) -> Iterator[tuple[str, str, str, str]]:
    """All rows. peer: how the other checkout is called."""
    with ExitStack() as stack:
        apps = [Caller(*stack.enter_context(running_app(root=root))[:2]) for root in (ROOT, base)]
        for app in apps:
            wait_for(f"{app.address}/config", lambda body: "What the model reads" in body, 0.25)
        time.sleep(SETTLED)
        for turn in range(TURNS + 1):
            for app in apps:
                app.turn(texts(turn))
                if not turn:  # warm now
                    app.taken.clear()
                    app.cpu.clear()
    ours, old = apps
    alone = forward_alone()
    taken = [1e3 * median(app.taken) for app in apps]
    yield "/classify, 9 words: until the answer", *compared(*taken, peer)
    cpu = [1e3 * median(app.cpu) for app in (ours, old)]
    yield "/classify, 9 words: server's processor", *compared(*cpu, peer)
    beyond = [each - 1e3 * alone for each in cpu]
    yield f"the same beyond the forward pass ({1e3 * alone:.1f} ms)", *compared(*beyond, peer)


def compared(ours: float, old: float, peer: str) -> tuple[str, str, str]:
    """Milliseconds of both, and their ratio."""
    return f"{ours:.1f} ms", f"{old:.1f} ms, {peer}", f"{ours / old:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.call", description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="the other checkout")
    parser.add_argument("--peer", default="release 0.3.0", help="how it is called in the table")
    parser.add_argument("--readme", action="store_true", help="write the table between its marks")
    options = parser.parse_args()
    table = markdown(HEADER, list(printed(measure(options.base.resolve(), options.peer))))
    if options.readme:
        put(CALL, table)


if __name__ == "__main__":
    main()
