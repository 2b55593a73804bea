"""From start to the first page and to the first answer, against the bare imports of torch, transformers and gradio."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median

from benchmarks.app_process import running_app, wait_for
from benchmarks.tables import ROOT

TIMES = 3


def measure() -> Iterator[tuple[str, str, str, str]]:
    """Alternates ours and the peer, so that both see the same machine."""
    imports, pages, answers = [], [], []
    for _ in range(TIMES):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch, transformers, gradio"], cwd=ROOT, check=True)
        imports.append(time.perf_counter() - began)
        with running_app() as (address, _, began):
            pages.append(wait_for(address) - began)
            answers.append(wait_for(f"{address}/config", lambda body: "What the model reads" in body, 0.25) - began)
    peer = median(imports)
    for name, taken in (("start to first page", pages), ("start to the first answer in the page", answers)):
        ours = median(taken)
        yield name, f"{ours:.1f} s", f"{peer:.1f} s, bare imports", f"{ours / peer:.2f}"
