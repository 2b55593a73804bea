"""python -m benchmarks.load: 200 visitors for two minutes, then classification as fast as the server can, by one,
ten and 200 at once, with and without batches, and what the memory does over an hour's worth of questions.

The visitors are locust's, in an environment of their own (.venv-load, made at the first call), on the same machine as
the server, which is the app as deployed with one endpoint more that does nothing. Traffic goes to 127.0.0.1 alone.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.app_process import running_app, wait_for
from benchmarks.tables import LOAD, ROOT, markdown, printed, put

HERE = Path(__file__).resolve().parent
VISITORS, RAMP, SECONDS = 200, 10, 120
AT_ONCE, EACH, TURNS = 64, 12, 3
"""Of the saturation: calls at once, seconds of each stretch, stretches of each endpoint (they take turns)."""
AT_THE_SAME_TIME = (1, 10, 200)
BATCH = 64
HOUR, STRETCH, HURRIED = 7_200, 60, 32
"""An hour's worth of questions: 20 visitors with ten seconds of thought. They are asked without a pause, so many at
once, and the memory is read every so many seconds."""


def environment(options: Sequence[str]) -> Path:
    """The folder of locust's programs, made if it is not there. options: more for pip."""
    folder = ROOT / ".venv-load"
    if not (folder / "done").is_file():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *options]
        subprocess.run([*pip, "-r", str(HERE / "requirements.txt")], check=True)
        (folder / "done").touch()
    return folder / "bin"


def visit(programs: Path, address: str, task: str, users: int, ramp: int, seconds: int) -> dict[str, dict[str, float]]:
    """What locust counted behind the ramp, by endpoint: calls, errors, per second, and milliseconds at 50 and 95 %."""
    with tempfile.TemporaryDirectory() as folder:
        words = [programs / "locust", "-f", HERE / "visitors.py", "--headless", "--only-summary", "--reset-stats"]
        words += ["-H", address, "-u", str(users), "-r", str(users / ramp), "-t", f"{ramp + seconds}s"]
        words += ["--csv", str(Path(folder) / "of"), "--exit-code-on-error", "0", "--stop-timeout", "20"]
        done = subprocess.run(
            [str(word) for word in words],
            env={**os.environ, "LOAD_TASK": task},
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds + ramp + 120,
        )
        if done.returncode:
            raise SystemExit(f"locust ended with {done.returncode}:\n{done.stderr[-2000:]}")
        with (Path(folder) / "of_stats.csv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["Type"] == "call"]
        for row in csv.DictReader((Path(folder) / "of_failures.csv").open(encoding="utf-8", newline="")):
            print("failure:", row["Method"], row["Name"], row["Error"][:200], row["Occurrences"], flush=True)
    return {
        row["Name"]: {
            "calls": float(row["Request Count"]),
            "errors": float(row["Failure Count"]),
            "rate": float(row["Requests/s"]),
            "p50": float(row["50%"]),
            "p95": float(row["95%"]),
        }
        for row in rows
    }


class Memory:
    """Resident megabytes of a process, sampled every second."""

    def __init__(self, process: int) -> None:
        self._file = Path(f"/proc/{process}/status")
        self.began = time.monotonic()
        self.samples: list[tuple[float, float]] = []

    @contextmanager
    def sampled(self) -> Iterator[None]:
        """Sample until the block ends."""
        ended = threading.Event()

        def sample() -> None:
            while not ended.wait(1):
                self.samples.append((time.monotonic() - self.began, self.now()))

        thread = threading.Thread(target=sample, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def now(self) -> float:
        """MB at this moment."""
        line = next(each for each in self._file.read_text().splitlines() if each.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def most(self, start: float, end: float) -> float:
        """The most between two moments, in seconds from the beginning."""
        return max(size for moment, size in self.samples if start <= moment <= end)


def class_of(programs: Path, address: str, memory: Memory, seconds: int) -> Iterator[tuple[str, str, str]]:
    """The rows of the class."""
    memory.began = time.monotonic()
    with memory.sampled():
        found = visit(programs, address, "class", VISITORS, RAMP, seconds)
    for name, aim in (("classify", 1.0), ("fill_mask", 1.0), ("attention", None), ("attribute", 5.0)):
        row = found[name]
        yield (
            f"{VISITORS} visitors, {seconds} s: {name}, {row['calls']:.0f} calls, {row['errors']:.0f} errors",
            f"median {row['p50'] / 1000:.2f} s, 95th percentile {row['p95'] / 1000:.2f} s",
            f"95th percentile under {aim:.0f} s" if aim else "no aim",
        )
    half = RAMP + seconds / 2
    early, late = memory.most(RAMP, half), memory.most(half, RAMP + seconds)
    yield f"memory, {VISITORS} visitors", f"{early:.0f} MB in the first half, {late:.0f} MB in the second", "flat"


def saturation(programs: Path, address: str) -> Iterator[tuple[str, str, str]]:
    """The row of the saturation, as means over the stretches."""
    rates: dict[str, list[float]] = {"nothing": [], "classify": []}
    for _ in range(TURNS):
        for name, kept in rates.items():
            row = visit(programs, address, name, AT_ONCE, 2, EACH)[name]
            print(f"{name}: {row['rate']:.0f} calls a second, {row['errors']:.0f} errors", flush=True)
            kept.append(row["rate"])
    mean = {name: sum(kept) / len(kept) for name, kept in rates.items()}
    share = mean["classify"] / mean["nothing"]
    yield (
        f"classification of different texts, {AT_ONCE} at once",
        f"{mean['classify']:.0f} calls a second; {mean['nothing']:.0f} of an endpoint that does nothing: {share:.2f}",
        "0.80 or more",
    )


def concurrency(programs: Path, address: str, unbatched: str) -> Iterator[tuple[str, str, str]]:
    """The rows of classification by so many at once without a pause, with batches and without, which take turns."""
    for users in AT_THE_SAME_TIME:
        kept: dict[str, list[dict[str, float]]] = {address: [], unbatched: []}
        for _ in range(2):
            for server, rows in kept.items():
                rows.append(visit(programs, server, "classify", users, 2, EACH)["classify"])
        cells = [
            f"{sum(row['rate'] for row in rows) / len(rows):.0f} calls a second, median "
            f"{sum(row['p50'] for row in rows) / len(rows) / 1000:.2f} s, 95th percentile "
            f"{max(row['p95'] for row in rows) / 1000:.2f} s, {sum(row['errors'] for row in rows):.0f} errors"
            for rows in kept.values()
        ]
        yield f"classification of different texts, {users} at once", cells[0], f"no batches: {cells[1]}"


def hour(programs: Path, address: str, process: int) -> Iterator[tuple[str, str, str]]:
    """The row of the memory over an hour's worth of questions."""
    memory = Memory(process)
    done, errors, sizes = 0.0, 0.0, []
    while done < HOUR:
        rows = visit(programs, address, "hurried", HURRIED, 2, STRETCH).values()
        done += sum(row["calls"] for row in rows)
        errors += sum(row["errors"] for row in rows)
        sizes.append(f"{memory.now():.0f} ({kept_results(address):.0f}) after {done:.0f}")
        print(f"memory in MB (of it results kept): {sizes[-1]} questions, {errors:.0f} errors", flush=True)
    name = f"memory in MB (of it results kept) over an hour's worth of questions of a class, {errors:.0f} errors"
    yield name, ", ".join(sizes), "flat but for the results"


def kept_results(address: str) -> float:
    """MB of the results that the server keeps, as it says itself."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=20) as answer:
        lines = answer.read().decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith("bert_demo_cache_bytes ")) / 1e6


def bare() -> Iterator[tuple[str, str, str]]:
    """Texts a second of transformers' own model, BATCH in a batch, with nothing else computing."""
    import torch

    from benchmarks.attributions import plain
    from benchmarks.load.texts import sentences

    model, tokenizer = plain("sentiment")
    batches = [tokenizer(sentences(BATCH), padding=True, return_tensors="pt") for _ in range(5)]
    with torch.inference_mode():
        model(**batches[0])
        began = time.perf_counter()
        for batch in batches[1:]:
            model(**batch)
    rate = BATCH * (len(batches) - 1) / (time.perf_counter() - began)
    yield "the bare model, texts in batches", f"{rate:.0f} texts a second", "none"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--readme", action="store_true", help="write the table between its marks")
    parser.add_argument(
        "--only", choices=("class", "saturation", "concurrency", "hour", "bare"), help="one of the runs"
    )
    parser.add_argument("--seconds", type=int, default=SECONDS, help="of the class, behind the ramp")
    parser.add_argument("--pip-options", default="", help="more options for pip, such as --index-url=...")
    options = parser.parse_args()
    programs = environment(options.pip_options.split())
    rows: list[Sequence[str]] = []

    def keep(found: Iterator[tuple[str, str, str]]) -> None:
        rows.extend(printed(found))

    with running_app("-m", "benchmarks.load.server") as (address, process, _):
        wait_for(f"{address}/config", lambda body: "panel decision" in body)
        if options.only in (None, "class"):
            keep(class_of(programs, address, Memory(process), options.seconds))
        if options.only in (None, "saturation"):
            keep(saturation(programs, address))
        if options.only in (None, "concurrency"):
            with running_app("-m", "benchmarks.load.server", BERT_DEMO_BATCH_TOKENS="0") as (unbatched, _, _):
                wait_for(f"{unbatched}/config", lambda body: "panel decision" in body)
                keep(concurrency(programs, address, unbatched))
        if options.only in (None, "hour"):
            keep(hour(programs, address, process))
    if options.only in (None, "bare"):
        keep(bare())
    if options.readme:
        put(LOAD, markdown(("what", "measured", "aim, or peer in the same run"), rows))


if __name__ == "__main__":
    main()
