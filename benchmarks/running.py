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
from statistics import median

ROOT = Path(__file__).resolve().parent.parent


def put_into_readme(table: str, begin: str, end: str) -> None:
    """Put a table between two marks of README.md."""
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(begin)
    readme.write_text(f"{before}{begin}\n{table}\n{end}{rest.partition(end)[2]}", encoding="utf-8")


@contextmanager
def running_app(*words: str, **settings: str) -> Iterator[tuple[str, int, float]]:
    """Start app.py, or Python with `words`, under environment variables. Yields its address, its process id, and the
    moment it was started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, **settings, "BERT_DEMO_PORT": str(port)}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *(words or ("app.py",))], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}", process.pid, began
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(address: str, holds: Callable[[str], bool] = lambda body: True) -> float:
    """The moment at which the address answers with a body for which `holds`."""
    end = time.perf_counter() + 120
    while time.perf_counter() < end:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                if holds(answer.read().decode("utf-8")):
                    return time.perf_counter()
        except OSError:
            pass
        time.sleep(0.02)
    raise RuntimeError(f"{address} did not answer")


def seconds(work: Callable[[], object], times: int) -> float:
    """Median seconds of `times` runs, after one that does not count."""
    work()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return median(taken)


def interleaved(ours: Callable[[], object], peer: Callable[[], object], times: int) -> tuple[float, float]:
    """Median seconds of both, taking turns, so that whatever else the machine does slows both alike."""
    taken: tuple[list[float], list[float]] = ([], [])
    ours(), peer()
    for _ in range(times):
        for work, kept in zip((ours, peer), taken, strict=True):
            began = time.perf_counter()
            work()
            kept.append(time.perf_counter() - began)
    return median(taken[0]), median(taken[1])
