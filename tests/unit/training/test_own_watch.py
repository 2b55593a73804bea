"""What a training takes is its own, not its server's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bert_demo.training.own import watch

LARGE = """
import subprocess, sys
held = bytearray(b"x") * (600 << 20)
sys.exit(subprocess.run([sys.executable, "-c", sys.argv[1]]).returncode)
"""
TAKEN = "from bert_demo.training.own.watch import megabytes_taken; print(megabytes_taken())"


@pytest.mark.skipif(sys.platform != "linux", reason="of Linux")
def test_memory_of_the_process_that_started_it_is_not_counted() -> None:
    """getrusage says at least 600 here."""
    told = subprocess.run([sys.executable, "-c", LARGE, TAKEN], capture_output=True, text=True, check=True)
    assert 5 < int(told.stdout) < 500


def test_memory_is_the_most_so_far() -> None:
    held = bytearray(b"x") * (300 << 20)
    largest = psutil.Process().memory_info().rss >> 20
    del held
    assert largest - 2 <= watch.megabytes_taken()


def test_memory_without_proc_is_what_getrusage_says(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")

    def refused(path: Path) -> str:
        raise FileNotFoundError(path)

    monkeypatch.setattr(Path, "read_text", refused)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert watch.megabytes_taken() == most // (2**20 if sys.platform == "darwin" else 2**10)
    monkeypatch.setattr(watch, "resource", None)
    assert watch.megabytes_taken() == 0
