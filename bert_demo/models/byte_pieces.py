"""Pieces of a byte-level vocabulary as the characters they stand for.

Such a vocabulary (Radford et al. 2019) writes each byte of UTF-8 as a character that can be seen: "fÃ" is an f and the
first of the two bytes of an é. Here whole characters are written as they are, and part of one as the character with
the numbers of the bytes that the piece holds, such as "fé₁" and "é₂".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from tokenizers.pre_tokenizers import PreTokenizer

SIGNS = str.maketrans({" ": "\N{OPEN BOX}", "\n": "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}", "\t": "⇥"})
"""A space, a line break and a tab that can be seen."""
_SMALL = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def of_bytes(backend: Any) -> bool:
    """Whether a tokenizer of the tokenizers library writes bytes. Its sections are read, so ask once."""
    sections = [each for each in (backend.normalizer, backend.pre_tokenizer, backend.decoder) if each is not None]
    stated = [
        each.__getstate__() for each in sections if type(each) is not PreTokenizer
    ]  # one in Python states nothing
    return any(b'"ByteLevel"' in each for each in stated)


def readable(pieces: Sequence[str], whole: Sequence[bool]) -> list[str]:
    """Each piece in characters; "" where that is the piece itself, or where it stands for no bytes.

    pieces: as the vocabulary writes them, in the order of the text; whole: those that are special or were added, whose
    text is their own. Bytes that are no UTF-8 are written as numbers.
    """
    shown = [""] * len(pieces)
    places: list[int] = []
    found = bytearray()
    for place, piece in enumerate(pieces):
        bytes_of = None if whole[place] else _bytes(piece)
        if bytes_of is None:
            _write(found, places, shown)
            places, found = [], bytearray()
        else:
            places += [place] * len(bytes_of)
            found += bytes_of
    _write(found, places, shown)
    return ["" if each == piece else each for each, piece in zip(shown, pieces, strict=True)]


def _write(found: bytearray, places: Sequence[int], shown: list[str]) -> None:
    """Characters of a run of bytes, each to the pieces that hold it. places: the piece of each byte."""
    first = 0
    for letter, length in _letters(found):
        owners = places[first : first + length]
        for place in dict.fromkeys(owners):
            held = [number for number, owner in enumerate(owners, start=1) if owner == place]
            part = "" if len(held) == length else "".join(str(number) for number in held).translate(_SMALL)
            shown[place] += letter.translate(SIGNS) + part
        first += length


def _letters(found: bytearray) -> Iterator[tuple[str, int]]:
    """The characters of some bytes, and how many bytes each takes; a byte of none is written as <E6>."""
    first = 0
    while first < len(found):
        for length in range(1, 5):
            try:
                letter = found[first : first + length].decode("utf-8")
            except UnicodeDecodeError:
                continue
            yield letter, length
            first += length
            break
        else:
            yield f"<{found[first]:02X}>", 1
            first += 1


def _bytes(piece: str) -> bytes | None:
    """The bytes that a piece stands for; None where it has a character that stands for none."""
    table = _table()
    return bytes(table[letter] for letter in piece) if all(letter in table for letter in piece) else None


@cache
def _table() -> dict[str, int]:
    """The byte of each character: those that can be seen are themselves, the others follow from U+0100 on."""
    seen = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [number for number in range(256) if number not in seen]
    return {chr(number): number for number in seen} | {chr(256 + n): number for n, number in enumerate(others)}
