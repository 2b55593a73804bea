"""What the encoder reads: the tokens of equally long pieces one after another, without padding, some of them masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from bert_demo.training.pretraining.corpus import Corpus
from bert_demo.training.pretraining.masking import MaskingRule, mask_tokens
from bert_demo.training.pretraining.packing import NO_PAIR, Frame, lengths

TOKENS, PLACES, PAIRS = 64, 32, 8
IGNORED = -100


@dataclass(frozen=True, slots=True)
class FlatBatch:
    """Pieces as one row of tokens.

    ids, positions, types: (tokens,), the ids corrupted; shapes: (rows, length) of each group, in order; chosen: places
    of the masked tokens; targets: their true ids; firsts: places of the first token of each pair; follows: the classes
    of the next-sentence task. Each row is filled up to a multiple of its step (`TOKENS`, `PLACES`, `PAIRS`), targets
    and follows with IGNORED, so that products have few shapes: oneDNN compiles and keeps a kernel for each.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    types: torch.Tensor
    shapes: tuple[tuple[int, int], ...]
    chosen: torch.Tensor
    targets: torch.Tensor
    firsts: torch.Tensor
    follows: torch.Tensor

    @property
    def tokens(self) -> int:
        """Tokens that are read."""
        return sum(rows * width for rows, width in self.shapes)

    @property
    def masked(self) -> int:
        """Places whose word is asked for."""
        return int((self.targets != IGNORED).sum())

    @property
    def pairs(self) -> int:
        """Pairs whose class is asked for."""
        return int((self.follows != IGNORED).sum())


def filled(row: torch.Tensor, step: int, value: int) -> torch.Tensor:
    """A row filled up with `value` to a multiple of `step`."""
    return torch.nn.functional.pad(row, (0, -len(row) % step), value=value)


def rows_of(text: Corpus, pieces: np.ndarray, frame: Frame) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and token types, both (rows, length), of pieces of one length."""
    width = int(lengths(pieces[:1])[0])
    ids = np.full((len(pieces), width), frame.last, dtype=np.int64)
    types = np.zeros_like(ids)
    ids[:, 0] = frame.first
    for row, (first, end, second, second_end, kind) in enumerate(pieces.tolist()):
        middle = end - first + 1
        ids[row, 1:middle] = text.ids[first:end]
        if kind != NO_PAIR:
            ids[row, middle + 1 : -1] = text.ids[second:second_end]
            types[row, middle + 1 :] = 1
    return torch.from_numpy(ids), torch.from_numpy(types)


def flatten(
    text: Corpus, groups: Sequence[np.ndarray], frame: Frame, rule: MaskingRule, generator: torch.Generator
) -> FlatBatch:
    """Put groups of pieces, each of one length, one after another, and mask them."""
    parts: list[tuple[torch.Tensor, ...]] = []
    shapes: list[tuple[int, int]] = []
    place = 0
    for pieces in groups:
        ids, types = rows_of(text, pieces, frame)
        corrupted, chosen = mask_tokens(ids, rule, generator)
        rows, width = ids.shape
        kinds = torch.from_numpy(pieces[:, 4].copy())
        paired = kinds != NO_PAIR
        parts.append(
            (
                corrupted.flatten(),
                torch.arange(width).repeat(rows),
                types.flatten(),
                place + chosen.flatten().nonzero()[:, 0],
                ids[chosen],
                place + torch.arange(rows)[paired] * width,
                kinds[paired],
            )
        )
        shapes.append((rows, width))
        place += rows * width
    corrupted, positions, types, chosen, targets, firsts, follows = map(torch.cat, zip(*parts, strict=True))
    return FlatBatch(
        filled(corrupted, TOKENS, frame.pad),
        filled(positions, TOKENS, 0),
        filled(types, TOKENS, 0),
        tuple(shapes),
        filled(chosen, PLACES, 0),
        filled(targets, PLACES, IGNORED),
        filled(firsts, PAIRS, 0),
        filled(follows, PAIRS, IGNORED),
    )


def split_by_tokens(groups: Sequence[np.ndarray], most: int) -> list[list[np.ndarray]]:
    """Part the groups of a step into runs of at most `most` tokens (or of one group)."""
    runs: list[list[np.ndarray]] = []
    held = 0
    for group in groups:
        size = int(lengths(group).sum())
        if not runs or held + size > most:
            runs.append([])
            held = 0
        runs[-1].append(group)
        held += size
    return runs
