"""Words that a tokenizer changes before it cuts them: accents, tones and vowel signs that the model never sees."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence

_ALONE = ("KATAKANA", "HIRAGANA", "CJK")
"""Scripts that stand side by side without a space."""
_UNSEEN = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), 0x034F)
"""Marks that choose between forms of one sign."""


def changed_words(normalise: Callable[[str], str], sources: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Each word that is read as another, and what it is read as; "" where nothing is left of it.

    normalise: what the tokenizer does to a text before it parts words. Lower case, full and half width, ligatures and
    decomposed letters count as no change.
    """
    found: dict[str, str] = {}
    for source in sources:
        for word in words(source):
            read = "".join(normalise(word).split()).strip("▁")
            if word not in found and _meant(read) != _meant(word):
                found[word] = read
    return tuple(found.items())


def words(text: str) -> Iterator[str]:
    """Stretches of letters, marks and digits that begin with a letter; kana and ideographs part from each other."""
    word, kind = "", ""
    for sign in text:
        category = unicodedata.category(sign)[0]
        own = _kind(sign) if category == "L" else kind
        if category not in "LMN" or (word and own != kind):
            if word:
                yield word
            word = ""
        if category == "L" or (word and category in "MN"):
            word, kind = word + sign, own
    if word:
        yield word


def _kind(sign: str) -> str:
    name = unicodedata.name(sign, "").replace("HALFWIDTH ", "")
    return next((script for script in _ALONE if name.startswith(script)), "")


def _meant(word: str) -> str:
    """A word without what tells no words apart."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).casefold())
    return "".join(s for s in plain if unicodedata.category(s)[0] in "LMN" and ord(s) not in _UNSEEN)
