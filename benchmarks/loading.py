"""python -m benchmarks.loading: what the trial at load costs, beside loading the model that is tried.

A classifier of BERT-base's size with random weights is written into a temporary directory. In each turn plain
transformers loads it, which maps the weights and reads none; the demo loads it, which reads and checks them; and what
the demo loaded is tried. Seconds are those of the processor, in one thread, so that other work on the machine counts
little.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import torch
import transformers
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertConfig, BertTokenizer
from transformers.utils.output_capturing import maybe_install_capturing_hooks

from benchmarks.tables import HEADER, TRIAL, markdown, printed, put
from bert_demo.models.collation import Collator
from bert_demo.models.encoder import TransformersEncoder
from bert_demo.models.loading.load import Read, find_model, read_model
from bert_demo.models.trial import try_out
from bert_demo.registry.models import directory_card

TIMES = 15
SIZE = 30_522
"""Entries of BERT's vocabulary."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loading", description=__doc__)
    parser.add_argument("--readme", action="store_true", help="write the table between its marks")
    options = parser.parse_args()
    table = markdown(HEADER, list(printed(measure())))
    if options.readme:
        put(TRIAL, table)


def measure() -> Iterator[tuple[str, str, str, str]]:
    """Medians of turns; the first does not count."""
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        _save(Path(folder))
        turns = [_turn(folder) for _ in range(TIMES + 1)][1:]
    names = ("loading it as the demo does", "from_pretrained alone, which reads no weights yet")
    for place, name in enumerate(names, start=1):
        ours, peer = median(turn[0] for turn in turns), median(turn[place] for turn in turns)
        shares = sorted(turn[0] / turn[place] for turn in turns)
        yield (
            "Trial at load, a classifier of BERT-base's size",
            f"{1000 * ours:.0f} ms",
            f"{1000 * peer:.0f} ms, {name}",
            f"{ours / peer:.2f} ({shares[0]:.2f} to {shares[-1]:.2f})",
        )


def _save(place: Path) -> None:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"word{number}" for number in range(SIZE - 5))]
    BertTokenizer(vocab={word: number for number, word in enumerate(words)}).save_pretrained(place)
    torch.manual_seed(0)
    AutoModelForSequenceClassification.from_config(BertConfig(vocab_size=SIZE)).save_pretrained(place)


def _turn(folder: str) -> tuple[float, float, float]:
    """Seconds of the trial, of the demo's loading, and of transformers'."""
    peer, _ = _timed(lambda: _by_transformers(folder))
    loading, read = _timed(lambda: read_model(find_model(directory_card(folder))))
    ours, _ = _timed(lambda: _try(read))
    return ours, loading, peer


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    made = work()
    return time.process_time() - began, made


def _by_transformers(folder: str) -> object:
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    return AutoTokenizer.from_pretrained(folder), model


def _try(read: Read) -> None:
    encoder = TransformersEncoder(read.model, Collator(read.tokenizer), 0)
    maybe_install_capturing_hooks(read.model.base_model)
    found = try_out(encoder, False, list(range(5, SIZE)), 512)
    assert not found.lacking and found.heads == read.config.num_attention_heads


if __name__ == "__main__":
    main()
