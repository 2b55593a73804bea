"""As a script in the root of a checkout: run app.py, ask /classify, and print what that took as one line of JSON.

First with a profiler in every thread: files and calls of the project in a warm answer to a new text. Then without it:
the time of a round trip over HTTP in this process, and the part of it inside the outermost torch modules.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import threading
import time
import traceback
import urllib.request
from collections import Counter
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Any

PACKAGE = str(Path.cwd() / "bert_demo") + os.sep
TEXTS = (
    "It begins well and ends badly.",
    "Not a masterpiece, but a warm and funny film.",
    "A dull evening with people I do not know.",
    "The actors do what they can, which is a lot.",
    "I would see the first half again at once.",
)
WORDS = (
    *("ok", "yes", "no", "good", "bad", "warm", "cold", "dull", "fine", "great"),
    *("poor", "sad", "happy", "slow", "fast", "long", "short", "funny", "boring", "brilliant"),
    *("weak", "strong", "odd", "nice", "awful", "lovely", "stale", "fresh", "sharp", "flat"),
)

IDLE, COUNTING, OVER = range(3)
state = IDLE
counted: Counter[tuple[str, str]] = Counter()


def _profile(frame: FrameType, event: str, _: Any) -> None:
    if state == IDLE or event != "call":
        return
    if state == OVER:
        sys.setprofile(None)
    elif frame.f_code.co_filename.startswith(PACKAGE):
        counted[frame.f_code.co_filename[len(PACKAGE) :], frame.f_code.co_qualname] += 1


def ask(text: str) -> None:
    """One answer of /classify over HTTP."""
    address = f"http://127.0.0.1:{os.environ['BERT_DEMO_PORT']}/gradio_api/call/classify"
    body = json.dumps({"data": [text, None, "sentiment"]}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=100) as answer:
        number = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{address}/{number}", timeout=100) as answer:
        said = answer.read()
    if not said.startswith(b"event: complete"):
        raise RuntimeError(f"/classify said {said!r}")


def wait_until_warm() -> None:
    """Until /healthz says that every bundled model has answered, and then until nothing is done for two seconds."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{os.environ['BERT_DEMO_PORT']}/healthz", timeout=10).close()
            break
        except OSError:  # an answer 503, too
            time.sleep(1)
    quiet = 0
    while quiet < 4 and time.monotonic() < end:
        before = time.process_time()
        time.sleep(0.5)
        quiet = quiet + 1 if time.process_time() - before < 0.05 else 0


def count() -> dict[str, Any]:
    """Files and calls of our code, mean over all texts but the first."""
    global state
    files = []
    total: Counter[tuple[str, str]] = Counter()
    for number, text in enumerate(TEXTS):
        counted.clear()
        state = COUNTING
        ask(text)
        time.sleep(0.3)  # what follows the answer belongs to it
        state = IDLE
        if number:
            files.append(len({file for file, _ in counted}))
            total.update(counted)
    times = len(TEXTS) - 1
    by_file: Counter[str] = Counter()
    for (file, _), calls in total.items():
        by_file[file] += calls
    return {
        "files": sum(files) / times,
        "calls": sum(total.values()) / times,
        "by_file": {file: calls / times for file, calls in by_file.most_common()},
        "by_function": {f"{file} {name}": calls / times for (file, name), calls in total.most_common(25)},
    }


def clock() -> dict[str, Any]:
    """Milliseconds of a round trip for one word, and of it inside and outside the model: medians over the words."""
    import torch

    inside = [0.0]
    here = threading.local()
    plain = torch.nn.Module.__call__

    def timed(module: torch.nn.Module, *arguments: Any, **named: Any) -> Any:
        if getattr(here, "inside", False):
            return plain(module, *arguments, **named)
        here.inside, began = True, time.perf_counter()
        try:
            return plain(module, *arguments, **named)
        finally:
            inside[0] += time.perf_counter() - began
            here.inside = False

    torch.nn.Module.__call__ = timed
    rows = []
    for word in ("warm up", "warm up again", *WORDS):
        inside[0] = 0.0
        began = time.perf_counter()
        ask(word)
        whole = time.perf_counter() - began
        rows.append((whole * 1000, inside[0] * 1000, (whole - inside[0]) * 1000))
        assert inside[0] > 0, f"{word!r} came from a cache"
        time.sleep(0.05)
    names = ("round_trip_ms", "model_ms", "beyond_ms")
    return {name: median(column) for name, column in zip(names, zip(*rows[2:], strict=True), strict=True)}


def _drive() -> None:
    global state
    status = 1
    try:
        wait_until_warm()
        found = count()
        threading.setprofile(None)
        state = OVER
        for number in range(5):
            ask(f"Profilers leave when they are called: {number}")
        print(json.dumps({**found, **clock()}), flush=True)
        status = 0
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    sys.argv = ["app.py"]
    threading.Thread(target=_drive, daemon=True).start()
    threading.setprofile(_profile)
    sys.setprofile(_profile)
    runpy.run_path("app.py", run_name="__main__")
