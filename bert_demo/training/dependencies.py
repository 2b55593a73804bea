"""Do heads find grammatical relations? Clark et al. 2019 ("What does BERT look at?"), section 4.2, on CoNLL-U files.

Every head is read as a parser that was never trained: for a dependent, whichever other word it attends to most is taken
for its syntactic head; or, read the other way, whichever other word attends most to it. Each head and direction is
compared with the best fixed offset ("the next word").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bert_demo.backends.hub import reads_at_once
from bert_demo.errors import BadDataError
from bert_demo.known_heads.words import asking_word, most_attended
from bert_demo.results.views import by_words
from bert_demo.training.evaluation.batching import padded
from bert_demo.training.reading import read_lines

OFFSETS = tuple(offset for offset in range(-5, 6) if offset)
"""Distances in words that the baseline may choose from."""
LEFT_OUT = ("punct", "root")
"""Relations that are not measured: punctuation, and the word that has no head."""
ALL = "all"
"""Every relation together."""
BATCH = 32
_WORD, _RANGE, _EMPTY = re.compile(r"[1-9]\d*"), re.compile(r"\d+-\d+"), re.compile(r"\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Syntactic words; heads: (words,) the word that each depends on, from 0, -1 for the root; relations: codes."""

    words: tuple[str, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]

    @property
    def arcs(self) -> list[tuple[int, int, str]]:
        """(dependent, head, relation) of what is measured."""
        rows = zip(range(len(self.words)), self.heads, self.relations, strict=True)
        return [(word, head, relation) for word, head, relation in rows if head >= 0 and relation not in LEFT_OUT]


def read_conllu(path: Path) -> list[Sentence]:
    """Sentences of a CoNLL-U file, plain or .xz (universaldependencies.org/format).

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
            if len(cells) != 10:
                raise BadDataError(f"{path}, row {number}: {len(cells)} columns; CoNLL-U has 10, with tabs between.")
            if not (_RANGE.fullmatch(cells[0]) or _EMPTY.fullmatch(cells[0])):
                rows.append((number, cells))
    sentences += [_sentence(path, rows)] if rows else []
    if not sentences:
        raise BadDataError(f"{path} holds no sentence.")
    return sentences


def _sentence(path: Path, rows: list[tuple[int, list[str]]]) -> Sentence:
    heads = []
    for place, (number, cells) in enumerate(rows, start=1):
        where = f"{path}, row {number}"
        if not _WORD.fullmatch(cells[0]) or int(cells[0]) != place:
            raise BadDataError(f"{where}: the word is numbered {cells[0]!r}, expected {place}.")
        if not cells[1].strip() or not cells[7].strip() or cells[7] == "_":
            raise BadDataError(f"{where}: a word needs a form (column 2) and a relation (column 8).")
        if not re.fullmatch(r"\d+", cells[6]) or int(cells[6]) > len(rows) or int(cells[6]) == place:
            raise BadDataError(f"{where}: the head is {cells[6]!r}, expected another word, 0 to {len(rows)}.")
        heads.append(int(cells[6]) - 1)
    return Sentence(tuple(c[1] for _, c in rows), tuple(heads), tuple(c[7] for _, c in rows))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Who found what. One row for each arc: relation (arcs,), sentence (arcs,) its number; heads: (arcs, 2, layers,
    heads), whether the head finds it, read to the head and from the head; offsets: (arcs, OFFSETS), whether a fixed
    offset does. sentences: how many were read; skipped: how many were not: too long, or with a word that the tokenizer
    does not see."""

    relations: np.ndarray
    sentence: np.ndarray
    heads: np.ndarray
    offsets: np.ndarray
    sentences: int
    skipped: int

    def of(self, relation: str) -> np.ndarray:
        """(arcs,) which rows are of that relation."""
        rows: np.ndarray = np.ones(len(self.relations), bool) if relation == ALL else self.relations == relation
        return rows


def read_sentence(sentence: Sentence, attention: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which arcs are found in (layers, heads, w, w) attention between words: rows of Evidence.heads and .offsets."""
    arcs = sentence.arcs
    asks = np.array([asking_word(sentence.words, word, relation) for word, _, relation in arcs], dtype=int)
    right = np.array([head for _, head, _ in arcs], dtype=int)
    found = np.stack([picks[..., asks] == right for picks in most_attended(attention)])
    by_offset = asks[:, None] + np.array(OFFSETS) == right[:, None]
    return np.moveaxis(found, -1, 0), by_offset


@torch.inference_mode()
def gather(
    model: Any, tokenizer: Any, sentences: Sequence[Sentence], say: Callable[[int, int], None] | None = None
) -> Evidence:
    """Read every sentence with every head; `say(done, of)` tells how far it is. Raises BadDataError: no arc at all."""
    limit = reads_at_once(model.config, tokenizer)
    encoded = [(number, *_encode(tokenizer, sentence)) for number, sentence in enumerate(sentences)]
    usable = [each for each in encoded if len(each[1]) <= limit and all(each[2]) and sentences[each[0]].arcs]
    usable.sort(key=lambda each: len(each[1]))
    found: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for start in range(0, len(usable), BATCH):
        batch = usable[start : start + BATCH]
        layers = model.base_model(
            **padded([ids for _, ids, _ in batch], tokenizer.pad_token_id or 0), output_attentions=True
        ).attentions
        weights = torch.stack(layers, 1).numpy()
        for row, (number, ids, groups) in enumerate(batch):
            words = by_words(weights[row][..., : len(ids), : len(ids)], groups)
            found[number] = read_sentence(sentences[number], words)
        if say:
            say(min(start + BATCH, len(usable)), len(usable))
    if not found:
        raise BadDataError("There is no sentence with a relation that this model can read.")
    arcs = [(number, relation) for number in sorted(found) for _, _, relation in sentences[number].arcs]
    return Evidence(
        np.array([relation for _, relation in arcs]),
        np.array([number for number, _ in arcs]),
        np.concatenate([found[number][0] for number in sorted(found)]),
        np.concatenate([found[number][1] for number in sorted(found)]),
        len(found),
        sum(bool(sentence.arcs) for sentence in sentences) - len(found),
    )


def _encode(tokenizer: Any, sentence: Sentence) -> tuple[list[int], list[list[int]]]:
    """Token ids of the words with spaces between, and the places of each word's pieces."""
    starts, text = [], ""
    for word in sentence.words:
        text += " " if text else ""
        starts.append(len(text))
        text += word
    batch = tokenizer(text, return_special_tokens_mask=True, return_offsets_mapping=True, verbose=False)
    groups: list[list[int]] = [[] for _ in sentence.words]
    for place, ((start, end), special) in enumerate(
        zip(batch["offset_mapping"], batch["special_tokens_mask"], strict=True)
    ):
        if not special and end > start:
            middle = start + (text[start:end][:1] == " ")
            groups[int(np.searchsorted(starts, middle, side="right")) - 1].append(place)
    return list(batch["input_ids"]), groups
