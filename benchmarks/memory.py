"""Memory at rest against the weights loaded, and against the bare imports."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.app_process import running_app, wait_for
from benchmarks.tables import ROOT

BARE = "import torch, transformers, gradio; print(open('/proc/self/status').read())"


def measure() -> Iterator[tuple[str, str, str, str]]:
    """Resident memory of the warm server, less that of a process with the bare imports."""
    with running_app() as (address, process, _):
        wait_for(f"{address}/config", lambda body: "panel decision" in body)
        ours = _resident(Path(f"/proc/{process}/status").read_text(encoding="utf-8"))
    bare = subprocess.run([sys.executable, "-c", BARE], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    imports = _resident(bare)
    weights = 2 * 2 * (ROOT / "assets" / "models" / "base" / "model.safetensors").stat().st_size / 1e6
    yield (
        "memory at rest, both models in float32",
        f"{ours:.0f} MB",
        f"{weights:.0f} MB of weights + {imports:.0f} MB, bare imports",
        f"{ours / (weights + imports):.2f}",
    )


def _resident(status: str) -> float:
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1000
