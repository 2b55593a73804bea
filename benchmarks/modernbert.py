"""python -m benchmarks.modernbert: Integrated Gradients of a model of ModernBERT's size beside captum, in turns.

22 layers of 768 with random weights of a configuration, texts of 128 tokens. Ours closes its ledger; captum takes its
default of 50 Gauss-Legendre points on the embedding module, attention in one fused step. The truth is captum's rule
with POINTS points. Wanted: an error below 0.5 % of the greatest score of the text (95th percentile over tokens), and
at most half of captum's time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, ModernBertConfig, PreTrainedTokenizerFast
from transformers import ModernBertForSequenceClassification as Classifier

from benchmarks.attributions import captum_scores, error_of, texts_of
from benchmarks.tables import ROOT
from bert_demo import BertService, Settings

LENGTH, SENTENCES, POINTS = 128, 2, 100
SPREAD = 0.05
"""Of the random weights; of ModernBERT's own 0.02 the logits hardly move."""


def made(folder: Path, layers: int = 22, width: int = 768) -> str:
    """A classifier with random weights and the words of `base`."""
    AutoTokenizer.from_pretrained(ROOT / "assets" / "models" / "base").save_pretrained(folder)
    words = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"),
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        mask_token="[MASK]",
        unk_token="[UNK]",
        model_max_length=8192,
        model_input_names=["input_ids", "attention_mask"],
    )
    words.save_pretrained(folder)
    torch.manual_seed(0)
    config = ModernBertConfig(
        vocab_size=len(words),
        num_hidden_layers=layers,
        hidden_size=width,
        intermediate_size=width * 3 // 2,
        num_attention_heads=width // 64,
        num_labels=2,
        initializer_range=SPREAD,
        pad_token_id=words.pad_token_id,
        cls_token_id=words.cls_token_id,
        sep_token_id=words.sep_token_id,
        bos_token_id=words.cls_token_id,
        eos_token_id=words.sep_token_id,
    )
    Classifier(config).save_pretrained(folder)
    return str(folder)


def measure(
    folder: Path, sentences: int = SENTENCES, length: int = LENGTH, points: int = POINTS, **sizes: int
) -> Iterator[str]:
    """Lines to print: seconds, passes and error of each text, then the medians and their ratio."""
    source = made(folder, **sizes)
    model = AutoModelForSequenceClassification.from_pretrained(source).eval()
    tokenizer = AutoTokenizer.from_pretrained(source)
    service = BertService(Settings(cache_mb=0))
    first, *texts = texts_of(tokenizer, length, sentences + 1)[0]
    service.attribute(first, model=source, target=1, steps=2)
    captum_scores(model, tokenizer, first, 2)
    ours, peer = [], []
    for text in texts:
        began = time.perf_counter()
        found = service.attribute(text, model=source, target=1)
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        theirs = captum_scores(model, tokenizer, text, 50)
        peer.append(time.perf_counter() - began)
        truth = captum_scores(model, tokenizer, text, points)
        yield (
            f"{ours[-1]:.1f} s, {found.forward_passes} passes, error {error_of([found.scores], [truth])}; captum "
            f"{peer[-1]:.1f} s, 50 points, error {error_of([theirs], [truth])}"
        )
    yield f"medians {median(ours):.1f} s and {median(peer):.1f} s, ratio {median(ours) / median(peer):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.modernbert", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--sentences", type=int, default=SENTENCES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for line in measure(Path(folder), options.sentences):
            print(line, flush=True)


if __name__ == "__main__":
    main()
