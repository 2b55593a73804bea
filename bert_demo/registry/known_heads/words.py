"""The pieces of each word, and the word that each word is linked with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bert_demo.results import Token

POSSESSIVES = ("'s", "'", "\N{RIGHT SINGLE QUOTATION MARK}s", "\N{RIGHT SINGLE QUOTATION MARK}")
POSSESSOR = "nmod:poss"


def most_attended(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(..., w, w) attention between words -> two (..., w): for each word the other word that it looks at most, and the
    other word that looks at it most; -1 where there is no other word."""
    if weights.shape[-1] < 2:
        none = np.full(weights.shape[:-1], -1)
        return none, none.copy()
    others = np.where(np.eye(weights.shape[-1], dtype=bool), -1.0, weights)
    return others.argmax(-1), others.argmax(-2)


def asking_word(words: Sequence[str], dependent: int, relation: str) -> int:
    """The word whose pick is judged: the dependent, but for a possessor with 's behind it the 's, as in the paper: BERT
    and the treebank disagree about which of the two belongs to the noun."""
    behind = words[dependent + 1] if dependent + 1 < len(words) else ""
    return dependent + 1 if relation == POSSESSOR and behind.lower() in POSSESSIVES else dependent


def group_pieces(
    tokens: Sequence[Token], texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]] | None]
) -> tuple[list[str], list[list[int]], list[tuple[int, int] | None]]:
    """Words of the texts, the places of their pieces among `tokens`, and (text, number in `spans`) of each.

    texts: one or two; spans: for each (start, end) characters of its words where they are known; elsewhere words are
    as the model's tokenizer divides the text, and the third is None. A word without a piece in `tokens` is left out.
    Some tokenizers count the space before a word as its first character; it is not.
    """
    places: dict[tuple[int, int], list[int]] = {}
    for place, token in enumerate(tokens):
        if token.special or token.word is None:
            continue
        given = spans[token.segment]
        number: int | None = token.word
        if given is not None:
            begin = token.start + (texts[token.segment][token.start : token.end][:1] == " ")
            number = next((n for n, (start, end) in enumerate(given) if start <= begin < end), None)
        if number is not None:
            places.setdefault((token.segment, number), []).append(place)
    names = [
        texts[segment][tokens[pieces[0]].start : tokens[pieces[-1]].end].strip()
        for (segment, _), pieces in places.items()
    ]
    keys = [key if spans[key[0]] is not None else None for key in places]
    return names, list(places.values()), keys
