"""Every word in turn: what the model would have expected there, and how likely it finds the text as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

import numpy as np

from bert_demo.backends.base import Backend, Encoding, Reading
from bert_demo.errors import MaskError
from bert_demo.lenses.joint import Watch, guesses, mask_id, one_window, refuse_flood
from bert_demo.results import Token
from bert_demo.results.guesses import LayerGuesses, Preference, Surprises, WordSurprise

EXPECTED = 5
POSITIONS_AT_ONCE = 64
"""Whose log-probabilities over the vocabulary are held while a layer is read."""


def surprises(
    backend: Backend, text: str, rule: str, watch: Watch, most_read: int | None = None, which: str = "text"
) -> Surprises:
    """The log-probability of each token when it is masked, read in batches; of each word, the sum of its tokens.

    rule: "original" hides the token alone (Salazar et al. 2020), "within_word_l2r" also the later pieces of its word
    (Kauf and Ivanova 2023). What the model expected instead of a word is read with all its pieces hidden.
    Raises TextError (also beyond `most_read` tokens in all), MaskError, MissingHeadError.
    """
    encoding = one_window(backend, text)
    mask = mask_id(backend, encoding)
    if any(token.id == mask and not token.special for token in encoding.tokens):
        raise MaskError(
            f"The {which} has a {backend.mask_token}. Here each word is hidden in turn: write a word there."
        )
    groups = words_of(encoding.tokens)
    readings = _plan(groups, mask, rule)
    refuse_flood(len(readings), len(encoding.tokens), most_read)
    rows = _read(backend, encoding, readings, watch)
    scores: list[float] = []
    words = []
    for group in groups:
        ids = [encoding.tokens[place].id for place in group]
        tables = [next(rows) for _ in group]
        own = [float(table[token]) for table, token in zip(tables, ids, strict=True)]
        whole = next(rows) if rule == "original" and len(group) > 1 else tables[0]
        rank = int((tables[0] > tables[0][ids[0]]).sum()) + 1 if len(group) == 1 else None
        start, end = encoding.tokens[group[0]].start, encoding.tokens[group[-1]].end
        expected = guesses(backend, whole, EXPECTED)
        words.append(WordSurprise(text[start:end], start, end, group, sum(own), rank, expected))
        scores += own
    info = backend.info
    return Surprises(
        info.name, info.revision, text, rule, encoding.tokens, tuple(words), np.array(scores), len(readings)
    )


def _plan(groups: Sequence[tuple[int, ...]], mask: int, rule: str) -> list[Reading]:
    """A reading for each token, and behind those of a word of several pieces one with all of them hidden, where the
    rule has none."""
    readings: list[Reading] = []
    for group in groups:
        for number, place in enumerate(group):
            hidden = group[number:] if rule == "within_word_l2r" else (place,)
            readings.append(Reading(dict.fromkeys(hidden, mask), (place,)))
        if rule == "original" and len(group) > 1:
            readings.append(Reading(dict.fromkeys(group, mask), group[:1]))
    return readings


def _read(backend: Backend, encoding: Encoding, readings: Sequence[Reading], watch: Watch) -> Iterator[np.ndarray]:
    for done, table in enumerate(backend.readings(encoding, 0, readings), start=1):
        watch(done, len(readings))
        yield table[0]


def words_of(tokens: Sequence[Token]) -> list[tuple[int, ...]]:
    """The positions of the tokens of each word, in order; special tokens left out."""
    groups: dict[int | None, list[int]] = {}
    for place, token in enumerate(tokens):
        if not token.special:
            groups.setdefault(token.word, []).append(place)
    return [tuple(group) for group in groups.values()]


def prefer(
    backend: Backend, first: str, second: str, rule: str, watch: Watch, most_read: int | None = None
) -> Preference:
    """Two texts by their pseudo-log-likelihoods, and the words in which they differ, as the model reads them."""
    one = surprises(backend, first, rule, watch, most_read, "first text")
    before = one.readings
    other = surprises(
        backend,
        second,
        rule,
        lambda done, planned: watch(before + done, before + planned),
        most_read,
        "second text",
    )
    spelt = [[tuple(each.tokens[place].id for place in word.tokens) for word in each.words] for each in (one, other)]
    matcher = SequenceMatcher(None, spelt[0], spelt[1], autojunk=False)
    changed: tuple[list[int], list[int]] = ([], [])
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        if kind != "equal":
            changed[0].extend(range(start, end))
            changed[1].extend(range(other_start, other_end))
    return Preference(one, other, (tuple(changed[0]), tuple(changed[1])))


def layer_guesses(backend: Backend, text: str, watch: Watch) -> LayerGuesses:
    """The masked-language-model head read at every layer (nostalgebraist 2020): what it would say if it stopped there.

    `watch` is called after each stretch of positions. Raises TextError, MissingHeadError.
    """
    encoding = one_window(backend, text)
    mask = mask_id(backend, encoding)
    states = backend.hidden_states(encoding, 0)
    own = [None if token.id == mask else token.id for token in encoding.tokens]
    parts = []
    for first in range(0, len(own), POSITIONS_AT_ONCE):
        here = slice(first, first + POSITIONS_AT_ONCE)
        parts.append(_layers_at(backend, states[:, here], own[here]))
        watch(min(first + POSITIONS_AT_ONCE, len(own)), len(own))
    targets, ids, probabilities, ranks = (np.concatenate(each, axis=-1) for each in zip(*parts, strict=True))
    info = backend.info
    return LayerGuesses(
        info.name,
        info.revision,
        encoding.tokens,
        tuple(int(each) for each in targets),
        tuple(backend.token_str(int(each)) for each in targets),
        ids,
        tuple(tuple(backend.token_str(int(each)) for each in row) for row in ids),
        probabilities,
        ranks,
    )


def _layers_at(backend: Backend, states: np.ndarray, own: Sequence[int | None]) -> tuple[np.ndarray, ...]:
    """Targets (n,), and (layers + 1, n) first guesses, their probabilities and the targets' ranks, of some positions.

    own: the token to follow at each, None for the last layer's first guess.
    """
    columns = np.arange(len(own))
    table = backend.read_states(states[-1])
    targets = np.array([int(table[place].argmax()) if each is None else each for place, each in enumerate(own)])
    ids, probabilities, ranks = [], [], []
    for layer in range(len(states) - 1, -1, -1):
        if layer < len(states) - 1:
            table = backend.read_states(states[layer])
        ids.append(table.argmax(-1))
        probabilities.append(np.exp(table[columns, ids[-1]]))
        ranks.append((table > table[columns, targets][:, None]).sum(-1) + 1)
    return targets, np.array(ids[::-1]), np.array(probabilities[::-1]), np.array(ranks[::-1])
