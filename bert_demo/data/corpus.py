"""Raw text: documents, their sentences, which of them are kept apart to measure on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from bert_demo.core.errors import BadDataError
from bert_demo.data.text_files import read_lines

HOLD_OUT_EVERY = 100
"""Of raw text: each so many-th document is kept from training, to measure on."""
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])")
_WORD = re.compile(r"[^\s,]+")
_PARENTHESES = re.compile(r"\([^)]*\)")
_YEAR = re.compile(r"\b(1\d{3}|20[01]\d)\b")
_ARTICLES = {"A", "An", "The", "In"}
_DEFINING = {"is", "are", "refers", "or"}


def read_documents(path: Path) -> Iterator[list[str]]:
    """Yield the documents of a text file (plain or .xz): paragraphs one a line, an empty line ends a document.

    Raises BadDataError when the file is missing, is not UTF-8, or holds no text.
    """
    found = False
    paragraphs: list[str] = []
    for line in read_lines(path):
        if line := line.strip():
            paragraphs.append(line)
        elif paragraphs:
            found = True
            yield paragraphs
            paragraphs = []
    if paragraphs:
        found = True
        yield paragraphs
    if not found:
        raise BadDataError(f"{path} holds no text.")


def split_sentences(paragraph: str) -> list[str]:
    """Cut a paragraph after `.`, `!` or `?` where a capital or a digit follows; a rule of thumb."""
    return [sentence for sentence in _SENTENCE_END.split(paragraph) if sentence]


def is_about_a_thing(document: list[str]) -> bool:
    """Whether an encyclopaedia's article is about a kind of thing rather than a person, a place or a work.

    It is when its first sentence defines ("Ice is ...", "The harp is ..."), names nothing beyond its first word with a
    capital before that verb, and no year stands near. A rule of thumb.
    """
    words = _WORD.findall(_PARENTHESES.sub("", document[0]))[:10]
    subject = words[1:] if words and words[0] in _ARTICLES else words
    before: list[str] = []
    for word in subject:
        if word in _DEFINING:
            return not any(name[:1].isupper() for name in before[1:]) and not _YEAR.search(document[0][:150])
        before.append(word)
    return False


def hold_out(documents: Iterable[list[str]], every: int) -> tuple[list[list[str]], list[list[str]]]:
    """Split documents into (training, held out): each `every`-th whole document is held out."""
    train: list[list[str]] = []
    held: list[list[str]] = []
    for number, document in enumerate(documents, start=1):
        (held if number % every == 0 else train).append(document)
    return train, held
