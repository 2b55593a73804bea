"""The texts of a plan as token ids, kept beside the checkpoints so that they are read once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from transformers import PreTrainedTokenizerBase

from bert_demo.core.errors import BadDataError
from bert_demo.data import corpus as raw_text
from bert_demo.data.corpus import HOLD_OUT_EVERY
from bert_demo.training.loop import Report
from bert_demo.training.pretraining import corpus as corpora

Encode = Callable[[Iterable[list[str]], PreTrainedTokenizerBase], corpora.Corpus]
_PARAGRAPHS_AT_ONCE = 5_000
_CLOSING = "\"'”’」』）)]"
_SENTENCE_END = re.compile(rf"[。！？!?…]+[{re.escape(_CLOSING)}]*|\.[{re.escape(_CLOSING)}]*(?=\s+[\"'“(\[]?[A-Z0-9])")


def sentence_ends(paragraph: str) -> list[int]:
    """Where the sentences of a paragraph end, in characters; Chinese and English marks, no space is needed after the
    Chinese ones. The last is the end of the paragraph."""
    ends = [match.end() for match in _SENTENCE_END.finditer(paragraph)]
    return ends if ends and ends[-1] == len(paragraph) else [*ends, len(paragraph)]


def encode_paragraphs(documents: Iterable[list[str]], tokenizer: PreTrainedTokenizerBase) -> corpora.Corpus:
    """Tokenise whole paragraphs without special tokens, and find in them where sentences begin.

    Chinese sentences stand side by side: cut apart first, each would begin with the mark of a space that is not there.
    """
    paragraphs: list[str] = []
    firsts = [0]
    for document in documents:
        paragraphs += document
        firsts.append(len(paragraphs))
    rows: list[np.ndarray] = []
    sentences, counts, place = [0], [0], 0
    for start in range(0, len(paragraphs), _PARAGRAPHS_AT_ONCE):
        chunk = paragraphs[start : start + _PARAGRAPHS_AT_ONCE]
        encoded = tokenizer(chunk, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        for paragraph, ids, offsets in zip(chunk, encoded["input_ids"], encoded["offset_mapping"], strict=True):
            begins = np.asarray([begin for begin, _ in offsets])
            here = sorted({*np.searchsorted(begins, sentence_ends(paragraph)[:-1]).tolist(), len(ids)} - {0})
            sentences += [place + end for end in here]
            counts.append(counts[-1] + len(here))
            rows.append(np.asarray(ids, dtype=np.uint16 if len(tokenizer) < 2**16 else np.uint32))
            place += len(ids)
    documents_at = np.asarray(counts, dtype=np.int64)[firsts]
    ids_in_a_row = np.concatenate(rows) if rows else np.empty(0, dtype=np.uint16)
    return corpora.Corpus(ids_in_a_row, np.asarray(sentences, dtype=np.int64), documents_at)


def training_text(
    texts: Sequence[Path],
    tokenizer: PreTrainedTokenizerBase,
    encode: Encode,
    directory: Path,
    report: Report,
    thinned: Sequence[int] = (),
) -> corpora.Corpus:
    """All documents but every `HOLD_OUT_EVERY`th of each file. Read from the cache in `directory` where it is there.

    thinned: for each file, every how many of those documents are read, 1 for all.

    Raises BadDataError for a file that is not there or holds no text.
    """
    files = [(path.name, path.stat().st_size if path.is_file() else 0) for path in texts]
    every = tuple(thinned) or (1,) * len(texts)
    stamp = repr((HOLD_OUT_EVERY, files, every, encode.__name__, sorted(tokenizer.get_vocab().items())))
    cache = directory / f"text-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}.npz"
    if cache.is_file():
        return corpora.Corpus.load(cache)
    documents: list[list[str]] = []
    for path, step in zip(texts, every, strict=True):
        report(f"reading {path.name}")
        documents += raw_text.hold_out(raw_text.read_documents(path), HOLD_OUT_EVERY)[0][::step]
    if not documents:
        raise BadDataError(f"The texts hold too few documents: one in {HOLD_OUT_EVERY} is held out to measure on.")
    found = encode(documents, tokenizer)
    directory.mkdir(parents=True, exist_ok=True)
    part = cache.with_suffix(".part.npz")
    found.save(part)
    part.replace(cache)
    return found
