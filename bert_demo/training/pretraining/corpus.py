"""Raw text as token ids, for masked-language-model training.

A corpus is one long row of token ids with the places where sentences and documents begin. A piece is a stretch of
whole sentences of one document, as in the BERT paper (Devlin et al. 2019, appendix A.2), or a single sentence: what
visitors type is short, and in long pieces a hidden word often stands elsewhere, which teaches a model to copy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bert_demo.data.corpus import split_sentences

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

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
