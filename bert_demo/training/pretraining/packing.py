"""What a batch of pre-training is made of: single stretches of text, and pairs for the next-sentence task.

A piece is a row of five numbers: first token and end of the first text, first token and end of the second one (both 0
when there is none), and the class of the pair: IS_NEXT, NOT_NEXT, or NO_PAIR.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from bert_demo.training.pretraining.corpus import Corpus

IS_NEXT, NOT_NEXT, NO_PAIR = 0, 1, -100
_NEAR = 0.1
"""A passage that does not follow is taken from another document at most this share of the corpus away, so that it is
of the same kind of text: a novel's passage is not told from an encyclopaedia's."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """How text is cut. length: tokens of a piece without special tokens; pair_probability: how likely a piece is a
    pair; single_probability: how likely one that is no pair is a single sentence; short_pairs: share of pairs of a
    random length instead of the full one (0.1 in the paper; visitors write short ones).
    """

    length: int
    single_probability: float = 0.0
    pair_probability: float = 0.0
    short_pairs: float = 1.0


def pack(corpus: Corpus, mixture: Mixture, rng: np.random.Generator) -> np.ndarray:
    """Cut a corpus into pieces of whole sentences, (pieces, 5).

    A piece holds as many sentences of one document as fit into the length, a single one, or two neighbouring passages.
    Of a pair the second is kept (IS_NEXT) or replaced by one of another document (NOT_NEXT) with even odds, as in
    Devlin et al. 2019, appendix A.2. A sentence longer than the length is cut.
    """
    pieces: list[tuple[int, int, int, int, int]] = []
    length = mixture.length
    for first, end in zip(corpus.documents[:-1], corpus.documents[1:], strict=True):
        bounds = corpus.sentences[first : end + 1].tolist()
        position, last = bounds[0], bounds[-1]
        index = 1
        while position < last:
            while bounds[index] <= position:
                index += 1
            if rng.random() < mixture.pair_probability and len(bounds) - index > 1:
                piece, position = _pair(corpus, bounds, index, position, mixture, rng)
                pieces.append(piece)
                continue
            stop = index
            if rng.random() >= mixture.single_probability:
                while stop + 1 < len(bounds) and bounds[stop + 1] - position <= length:
                    stop += 1
            piece_end = min(bounds[stop], position + length)
            pieces.append((position, piece_end, 0, 0, NO_PAIR))
            position = piece_end
    return np.asarray(pieces, dtype=np.int64).reshape(-1, 5)


def _pair(
    corpus: Corpus, bounds: list[int], index: int, position: int, mixture: Mixture, rng: np.random.Generator
) -> tuple[tuple[int, int, int, int, int], int]:
    """A pair of passages and where the text goes on; `bounds[index]` ends the sentence that `position` stands in.

    Both begin with a sentence; what is too long loses its end.
    """
    length = mixture.length
    short = mixture.short_pairs == 1 or rng.random() < mixture.short_pairs
    target = int(rng.integers(min(24, length), length + 1)) if short else length
    stop = index + 1
    while stop + 1 < len(bounds) and bounds[stop + 1] - position <= target:
        stop += 1
    cut = int(rng.integers(index, stop))
    middle = bounds[cut]
    first_end = min(middle, position + length // 2)
    most = length - (first_end - position)
    if rng.random() < 0.5:
        return (position, first_end, middle, min(bounds[stop], middle + most), IS_NEXT), bounds[stop]
    start, end = _foreign(corpus, position, bounds[stop] - middle, rng)
    return (position, first_end, start, min(end, start + most), NOT_NEXT), middle


def _foreign(corpus: Corpus, position: int, room: int, rng: np.random.Generator) -> tuple[int, int]:
    """First token and end of whole sentences of another document not far away: as many as fit `room`, at least one."""
    total = len(corpus.sentences) - 1
    reach = max(200, int(total * _NEAR))
    here = int(np.searchsorted(corpus.sentences, position, side="right")) - 1
    own = int(np.searchsorted(corpus.documents, here, side="right")) - 1
    for attempt in range(1000):
        low, high = (here - reach, here + reach + 1) if attempt < 50 else (0, total)
        sentence = int(rng.integers(max(0, low), min(total, high)))
        document = int(np.searchsorted(corpus.documents, sentence, side="right")) - 1
        if document != own:
            break
    start = int(corpus.sentences[sentence])
    limit = int(corpus.documents[document + 1])
    stop = sentence + 1
    while stop < limit and corpus.sentences[stop + 1] - start <= room:
        stop += 1
    return start, int(corpus.sentences[stop])


def lengths(pieces: np.ndarray) -> np.ndarray:
    """Tokens of each piece with its special tokens, (pieces,)."""
    pairs = pieces[:, 4] != NO_PAIR
    sizes: np.ndarray = pieces[:, 1] - pieces[:, 0] + pieces[:, 3] - pieces[:, 2] + np.where(pairs, 3, 2)
    return sizes


def batches(pieces: np.ndarray, batch_tokens: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Group shuffled pieces of like length so that no batch holds more than `batch_tokens` tokens with its padding."""
    order = rng.permutation(len(pieces))
    sizes = lengths(pieces)
    groups: list[np.ndarray] = []
    for start in range(0, len(order), 4096):
        window = order[start : start + 4096]
        window = window[np.argsort(sizes[window], kind="stable")]
        group: list[int] = []
        for index in window:
            if group and sizes[index] * (len(group) + 1) > batch_tokens:
                groups.append(np.asarray(group))
                group = []
            group.append(int(index))
        groups.append(np.asarray(group))
    return [groups[index] for index in rng.permutation(len(groups))]


@dataclass(frozen=True, slots=True)
class Frame:
    """The ids that frame a text: first, last (also between two texts), and padding."""

    first: int
    last: int
    pad: int


def frame(tokenizer: PreTrainedTokenizerBase) -> Frame:
    """The ids that frame a text."""
    return Frame(int(tokenizer.cls_token_id), int(tokenizer.sep_token_id), int(tokenizer.pad_token_id))


def collate(corpus: Corpus, pieces: np.ndarray, frame: Frame) -> dict[str, torch.Tensor]:
    """input_ids, token_type_ids, attention_mask (batch, length) and next_sentence_label (batch,) of some pieces."""
    width = int(lengths(pieces).max())
    ids = np.full((len(pieces), width), frame.pad, dtype=np.int64)
    types = np.zeros_like(ids)
    attention = np.zeros_like(ids)
    for row, (first, end, second, second_end, kind) in enumerate(pieces.tolist()):
        tokens = [frame.first, *corpus.ids[first:end], frame.last]
        if kind != NO_PAIR:
            types[row, len(tokens) : len(tokens) + second_end - second + 1] = 1
            tokens += [*corpus.ids[second:second_end], frame.last]
        ids[row, : len(tokens)] = tokens
        attention[row, : len(tokens)] = 1
    parts = {"input_ids": ids, "token_type_ids": types, "attention_mask": attention}
    labels = torch.from_numpy(pieces[:, 4].copy())
    return {name: torch.from_numpy(part) for name, part in parts.items()} | {"next_sentence_label": labels}
