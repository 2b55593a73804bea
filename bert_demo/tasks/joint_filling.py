"""Several masks filled together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from bert_demo.core.errors import MaskError, MissingHeadError, TextError
from bert_demo.models.base import Encoding, Model, Reading
from bert_demo.models.masked_readings import log_probabilities
from bert_demo.results.masked_lm import JointFilling, JointFillings, TokenGuess
from bert_demo.tasks.fill_mask import best, spelt, written

MOST_MASKS = 10
"""Masks that are filled together; the readings grow with their square."""
BEAMS, WIDTH = 16, 8
"""Fillings that are kept at each step, and tokens that are tried at each mask of each."""
SEEDS = 64
"""Tokens of each mask that are tried as the first to be filled, whatever they had by themselves."""
ROUNDS, MOVES = 10, 2
"""Times that the best fillings are improved, and tokens that may take the place of another in each round."""
MOST_READ = 20_000
"""Tokens of all readings of one search together, about; of a long text fewer fillings are kept (two at least)."""

JobProgress = Callable[[int, int], None]
"""Called with (done, planned so far); raise CancelledError in it to stop the work."""
Filled = Mapping[int, int]
Key = tuple[int, ...]


def masks_of(model: Model, text: str) -> tuple[Encoding, tuple[int, ...]]:
    """The tokens of a text of one window, and the positions of its masks. Raises MaskError, TextError, ..."""
    encoding = one_window(model, text)
    number = mask_id(model, encoding)
    places = tuple(place for place, token in enumerate(encoding.tokens) if token.id == number and not token.special)
    if not places:
        raise MaskError(f"There is no {model.mask_token} in the text. Put one in place of a word.")
    return encoding, places


def mask_id(model: Model, encoding: Encoding) -> int:
    """The mask of a masked-language model. Raises MissingHeadError."""
    model.heads["fill-mask"]  # raises MissingHeadError
    if model.mask_token is None:
        raise MissingHeadError(f'The model {model.info.name} has no mask token. Choose one that has, such as "base".')
    return model.tokenizer.token_ids(model.mask_token)[0]


def one_window(model: Model, text: str, pair: str | None = None) -> Encoding:
    """The tokens of a text that the model reads at once. Raises TextError."""
    encoding = model.encode(text, pair)
    if len(encoding.windows) > 1:
        raise TextError(
            f"The text has {len(encoding.tokens)} tokens and this model reads {model.info.limit} at once. Shorten it."
        )
    return encoding


def refuse_flood(readings: int, length: int, most: int | None) -> None:
    """Raises TextError where so many variants of a text of so many tokens are more than `most` tokens."""
    if most is not None and readings * length > most:
        raise TextError(
            f"This would read {readings} variants of {length} tokens, {readings * length:,} in all; one call reads up "
            f"to {most:,}. Shorten the text, or ask for less at once."
        )


def fill_jointly(model: Model, text: str, top_k: int, watch: JobProgress) -> JointFillings:
    """The best fillings of all masks together, by pseudo-log-likelihood, beside the independent guesses.

    A beam search over the order of filling: at each step every unfilled mask of every kept filling is read, and its
    best tokens are tried, the surest first. Beside it many tokens that are not likely by themselves are each tried
    first, and those kept that make the other masks surest ("York" makes "New" so). What is found, and the independent
    filling, are then scored with every other mask filled, and improved one mask at a time; the independent one is among
    them, so that none is worse.
    """
    encoding, places = masks_of(model, text)
    if len(places) > MOST_MASKS:
        raise MaskError(f"The text has {len(places)} masks; up to {MOST_MASKS} are filled together. Take some away.")
    search = _Search(model, encoding, places, watch)
    (apart,) = search.read([{}], [places])
    alone = {place: int(scores.argmax()) for place, scores in zip(places, apart, strict=True)}
    found = search.improved([alone, *search.beam(apart), *search.seeded(apart)])
    ranked = sorted(found.items(), key=lambda each: -sum(each[1]))
    slots = tuple(guesses(model, scores, top_k) for scores in apart)
    key = _key(alone, places)
    fillings = [_filling(model, text, encoding, places, each, found[each], each == key) for each, _ in ranked[:top_k]]
    independent = _filling(model, text, encoding, places, key, found[key], True)
    return JointFillings(model.info.name, model.info.revision, text, tuple(fillings), independent, slots, search.done)


class _Search:
    """The readings of one text: every filling is a mapping of positions to tokens."""

    def __init__(self, model: Model, encoding: Encoding, places: tuple[int, ...], watch: JobProgress) -> None:
        self.model, self.encoding, self.places, self.watch = model, encoding, places, watch
        self.done = self.planned = 0
        self.most = MOST_READ // len(encoding.tokens)
        self.kept = min(BEAMS, max(2, self.most // (2 * len(places))))
        self._known: dict[Key, dict[int, float]] = {}

    def read(self, filled: Sequence[Filled], asked: Sequence[Sequence[int]]) -> Iterator[np.ndarray]:
        """For each filling (asked positions, vocabulary) log-probabilities."""
        self.planned += len(filled)
        readings = [Reading(each, tuple(places)) for each, places in zip(filled, asked, strict=True)]
        for scores in log_probabilities(self.model, self.encoding, 0, readings):
            self.done += 1
            self.watch(self.done, self.planned)
            yield scores

    def beam(self, apart: np.ndarray) -> list[Filled]:
        """Complete fillings, found by filling the masks in the order that the model is surest of.

        apart: (masks, vocabulary) log-probabilities with nothing filled.
        """
        kept: dict[frozenset[tuple[int, int]], float] = {frozenset(): 0.0}
        for step in range(len(self.places)):
            states = [dict(each) for each in kept]
            open_ = [[place for place in self.places if place not in state] for state in states]
            tables = self.read(states, open_) if step else iter([apart])
            more: dict[frozenset[tuple[int, int]], float] = {}
            for state, rest, table, before in zip(states, open_, tables, kept.values(), strict=True):
                for place, scores in zip(rest, table, strict=True):
                    for token in best(scores, WIDTH):
                        grown = frozenset((*state.items(), (place, token)))
                        more[grown] = max(more.get(grown, -np.inf), before + float(scores[token]))
            kept = dict(sorted(more.items(), key=lambda each: -each[1])[: self.kept])
        return [dict(each) for each in kept]

    def seeded(self, apart: np.ndarray) -> list[Filled]:
        """Complete fillings: one mask's token, and behind it the best of every other mask by itself; those of which the
        others are surest. apart: (masks, vocabulary) log-probabilities with nothing filled.
        """
        count = min(SEEDS, self.most // (4 * len(self.places)))
        if len(self.places) == 1 or not count:
            return []
        seeds = [
            (place, token) for place, scores in zip(self.places, apart, strict=True) for token in best(scores, count)
        ]
        rest = [[each for each in self.places if each != place] for place, _ in seeds]
        found: list[tuple[float, Filled]] = []
        for seed, others, table in zip(seeds, rest, self.read([dict([each]) for each in seeds], rest), strict=True):
            filling = dict([seed, *zip(others, map(int, table.argmax(-1)), strict=True)])
            found.append((float(table.max(-1).sum()), filling))
        return [filling for _, filling in sorted(found, key=lambda each: -each[0])[: self.kept]]

    def improved(self, found: Sequence[Filled]) -> dict[Key, tuple[float, ...]]:
        """Scores of these fillings, and of those that the best of them lead to when one mask's token gives way to what
        the model prefers there, for as long as there are new ones."""
        scored: dict[Key, tuple[float, ...]] = {}
        ahead = {_key(each, self.places): each for each in found}
        for _ in range(ROUNDS):
            self._read_conditionals(list(ahead.values()))
            for key, filled in ahead.items():
                scored[key] = tuple(self._known[self._others(filled, place)][filled[place]] for place in self.places)
            leaders = sorted(scored, key=lambda key: -sum(scored[key]))[: self.kept]
            near = [each for leader in leaders for each in self._moves(dict(zip(self.places, leader, strict=True)))]
            ahead = {key: each for each in near if (key := _key(each, self.places)) not in scored}
            ahead = dict(list(ahead.items())[: max(0, self.most - self.done) // len(self.places)])
            if not ahead:
                break
        return scored

    def _moves(self, filled: Filled) -> list[Filled]:
        """Fillings in which one mask's token gives way to one of the best there."""
        return [
            {**filled, place: token}
            for place in self.places
            for token in list(self._known[self._others(filled, place)])[:MOVES]
        ]

    def _others(self, filled: Filled, place: int) -> Key:
        return (place, *(filled[other] for other in self.places if other != place))

    def _read_conditionals(self, filled: Sequence[Filled]) -> None:
        """Know for each filling and mask the log-probability of its token with the others filled, and the best there.

        Fillings that differ at one mask alone have the same reading there.
        """
        wanted: dict[Key, tuple[Filled, list[int]]] = {}
        for each in filled:
            for place in self.places:
                key = self._others(each, place)
                if each[place] not in self._known.get(key, {}):
                    others = {other: token for other, token in each.items() if other != place}
                    wanted.setdefault(key, (others, []))[1].append(each[place])
        rows = self.read([others for others, _ in wanted.values()], [key[:1] for key in wanted])
        for (key, (_, tokens)), table in zip(wanted.items(), rows, strict=True):
            known = self._known.setdefault(key, {})
            for token in (*best(table[0], MOVES), *tokens):
                known[token] = float(table[0, token])


def _key(filled: Filled, places: Sequence[int]) -> Key:
    return tuple(filled[place] for place in places)


def guesses(model: Model, scores: np.ndarray, top_k: int) -> tuple[TokenGuess, ...]:
    """The entries of the vocabulary with the highest log-probabilities, best first."""
    return tuple(
        TokenGuess(model.tokenizer.token_str(each), each, float(np.exp(np.float64(scores[each]))))
        for each in best(scores, top_k)
    )


def _filling(
    model: Model,
    text: str,
    encoding: Encoding,
    places: Sequence[int],
    tokens: Key,
    scores: tuple[float, ...],
    independent: bool,
) -> JointFilling:
    names = tuple(model.tokenizer.token_str(token) for token in tokens)
    at = [encoding.tokens[place] for place in places]
    parts = [(each.start, each.end, spelt(model, text, each, token)) for each, token in zip(at, tokens, strict=True)]
    return JointFilling(tokens, names, scores, float(sum(scores)), written(text, parts), independent)
