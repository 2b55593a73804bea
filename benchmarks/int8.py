"""python -m benchmarks.int8 [MODEL]: int8 by ONNX Runtime, checked against what onnxruntime, the file system and
scikit-learn say by themselves.

It needs packages that are no requirement of the demo (the command says which). SST-2's dev.tsv is looked for in --data,
by default ../shared/data/sst2; where it is not there, that is said and nothing is measured.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score, f1_score

from benchmarks.tables import ROOT
from bert_demo.data.labelled import read_labelled_file
from bert_demo.registry.names import card_of
from bert_demo.results.smaller import SmallerModel
from bert_demo.training.smaller.draft import draft_of
from bert_demo.training.smaller.make import make
from bert_demo.training.smaller.ways import Rows, parsed

COLLECTION = ROOT.parent / "shared" / "data" / "sst2"
BESIDE = 8


def measure(model: str, folder: Path, count: int | None) -> Iterator[str]:
    """Lines to print. Raises AssertionError where a figure is not that of the others."""
    if not (folder / "dev.tsv").is_file():
        yield f"SST-2 is not in {folder}: nothing was measured. Give its folder with --data."
        return
    ways, card = parsed(["int8"], True), card_of(model, "any")
    draft = draft_of(card)
    read = read_labelled_file(folder / "dev.tsv", draft.labels, rows=count)
    with tempfile.TemporaryDirectory() as place:
        output = Path(place, "int8")
        rows = Rows(read.rows, read.lines, 100_000)
        found = make(card, draft, ways, rows, output, lambda done, planned: None)
        yield from _checked(found, output, rows, [places[0] for places in read.labels])


def _checked(found: SmallerModel, output: Path, rows: Rows, truth: list[int]) -> Iterator[str]:
    import onnxruntime
    from tokenizers import Tokenizer

    one, other = found.original, found.smaller
    size = sum(path.stat().st_size for path in output.iterdir() if path.name not in ("README.md", "figures.json"))
    assert other.bytes == size
    yield f"bytes: {other.bytes / one.bytes:.3f} of {one.bytes:,}"
    assert None not in (one.one, one.many, other.one, other.many)
    yield f"time of a text alone: {other.one / one.one:.2f}, in a batch of 32: {other.many / one.many:.2f}"
    session = onnxruntime.InferenceSession(str(output / "model.onnx"))
    tokenizer = Tokenizer.from_file(f"{output}/tokenizer.json")

    def logits(texts: list[str]) -> np.ndarray:
        read = tokenizer.encode_batch(texts)
        given = {
            "input_ids": [each.ids for each in read],
            "token_type_ids": [each.type_ids for each in read],
            "attention_mask": [each.attention_mask for each in read],
        }
        inputs = {each.name: np.array(given[each.name]) for each in session.get_inputs()}
        answer: np.ndarray = session.run(None, inputs)[0]
        return answer

    texts = [text for text, *_ in rows.rows]
    alone = np.concatenate([logits([text]) for text in texts])
    answers = alone.argmax(1)
    assert abs(accuracy_score(truth, answers) - other.accuracy.value) < 1e-9
    assert abs(f1_score(truth, answers, average="macro", zero_division=0) - other.macro_f1.value) < 1e-9
    yield f"accuracy: {one.accuracy.percent()}, in int8 {other.accuracy.percent()}"
    yield f"{found.flips} of {found.rows} answers changed"
    tokenizer.enable_padding()
    starts = range(0, len(texts), BESIDE)
    beside = np.concatenate([logits(texts[start : start + BESIDE]) for start in starts])
    off = np.abs(beside - alone).max()
    flips = int((beside.argmax(1) != answers).sum())
    yield f"a text among {BESIDE}, not alone: logits off by {off:.3f} at most, {flips} of {len(texts)} answers changed"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.int8", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", nargs="?", default="sentiment")
    parser.add_argument("--data", type=Path, default=COLLECTION, help="the folder of dev.tsv")
    parser.add_argument("--rows", type=int, help="the first so many rows")
    options = parser.parse_args()
    for line in measure(options.model, options.data, options.rows):
        print(line, flush=True)


if __name__ == "__main__":
    main()
