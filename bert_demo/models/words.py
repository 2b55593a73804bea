"""Words as people mean them: what stands between spaces, with its punctuation apart.

"don't", "9.99", "#tag" and an address are one word each, however a tokenizer parts them. Words are made of its pieces:
where a border of words lies inside a piece, the piece wins, and both words are one. Scripts that put no space between
words have a word for each piece, which in Chinese is a character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bert_demo.models.base import Encoding
from bert_demo.registry.languages import without_spaces
from bert_demo.results import Token

_CHUNK = re.compile(r"\S+")
_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}://|www\.|(?:[a-z0-9-]{1,63}\.){1,9}[a-z]{2,24}/)"
    r"[^\s<>\"\u201c\u201d\u3001\u3002\uff0c\uff1b\uff01\uff1f]*",
    re.IGNORECASE,
)
"""An address of the web, whose last characters may be those of the sentence around it."""
_AROUND = ".,;:!?'\"\u2019\u2026*)]}"
_CLOSING = {")": "(", "]": "[", "}": "{"}
_INITIALS = re.compile(r"(?:[^\W\d_]\.){2,}")
"""Such as U.S. and e.g."""
_INSIDE = frozenset("'\u2019-\u2010\u2011\u2013./\\_&@*\u00b7")
"""Punctuation that joins what stands on both of its sides."""
_IN_NUMBERS = frozenset(",:")
_BEFORE = frozenset("#@")
"""Punctuation that belongs to the word behind it."""
_JOINER = "\u200d"
"""Joins two signs into one, such as those of a family."""


def words_in(text: str) -> list[tuple[int, int]]:
    """(start, end) characters of each word of a text; each mark of punctuation and each symbol is one by itself."""
    return [word for chunk in _CHUNK.finditer(text) for word in _parted(text, *chunk.span())]


def in_words(encoding: Encoding, texts: tuple[str, str | None], rule: str = "spaces") -> Encoding:
    """The same tokens with the words of `words_in` for those of the tokenizer, counted through both texts.

    texts: of which it is the encoding; rule: one of `validation.WORDS`; "tokenizer" leaves everything as it is.
    """
    if rule == "tokenizer":
        return encoding
    numbers = _numbers(encoding.tokens, texts)
    tokens = (
        token if token.word == number else replace(token, word=number)
        for token, number in zip(encoding.tokens, numbers, strict=True)
    )
    return replace(encoding, tokens=tuple(tokens))


def _parted(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The words of a stretch without spaces."""
    while start < end:
        stop = _end(text, start, end)
        yield start, stop
        start = stop


def _end(text: str, start: int, end: int) -> int:
    """Where the word that begins at `start` ends."""
    address = _ADDRESS.match(text, start, end)
    if address:
        return _trimmed(text, start, address.end())
    initials = _INITIALS.match(text, start, end)
    if initials and (initials.end() == end or _is_mark(text[initials.end()])):
        return initials.end()
    if _is_mark(text[start]) and not (text[start] in _BEFORE and start + 1 < end and not _is_mark(text[start + 1])):
        return _end_of_sign(text, start, end)
    stop = start + 1
    while stop < end and (not _is_mark(text[stop]) or _joins(text, stop, start, end)):
        stop += 1
    return stop


def _trimmed(text: str, start: int, end: int) -> int:
    """An address without the punctuation of the sentence behind it; a bracket that it opened itself is its own."""
    while end > start + 1 and text[end - 1] in _AROUND:
        opening = _CLOSING.get(text[end - 1])
        if opening and text.count(opening, start, end) >= text.count(text[end - 1], start, end):
            break
        end -= 1
    return end


def _end_of_sign(text: str, start: int, end: int) -> int:
    """Behind a sign and whatever is written onto it, such as the colour of a skin."""
    stop = start + 1
    while stop < end and (
        text[stop] == _JOINER
        or text[stop - 1] == _JOINER
        or unicodedata.category(text[stop]) in ("Mn", "Me")
        or "\U0001f3fb" <= text[stop] <= "\U0001f3ff"
    ):
        stop += 1
    return stop


def _is_mark(sign: str) -> bool:
    """Whether it is punctuation or a symbol."""
    return unicodedata.category(sign)[0] in "PS"


def _joins(text: str, place: int, start: int, end: int) -> bool:
    """Whether the mark at `place` stands inside a word."""
    if not start < place < end - 1:
        return False
    before, after = text[place - 1], text[place + 1]
    if text[place] in _IN_NUMBERS:
        return before.isdigit() and after.isdigit()
    return text[place] in _INSIDE and not _is_mark(before) and not _is_mark(after)


def _numbers(tokens: Sequence[Token], texts: tuple[str, str | None]) -> list[int | None]:
    """The number of each token's word, None for special ones."""
    owners = [_owners(text or "") for text in texts]
    spans = [_seen(texts[token.segment] or "", token) for token in tokens]
    keys: list[int | None] = [None] * len(tokens)
    last: int | None = None
    for place, token in enumerate(tokens):
        if token.word is None or not spans[place]:
            continue
        last_span = None if last is None else spans[last]
        alike = (
            last is not None
            and tokens[last].segment == token.segment
            and (
                tokens[last].word == token.word
                or not _letters_touch(texts[token.segment] or "", last_span, spans[place])
            )
            and _one_word(texts[token.segment] or "", owners[token.segment], spans[last], spans[place])
        )
        keys[place] = keys[last] if alike and last is not None else place
        last = place
    for place in range(len(tokens) - 1, -1, -1):  # a blank by itself goes with what the tokenizer puts it beside
        if tokens[place].word is not None and keys[place] is None:
            beside = (near for near in (place + 1, place - 1) if keys[near : near + 1] not in ([], [None]))
            same = next((near for near in beside if tokens[near].word == tokens[place].word), None)
            keys[place] = place if same is None else keys[same]
    order: dict[int, int] = {}
    return [None if key is None else order.setdefault(key, len(order)) for key in keys]


def _owners(text: str) -> list[int]:
    """For each character the number of its word, -1 for a space."""
    found = [-1] * len(text)
    for number, (start, end) in enumerate(words_in(text)):
        found[start:end] = [number] * (end - start)
    return found


def _seen(text: str, token: Token) -> tuple[int, int] | None:
    """(start, end) of a token without the blanks that some tokenizers count in; None where nothing is left."""
    part = text[token.start : token.end]
    start = token.start + len(part) - len(part.lstrip())
    end = token.start + len(part.rstrip())
    return (start, end) if start < end else None


def _letters_touch(text: str, one: tuple[int, int] | None, other: tuple[int, int] | None) -> bool:
    """Whether two pieces meet between two letters: a tokenizer that counts them as two words there reads letter by
    letter, as one of proteins does, and people do too."""
    if one is None or other is None or one[1] != other[0]:
        return False
    return text[one[1] - 1].isalpha() and text[other[0]].isalpha()


def _one_word(text: str, owners: Sequence[int], one: tuple[int, int] | None, other: tuple[int, int] | None) -> bool:
    """Whether two neighbouring pieces belong to one word: they share a character, or no border lies between them."""
    if one is None or other is None:
        return False
    if other[0] < one[1]:
        return True
    parted = without_spaces(text[one[1] - 1]) or without_spaces(text[other[0]])
    return owners[one[1] - 1] == owners[other[0]] and not parted
