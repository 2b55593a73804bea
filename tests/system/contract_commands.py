"""Many commands `python -m bert_demo ...` in little time: the libraries are imported once, each command is a fork.

As a script it reads a JSON list of command lines from standard input and prints their exit statuses and outputs.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = (
    "torch",
    "transformers.models.bert.modeling_bert",
    "transformers.models.bert.tokenization_bert",
    "transformers.models.auto.tokenization_auto",
    "captum.attr",
    "scipy.stats",
    "sklearn.metrics",
    "plotly.graph_objects",
    "pydantic_settings",
)
"""What takes long to import; nothing of the project, which each command imports by itself."""


def run_all(lines: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """What each command line gives: status, out, error. Two run at a time."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BERT_DEMO_")}
    environment["OMP_NUM_THREADS"] = "1"
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps([list(line) for line in lines]),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return list(json.loads(done.stdout))


def _main() -> None:
    sys.path.insert(0, str(ROOT))
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()
    lines = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        running: dict[int, int] = {}
        statuses: dict[int, int] = {}
        for number, words in enumerate(lines):
            running[_start(words, Path(folder) / str(number))] = number
            while len(running) > 1 or (running and number == len(lines) - 1):
                process, status = os.wait()
                statuses[running.pop(process)] = os.waitstatus_to_exitcode(status)
        answers = [{"status": statuses[number], **_read(Path(folder) / str(number))} for number in range(len(lines))]
    json.dump(answers, sys.stdout)


def _start(words: list[str], base: Path) -> int:
    """Fork a command; its outputs go to files beside `base`."""
    sys.stdout.flush()
    process = os.fork()
    if process:
        return process
    for stream, kind in ((1, "out"), (2, "error")):
        os.dup2(os.open(f"{base}.{kind}", os.O_WRONLY | os.O_CREAT), stream)
    sys.argv = ["bert_demo", *words]
    status: Any = 0
    try:
        runpy.run_module("bert_demo", run_name="__main__", alter_sys=True)
    except SystemExit as left:
        status = left.code or 0
        if not isinstance(status, int):
            print(status, file=sys.stderr)
            status = 1
    except BaseException as error:
        print(f"Traceback: {error!r}", file=sys.stderr)
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _read(base: Path) -> dict[str, str]:
    return {kind: Path(f"{base}.{kind}").read_text(encoding="utf-8") for kind in ("out", "error")}


if __name__ == "__main__":
    _main()
