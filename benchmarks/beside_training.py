"""python -m benchmarks.beside_training [--readme]: Classify for 20 visitors beside a training, and beside none.

The app as deployed, visitors in threads of this process, each with a second or two between two questions, texts that
nobody asks twice. Stretches with a training and without take turns; what is trained is LoRA on letters to a town hall.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.app_process import running_app, wait_for
from benchmarks.load.texts import sentence
from benchmarks.tables import BESIDE, HEADER, markdown, printed, put
from bert_demo.registry.training_rows import SETS

VISITORS, SECONDS, TURNS = 20, 40, 2
PAUSE = (1.0, 3.0)
"""Seconds between two questions of a visitor."""
WARM = 5
"""Seconds at the beginning of a stretch that are not counted."""


def call(address: str, endpoint: str, arguments: dict[str, Any]) -> Any:
    """The answer of an endpoint, as any client asks for it: POST, then the stream."""
    asked = urllib.request.Request(
        f"{address}/gradio_api/call/v2/{endpoint}",
        json.dumps(arguments).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=120) as reply:
        number = json.load(reply)["event_id"]
    with urllib.request.urlopen(f"{address}/gradio_api/call/{endpoint}/{number}", timeout=120) as stream:
        event, _, data = stream.read().decode().strip().rpartition("event: ")[2].partition("\ndata: ")
    if event != "complete":
        raise RuntimeError(f"{endpoint}: {data[:300]}")
    return json.loads(data)[0]


def stretch(address: str) -> list[float]:
    """Seconds of each answer in a stretch."""
    found: list[float] = []
    began = time.monotonic()

    def visit() -> None:
        time.sleep(random.uniform(0, PAUSE[1]))
        while time.monotonic() < began + SECONDS:
            asked = time.monotonic()
            call(address, "classify", {"text": sentence(), "model": "sentiment"})
            if asked > began + WARM:
                found.append(time.monotonic() - asked)
            time.sleep(random.uniform(*PAUSE))

    threads = [threading.Thread(target=visit) for _ in range(VISITORS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def beside_training(address: str) -> list[float]:
    """The same while a training computes from the beginning to the end of the stretch."""
    (rows,) = (each for each in SETS if each.name == "town_hall")
    with rows.path.open(encoding="utf-8", newline="") as file:
        given = [[row["text"], row["label"]] for row in csv.DictReader(file)]
    token = call(address, "train", {"rows": given * 4, "way": "lora", "epochs": 50})["token"]
    while (job := call(address, "train_status", {"token": token}))["step"] < 1:
        if job["state"] not in ("queued", "running"):
            raise RuntimeError(job["sentence"])
        time.sleep(0.5)
    found = stretch(address)
    after = call(address, "train_status", {"token": token})
    if after["state"] != "running" or after["step"] <= job["step"]:
        raise RuntimeError(f"the training was {after['state']} at the end of the stretch")
    call(address, "train_stop", {"token": token, "action": "forget"})
    time.sleep(3)
    return found


def measure() -> Iterator[tuple[str, str, str, str]]:
    """Median and 95th percentile."""
    alone: list[float] = []
    beside: list[float] = []
    with tempfile.TemporaryDirectory() as cache, running_app(BERT_DEMO_CACHE_DIR=cache) as (address, _, _):
        wait_for(address)
        for _ in range(3):
            call(address, "classify", {"text": sentence(), "model": "sentiment"})
        for _ in range(TURNS):
            alone += stretch(address)
            beside += beside_training(address)
    for name, share in (("median", 50), ("95th percentile", 95)):
        ours, peer = (float(np.percentile(each, share)) for each in (beside, alone))
        yield (
            f"Classify, {VISITORS} visitors, beside a training: {name} of {len(beside):,} answers",
            f"{1000 * ours:.0f} ms",
            f"{1000 * peer:.0f} ms without a training ({len(alone):,} answers)",
            f"{ours / peer:.2f}",
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.beside_training", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--readme", action="store_true", help="write the table into docs/figures.md")
    options = parser.parse_args()
    table = markdown(HEADER, list(printed(measure())))
    print(table)
    if options.readme:
        put(BESIDE, table)


if __name__ == "__main__":
    main()
