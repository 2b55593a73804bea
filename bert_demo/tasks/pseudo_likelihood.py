"""Every word in turn: what the model would have expected there, and how likely it finds the text as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

import numpy as np

from bert_demo.core.errors import MaskError
from bert_demo.models.base import Encoding, Model, Reading
from bert_demo.models.masked_readings import log_probabilities, states_as_words
from bert_demo.models.words import in_words
from bert_demo.results import Token
from bert_demo.results.masked_lm import LayerGuesses, Preference, Surprises, WordSurprise
from bert_demo.tasks.joint_filling import JobProgress, guesses, mask_id, one_window, refuse_flood

EXPECTED = 5
POSITIONS_AT_ONCE = 64
"""Whose log-probabilities over the vocabulary are held while a layer is read."""


def surprises(
    model: Model,
    text: str,
    rule: str,
    watch: JobProgress,
    most_read: int | None = None,
    which: str = "text",
    words: str = "spaces",
) -> Surprises:
    """The log-probability of each token when it is masked, read in batches; of each word, the sum of its tokens.

    rule: "original" hides the token alone (Salazar et al. 2020), "within_word_l2r" also the later pieces of its word
    (Kauf and Ivanova 2023), which is one of the tokenizer's. words: one of `validation.WORDS`, what a word is in the
    answer; what the model expected instead of it is read with all its pieces hidden.
    Raises TextError (also beyond `most_read` tokens in all), MaskError, MissingHeadError.
    """
    encoding = one_window(model, text)
    mask = mask_id(model, encoding)
    if any(token.id == mask and not token.special for token in encoding.tokens):
        raise MaskError(f"The {which} has a {model.mask_token}. Here each word is hidden in turn: write a word there.")
    groups = words_of(in_words(encoding, (text, None), words).tokens)
    plan = _plan(groups, words_of(encoding.tokens), mask, rule)
    readings = [each for each, _ in plan]
    wholes = {each.asked[0] for each, own in plan if not own}
    refuse_flood(len(readings), len(encoding.tokens), most_read)
    rows = _read(model, encoding, readings, watch)
    scores: list[float] = []
    found = []
    for group in groups:
        ids = [encoding.tokens[place].id for place in group]
        tables = [next(rows) for _ in group]
        own = [float(table[token]) for table, token in zip(tables, ids, strict=True)]
        whole = next(rows) if group[0] in wholes else tables[0]
        rank = int((tables[0] > tables[0][ids[0]]).sum()) + 1 if len(group) == 1 else None
        start, end = encoding.tokens[group[0]].start, encoding.tokens[group[-1]].end
        expected = guesses(model, whole, EXPECTED)
        found.append(WordSurprise(text[start:end], start, end, group, sum(own), rank, expected))
        scores += own
    info = model.info
    return Surprises(
        info.name, info.revision, text, rule, encoding.tokens, tuple(found), np.array(scores), len(readings)
    )


def token_scores(model: Model, encoding: Encoding, rule: str = "original") -> np.ndarray:
    """(tokens that are not special,) log-probability of each when it is hidden, in the order of the text.

    Their sum is the pseudo-log-likelihood of the text (Salazar et al. 2020). rule: as in `surprises`. Raises
    MissingHeadError.
    """
    groups = words_of(encoding.tokens)
    readings = [(each, own) for each, own in _plan(groups, groups, mask_id(model, encoding), rule) if own]
    rows = log_probabilities(model, encoding, 0, [each for each, _ in readings])
    ids = [encoding.tokens[each.asked[0]].id for each, _ in readings]
    return np.array([float(row[0, token]) for row, token in zip(rows, ids, strict=True)])


def _plan(
    groups: Sequence[tuple[int, ...]], parted: Sequence[tuple[int, ...]], mask: int, rule: str
) -> list[tuple[Reading, bool]]:
    """A reading for each token (True), and behind those of a word of several pieces one with all of them hidden, where
    the rule has none. parted: the tokenizer's words, within which the rule hides."""
    later = {place: group[number:] for group in parted for number, place in enumerate(group)}
    readings: list[tuple[Reading, bool]] = []
    for group in groups:
        hidden = [later[place] if rule == "within_word_l2r" else (place,) for place in group]
        readings += [
            (Reading(dict.fromkeys(each, mask), (place,)), True) for each, place in zip(hidden, group, strict=True)
        ]
        if hidden[0] != group:
            readings.append((Reading(dict.fromkeys(group, mask), group[:1]), False))
    return readings


def _read(model: Model, encoding: Encoding, readings: Sequence[Reading], watch: JobProgress) -> Iterator[np.ndarray]:
    for done, table in enumerate(log_probabilities(model, encoding, 0, readings), start=1):
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
    model: Model,
    first: str,
    second: str,
    rule: str,
    watch: JobProgress,
    most_read: int | None = None,
    words: str = "spaces",
) -> Preference:
    """Two texts by their pseudo-log-likelihoods, and the words in which they differ, as the model reads them."""
    one = surprises(model, first, rule, watch, most_read, "first text", words)
    before = one.readings
    other = surprises(
        model,
        second,
        rule,
        lambda done, planned: watch(before + done, before + planned),
        most_read,
        "second text",
        words,
    )
    spelt = [[tuple(each.tokens[place].id for place in word.tokens) for word in each.words] for each in (one, other)]
    matcher = SequenceMatcher(None, spelt[0], spelt[1], autojunk=False)
    changed: tuple[list[int], list[int]] = ([], [])
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        if kind != "equal":
            changed[0].extend(range(start, end))
            changed[1].extend(range(other_start, other_end))
    return Preference(one, other, (tuple(changed[0]), tuple(changed[1])))


def layer_guesses(model: Model, text: str, watch: JobProgress) -> LayerGuesses:
    """The masked-language-model head read at every layer (nostalgebraist 2020): what it would say if it stopped there.

    `watch` is called after each stretch of positions. Raises TextError, MissingHeadError.
    """
    encoding = one_window(model, text)
    mask = mask_id(model, encoding)
    states = model.encoder.hidden_states(encoding, 0)
    own = [None if token.id == mask else token.id for token in encoding.tokens]
    parts = []
    for first in range(0, len(own), POSITIONS_AT_ONCE):
        here = slice(first, first + POSITIONS_AT_ONCE)
        parts.append(_layers_at(model, states[:, here], own[here]))
        watch(min(first + POSITIONS_AT_ONCE, len(own)), len(own))
    targets, ids, probabilities, ranks = (np.concatenate(each, axis=-1) for each in zip(*parts, strict=True))
    info = model.info
    return LayerGuesses(
        info.name,
        info.revision,
        encoding.tokens,
        tuple(int(each) for each in targets),
        tuple(model.tokenizer.token_str(int(each)) for each in targets),
        ids,
        tuple(tuple(model.tokenizer.token_str(int(each)) for each in row) for row in ids),
        probabilities,
        ranks,
    )


def _layers_at(model: Model, states: np.ndarray, own: Sequence[int | None]) -> tuple[np.ndarray, ...]:
    """Targets (n,), and (layers + 1, n) first guesses, their probabilities and the targets' ranks, of some positions.

    own: the token to follow at each, None for the last layer's first guess.
    """
    columns = np.arange(len(own))
    table = states_as_words(model, states[-1])
    targets = np.array([int(table[place].argmax()) if each is None else each for place, each in enumerate(own)])
    ids, probabilities, ranks = [], [], []
    for layer in range(len(states) - 1, -1, -1):
        if layer < len(states) - 1:
            table = states_as_words(model, states[layer])
        ids.append(table.argmax(-1))
        probabilities.append(np.exp(table[columns, ids[-1]]))
        ranks.append((table > table[columns, targets][:, None]).sum(-1) + 1)
    return targets, np.array(ids[::-1]), np.array(probabilities[::-1]), np.array(ranks[::-1])
