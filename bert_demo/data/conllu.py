"""Sentences of a treebank in CoNLL-U (universaldependencies.org/format)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bert_demo.core.errors import BadDataError
from bert_demo.data.text_files import line_of, read_lines

COLUMNS = 10
_ID, _FORM, _HEAD, _RELATION = 0, 1, 6, 7
_WORD, _RANGE, _EMPTY = re.compile(r"[1-9]\d*"), re.compile(r"\d+-\d+"), re.compile(r"\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Syntactic words; heads: (words,) the word that each depends on, from 0, -1 for the root; relations: codes."""

    words: tuple[str, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]


def read_conllu(path: Path) -> list[Sentence]:
    """Read the sentences of a CoNLL-U file, plain or .xz.

    Multiword tokens (1-2) are given as their syntactic words, empty nodes (5.1) are left out. Raises BadDataError.
    """
    sentences: list[Sentence] = []
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate(read_lines(path), start=1):
        line = line.rstrip("\r\n")
        if not line.strip():
            sentences += [_sentence(path, rows)] if rows else []
            rows = []
        elif not line.startswith("#"):
            cells = line.split("\t")
            if len(cells) != COLUMNS:
                raise BadDataError(
                    f"{line_of(path, number)}: {len(cells)} columns; CoNLL-U has {COLUMNS}, with tabs between."
                )
            if not (_RANGE.fullmatch(cells[_ID]) or _EMPTY.fullmatch(cells[_ID])):
                rows.append((number, cells))
    sentences += [_sentence(path, rows)] if rows else []
    if not sentences:
        raise BadDataError(f"{path} holds no sentence.")
    return sentences


def _sentence(path: Path, rows: Sequence[tuple[int, list[str]]]) -> Sentence:
    heads = []
    for expected, (number, cells) in enumerate(rows, start=1):
        where = line_of(path, number)
        if not _WORD.fullmatch(cells[_ID]) or int(cells[_ID]) != expected:
            raise BadDataError(f"{where}: the word is numbered {cells[_ID]!r}, expected {expected}.")
        if not cells[_FORM].strip() or not cells[_RELATION].strip() or cells[_RELATION] == "_":
            raise BadDataError(f"{where}: a word needs a form (column 2) and a relation (column 8).")
        head = int(cells[_HEAD]) if re.fullmatch(r"\d{1,9}", cells[_HEAD]) else len(rows) + 1
        if head > len(rows) or head == expected:
            raise BadDataError(f"{where}: the head is {cells[_HEAD]!r}, expected another word, 0 to {len(rows)}.")
        heads.append(head - 1)
    return Sentence(
        tuple(cells[_FORM] for _, cells in rows), tuple(heads), tuple(cells[_RELATION] for _, cells in rows)
    )
