"""python -m benchmarks.answers MODEL...: exact match and F1 by SQuAD's rules on XQuAD, English and Chinese.

XQuAD (Artetxe et al. 2020) is looked for in --data, by default ../shared/data/xquad; where it is not there, that is
said and nothing is measured. MODEL: a directory or a hub id of a model that finds answers; none is bundled.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from benchmarks.tables import ROOT
from bert_demo.data.questions import read_questions
from bert_demo.models.transformers_model import load
from bert_demo.registry.models import find, unlisted
from bert_demo.training.evaluation.answers import evaluate
from bert_demo.training.publishing import tables

COLLECTION = ROOT.parent / "shared" / "data" / "xquad"
FILES = {"XQuAD English": "xquad_en.json.xz", "XQuAD Chinese": "xquad_zh.json.xz"}


def measure(names: list[str], folder: Path, rows: int | None = None) -> Iterator[str]:
    """Lines to print: the figures of each model on each language, or that the collection is not there."""
    there = {title: folder / name for title, name in FILES.items() if (folder / name).is_file()}
    if not there:
        yield f"XQuAD is not in {folder}: nothing was measured. Give its folder with --data."
        return
    for name in names:
        model = load(find(name) or unlisted(name))
        for title, path in there.items():
            found = evaluate(model, read_questions(path, rows))
            for what, figure, on in tables.answer_rows(found, title):
                yield f"{name}: {what}: {figure} ({on})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--data", type=Path, default=COLLECTION, help="the folder of xquad_en.json.xz")
    parser.add_argument("--rows", type=int, help="the first so many questions of each language")
    options = parser.parse_args()
    for line in measure(options.models, options.data, options.rows):
        print(line, flush=True)


if __name__ == "__main__":
    main()
