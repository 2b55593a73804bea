"""The visitors, for locust: no word of this project in it, so that its environment needs nothing of ours.

LOAD_TASK: "class" (half classify, a fifth fill-mask, a fifth attention, a tenth attributions; every third text is the
shared example; from 5 to 15 seconds between two questions), "hurried" (the same without a pause), or an
endpoint that is called without a pause.
"""

from __future__ import annotations

import json
import os
import random
import time
from typing import Any

from locust import FastHttpUser, between, constant, task
from texts import sentence

TASK = os.environ.get("LOAD_TASK", "class")
REST: dict[str, tuple[Any, ...]] = {
    "classify": (None, "sentiment"),
    "fill_mask": ("base", 5, None),
    "attention": (None, "base", None, None),
    "attribute": (None, "sentiment", None, "integrated_gradients", "pad", "logit", 0.01, None),
}
"""What follows the text: gradio's plain calls want every argument."""
SHARED = "Not a masterpiece, but a warm and funny film that never outstays its welcome."


class Visitor(FastHttpUser):
    """One visitor."""

    wait_time = between(5, 15) if TASK == "class" else constant(0)
    network_timeout = 60
    connection_timeout = 60

    def ask(self, endpoint: str, *data: Any) -> None:
        """One call as gradio's clients make it: POST, then the stream of its answer."""
        began = time.perf_counter()
        error: Exception | None = None
        size = 0
        try:
            joined = self.client.post(f"/gradio_api/call/{endpoint}", json={"data": data}, name="join")
            number = json.loads(joined.text)["event_id"]
            answer = self.client.get(f"/gradio_api/call/{endpoint}/{number}", name="stream").text
            size = len(answer)
            events = [line for line in answer.splitlines() if line.startswith("event: ")]  # heartbeats come before
            if events[-1:] != ["event: complete"]:
                error = RuntimeError(answer[:200])
        except Exception as problem:
            error = problem
        self.environment.events.request.fire(
            request_type="call",
            name=endpoint,
            response_time=(time.perf_counter() - began) * 1000,
            response_length=size,
            exception=error,
            context={},
        )

    @task
    def one(self) -> None:
        """The next question."""
        if TASK == "nothing":
            self.ask("nothing", sentence())
        elif TASK not in ("class", "hurried"):
            self.ask(TASK, sentence(), *REST[TASK])
        else:
            text = SHARED if random.random() < 1 / 3 else sentence()
            self.ask(*self._of_a_class(text))

    @staticmethod
    def _of_a_class(text: str) -> tuple[Any, ...]:
        kind = random.choices(("classify", "fill_mask", "attention", "attribute"), (5, 2, 2, 1))[0]
        if kind == "fill_mask":
            text = f"{text} It was [MASK]."
        return kind, text, *REST[kind]
