"""Raw text for masked-language-model training: read it, cut it, pack it.

A corpus is one long row of token ids with the places where sentences and documents begin. A piece is a stretch of
whole sentences of one document, as in the BERT paper (Devlin et al. 2019, appendix A.2), or a single sentence: what
visitors type is short, and in long pieces a hidden word often stands elsewhere, which teaches a model to copy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bert_demo.errors import BadDataError
from bert_demo.training.reading import read_lines

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])")
_SENTENCES_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Corpus:
    """Token ids of a text without special tokens.

    ids: (tokens,); sentences: first token of each sentence and, last, the number of tokens;
    documents: first sentence of each document and, last, the number of sentences.
    """

    ids: np.ndarray
    sentences: np.ndarray
    documents: np.ndarray

    def save(self, path: Path) -> None:
        """Write the three arrays to `path` (npz)."""
        np.savez(path, ids=self.ids, sentences=self.sentences, documents=self.documents)

    @classmethod
    def load(cls, path: Path) -> Corpus:
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            return cls(arrays["ids"], arrays["sentences"], arrays["documents"])


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


_WORD = re.compile(r"[^\s,]+")
_PARENTHESES = re.compile(r"\([^)]*\)")
_YEAR = re.compile(r"\b(1\d{3}|20[01]\d)\b")
_ARTICLES = {"A", "An", "The", "In"}
_DEFINING = {"is", "are", "refers", "or"}


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


def encode(documents: Iterable[list[str]], tokenizer: PreTrainedTokenizerBase) -> Corpus:
    """Tokenise documents without special tokens."""
    texts: list[str] = []
    documents_at = [0]
    for paragraphs in documents:
        texts += [sentence for paragraph in paragraphs for sentence in split_sentences(paragraph)]
        documents_at.append(len(texts))
    rows: list[list[int]] = []
    for start in range(0, len(texts), _SENTENCES_AT_ONCE):
        chunk = texts[start : start + _SENTENCES_AT_ONCE]
        rows += tokenizer(chunk, add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
    sentences_at = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    kind = np.uint16 if len(tokenizer) < 2**16 else np.uint32
    ids = np.fromiter((token for row in rows for token in row), dtype=kind, count=int(sentences_at[-1]))
    return Corpus(ids, sentences_at, np.asarray(documents_at, dtype=np.int64))
