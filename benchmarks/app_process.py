"""The app in a process of its own, and how long it takes to answer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.tables import ROOT

PATIENCE = 300
"""Seconds until a server that does not answer is given up."""


@contextmanager
def running_app(*words: str, root: Path = ROOT, **settings: str) -> Iterator[tuple[str, int, float]]:
    """Start app.py of a checkout, or Python with `words`, under environment variables. Yields its address, its process
    id, and the moment it was started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, **settings, "BERT_DEMO_PORT": str(port)}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *(words or ("app.py",))], cwd=root, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}", process.pid, began
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(address: str, holds: Callable[[str], bool] = lambda body: True, pause: float = 0.02) -> float:
    """The moment at which the address answers with a body for which `holds`.

    pause: seconds between two looks; a dear page that is asked all the time takes the processor from what is awaited.
    """
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                if holds(answer.read().decode("utf-8")):
                    return time.perf_counter()
        except OSError:
            pass
        time.sleep(pause)
    raise RuntimeError(f"{address} did not answer")
