"""Do heads find grammatical relations? Clark et al. 2019 ("What does BERT look at?"), section 4.2, on CoNLL-U files.

Every head is read as a parser that was never trained: for a dependent, whichever other word it attends to most is taken
for its syntactic head; or, read the other way, whichever other word attends most to it. Each head and direction is
compared with the best fixed offset ("the next word").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from bert_demo.core.errors import BadDataError
from bert_demo.data.conllu import Sentence
from bert_demo.models.loading.load import longest_text
from bert_demo.registry.known_heads.words import asking_word, most_attended
from bert_demo.results.attention_views import by_words
from bert_demo.training.batches import padded

OFFSETS = tuple(offset for offset in range(-5, 6) if offset)
"""Distances in words that the baseline may choose from."""
LEFT_OUT = ("punct", "root")
"""Relations that are not measured: punctuation, and the word that has no head."""
ALL = "all"
"""Every relation together."""
BATCH = 32


def arcs(sentence: Sentence) -> list[tuple[int, int, str]]:
    """(dependent, head, relation) of what is measured."""
    rows = zip(range(len(sentence.words)), sentence.heads, sentence.relations, strict=True)
    return [(word, head, relation) for word, head, relation in rows if head >= 0 and relation not in LEFT_OUT]


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


def found_arcs(sentence: Sentence, attention: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which arcs are found in (layers, heads, w, w) attention between words: rows of Evidence.heads and .offsets."""
    measured = arcs(sentence)
    asks = np.array([asking_word(sentence.words, word, relation) for word, _, relation in measured], dtype=int)
    right = np.array([head for _, head, _ in measured], dtype=int)
    found = np.stack([picks[..., asks] == right for picks in most_attended(attention)])
    by_offset = asks[:, None] + np.array(OFFSETS) == right[:, None]
    return np.moveaxis(found, -1, 0), by_offset


@torch.inference_mode()
def gather(
    model: Any, tokenizer: Any, sentences: Sequence[Sentence], on_progress: Callable[[int, int], None] | None = None
) -> Evidence:
    """Read every sentence with every head; `on_progress(done, planned)` is called after each batch.

    Raises BadDataError: no arc at all.
    """
    limit = longest_text(model.config, tokenizer)
    encoded = [(number, *_encode(tokenizer, sentence)) for number, sentence in enumerate(sentences)]
    usable = [each for each in encoded if len(each[1]) <= limit and all(each[2]) and arcs(sentences[each[0]])]
    usable.sort(key=lambda each: len(each[1]))
    found: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    at_once = BATCH if tokenizer.pad_token is not None else 1
    for start in range(0, len(usable), at_once):
        batch = usable[start : start + at_once]
        layers = model.base_model(**padded(tokenizer, [ids for _, ids, _ in batch]), output_attentions=True).attentions
        weights = torch.stack(layers, 1).numpy()
        for row, (number, ids, groups) in enumerate(batch):
            words = by_words(weights[row][..., : len(ids), : len(ids)], groups)
            found[number] = found_arcs(sentences[number], words)
        if on_progress:
            on_progress(start + len(batch), len(usable))
    if not found:
        raise BadDataError("There is no sentence with a relation that this model can read.")
    rows = [(number, relation) for number in sorted(found) for _, _, relation in arcs(sentences[number])]
    return Evidence(
        np.array([relation for _, relation in rows]),
        np.array([number for number, _ in rows]),
        np.concatenate([found[number][0] for number in sorted(found)]),
        np.concatenate([found[number][1] for number in sorted(found)]),
        len(found),
        sum(bool(arcs(sentence)) for sentence in sentences) - len(found),
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
