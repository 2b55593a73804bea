"""python -m benchmarks.peers: attributions beside ferret 0.4.2 and transformers-interpret 0.10.

Both want transformers 4 and packages of their own, so they run in an environment of their own (.venv-peers, made at
the first call, about 2 GB). Prints how far our comprehensiveness and sufficiency are from ferret's on the same
sentences and scores, and our seconds beside transformers-interpret's at BERT-base size.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.attributions import LENGTHS, OWN, like_bert_base, plain, texts_of
from benchmarks.tables import ROOT
from bert_demo import BertService, Settings

HERE = Path(__file__).resolve().parent
FERRET = "ferret-xai==0.4.2"
EACH = 3


def environment(options: Sequence[str]) -> Path:
    """The Python of the peers' environment, made if it is not there. options: more for pip."""
    folder = ROOT / ".venv-peers"
    python = folder / "bin" / "python"
    if not (folder / "done").is_file():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", *options]
        subprocess.run([*pip, "-r", str(HERE / "requirements.txt")], check=True)
        subprocess.run([*pip, "--no-deps", FERRET], check=True)
        (folder / "done").touch()
    return python


def ask(python: Path, task: dict[str, Any]) -> dict[str, Any]:
    """What attributions_worker.py answers."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(task, file)
        file.flush()
        done = subprocess.run(
            [python, HERE / "attributions_worker.py", file.name], check=True, capture_output=True, text=True
        )
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def beside_ferret(python: Path, folder: Path) -> str:
    """The greatest difference between our measures and ferret's."""
    model, tokenizer = plain("sentiment")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    service = BertService(Settings(cache_mb=0))
    cases, ours = [], []
    for text in OWN:
        found = service.compare(text, target="positive")
        rows = {each.attribution.method: each.attribution.scores.tolist() for each in found.trials}
        cases.append({"text": text, "target": 1, "rows": rows})
        ours.append({each.attribution.method: (each.comprehensiveness, each.sufficiency) for each in found.trials})
    theirs = ask(python, {"model": str(folder), "times": [], "scores": cases})["measures"]
    gaps = [
        abs((mine or 0.0) - its)
        for one, other in zip(ours, theirs, strict=True)
        for method, pair in one.items()
        for mine, its in zip(pair, other[method], strict=True)
    ]
    return f"{len(gaps)} figures of {len(OWN)} sentences; greatest difference from ferret's: {max(gaps):.1e}"


def beside_transformers_interpret(python: Path, folder: Path) -> list[str]:
    """Median seconds of both at BERT-base size, random weights, one after the other."""
    source = like_bert_base(folder)
    _, tokenizer = plain(source)
    service = BertService(Settings(cache_mb=0))
    service.attribute(OWN[0], model=source, target=1)
    lines = []
    for length in LENGTHS:
        texts = texts_of(tokenizer, length, EACH + 1)[0]
        theirs = median(ask(python, {"model": source, "times": texts, "scores": []})["times"][1:])
        mine = []
        for text in texts[1:]:
            began = time.perf_counter()
            service.attribute(text, model=source, target=1)
            mine.append(time.perf_counter() - began)
        lines.append(
            f"{length} tokens: {median(mine):.2f} s; transformers-interpret {theirs:.2f} s; "
            f"ratio {median(mine) / theirs:.2f}"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", type=Path, help="the Python of an environment that has both")
    parser.add_argument("--pip-options", default="", help="more options for pip, such as --index-url=...")
    options = parser.parse_args()
    python = options.python or environment(options.pip_options.split())
    with tempfile.TemporaryDirectory() as folder:
        print(beside_ferret(python, Path(folder)), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(beside_transformers_interpret(python, Path(folder))))


if __name__ == "__main__":
    main()
