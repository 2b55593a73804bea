"""Every attribution method on one text, and the test: does the model miss what a method says it needs?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from scipy.stats import kendalltau

from bert_demo.attribution import METHODS
from bert_demo.core.errors import TextError
from bert_demo.models.base import Encoding, Model
from bert_demo.models.embedding import embed
from bert_demo.models.words import in_words
from bert_demo.results import Attribution, Comparison, Trial
from bert_demo.tasks.attribution import OnProgress, attribute
from bert_demo.tasks.attribution_request import Question, Score
from bert_demo.tasks.attribution_targets import Label
from bert_demo.tasks.classification import label_logits

RANDOM_ORDERS = 30
THRESHOLDS = np.arange(0.1, 1.1, 0.1)
"""Shares of the tokens for comprehensiveness and sufficiency; ferret's default."""
TOKENS_AT_ONCE = 2048
MOST_WORDS = 120
Scored = tuple[Attribution, float]
"""What a method found, and the seconds that it took."""
OnScored = Callable[[tuple[Scored, ...]], None]
"""Called with what is there whenever another method is done."""
PLAN, PLAN_EACH_WORD = 450, 60
"""Passes that all methods and the test are thought to take, and as many more for each word."""


def compare(
    model: Model,
    question: Question,
    text: str,
    pair: str | None,
    on_progress: OnProgress,
    on_scored: OnScored | None = None,
) -> Comparison:
    """Ask every method, then mask words in the order of each. Raises TextError for a text of several windows."""
    encoding = in_words(model.encode(text, pair), (text, pair), question.words)
    words = len({token.word for token in encoding.tokens if token.word is not None})
    if words > MOST_WORDS:
        raise TextError(f"Methods are compared on texts of up to {MOST_WORDS} words; this one has {words}. Shorten it.")
    if len(encoding.windows) > 1:
        raise TextError(f"Methods are compared on texts of up to {model.info.limit} tokens. Shorten the text.")
    counter = _Counter(on_progress, PLAN + words * PLAN_EACH_WORD)
    found = _scores(model, question, text, pair, counter, on_scored)
    masking = _Masking(model, encoding, question, counter)
    rng = np.random.default_rng(0)
    orders = [rng.permutation(words).tolist() for _ in range(RANDOM_ORDERS)]
    chance = np.stack([masking.curve(order) for order in orders])
    erasing = _Erasing(model, encoding, question, counter) if pair is None else None
    trials = []
    for attribution, seconds in found:
        curve = masking.curve(_descending([word.score for word in attribution.words]))
        between = slice(1, -1) if words > 1 else slice(1, None)
        eraser = erasing.measures(attribution.scores) if erasing else (None, None)
        area = float((chance.mean(0) - curve)[between].mean())
        trials.append(Trial(attribution, seconds, curve, area, *eraser))
    low, high = np.quantile(chance, (0.05, 0.95), axis=0)
    info = model.info
    return Comparison(
        model=info.name,
        revision=info.revision,
        target=model.labels[question.target],
        trials=tuple(trials),
        random_mean=chance.mean(0),
        random_low=low,
        random_high=high,
        orders=RANDOM_ORDERS,
        agreement=_agreement([attribution for attribution, _ in found]),
        forward_passes=counter.passes,
    )


def _scores(
    model: Model, question: Question, text: str, pair: str | None, counter: _Counter, on_scored: OnScored | None
) -> list[Scored]:
    """What each method finds, in the order of METHODS; those that read attention only where the model has such."""
    found: list[Scored] = []
    for name in METHODS:
        if "attention" in model.capabilities.lacking and name.startswith("attention_"):
            continue
        began = time.perf_counter()
        asked = replace(question, method=name)
        found.append((attribute(Label(model), asked, text, pair, counter.within), time.perf_counter() - began))
        counter.add(found[-1][0].forward_passes)
        if on_scored is not None:
            on_scored(tuple(found))
    return found


class _Counter:
    """Passes of all methods together, told as progress."""

    def __init__(self, on_progress: OnProgress, planned: int) -> None:
        self._on_progress, self._planned = on_progress, planned
        self.passes = 0

    def within(self, done: int, planned: int) -> None:
        """Progress of one method."""
        self._on_progress(self.passes + done, max(self._planned, self.passes + planned))

    def add(self, passes: int) -> None:
        """So many more are done."""
        self.passes += passes
        self._on_progress(self.passes, max(self._planned, self.passes))


class _Masking:
    """The probability of the target while words are masked one after the other; each set of words is read once."""

    def __init__(self, model: Model, encoding: Encoding, question: Question, counter: _Counter) -> None:
        self._embedded = embed(model, encoding, 0, question.baseline)
        self._score = Score(replace(question, output="probability"), model.activation)
        self._counter = counter
        tokens = [encoding.tokens[position] for position in encoding.windows[0]]
        places: dict[int, list[int]] = {}
        for place, token in enumerate(tokens):
            if token.word is not None:
                places.setdefault(token.word, []).append(place)
        self._words = list(places.values())
        self._known: dict[frozenset[int], float] = {}

    def curve(self, order: Sequence[int]) -> np.ndarray:
        """(words + 1,): none masked, the first of `order` masked, ..., all masked."""
        sets = [frozenset(order[:count]) for count in range(len(order) + 1)]
        new = list(dict.fromkeys(each for each in sets if each not in self._known))
        size = max(1, TOKENS_AT_ONCE // self._embedded.inputs.shape[1])
        for start in range(0, len(new), size):
            self._read(new[start : start + size])
        return np.asarray([self._known[each] for each in sets])

    @torch.no_grad()
    def _read(self, sets: Sequence[frozenset[int]]) -> None:
        empty = self._embedded.baseline if self._embedded.masked is None else self._embedded.masked
        rows = self._embedded.inputs.repeat(len(sets), 1, 1)
        for row, words in zip(rows, sets, strict=True):
            hidden = [place for word in words for place in self._words[word]]
            row[hidden] = empty[0, hidden]
        probabilities = self._score(self._embedded.logits_from(rows)).tolist()
        self._known.update(zip(sets, probabilities, strict=True))
        self._counter.add(len(sets))


class _Erasing:
    """ERASER's measures as ferret computes them: tokens deleted, the rest written out and read again."""

    def __init__(self, model: Model, encoding: Encoding, question: Question, counter: _Counter) -> None:
        self._model, self._counter = model, counter
        self._score = Score(replace(question, output="probability"), model.activation)
        self._places = [place for place, token in enumerate(encoding.tokens) if not token.special]
        self._ids = [encoding.tokens[place].id for place in self._places]
        frame = tuple(token for token in encoding.tokens if token.special)
        self._nothing = Encoding(frame, (0,) * len(frame), (tuple(range(len(frame))),), ((0, 0),))
        self._whole = self._probability(encoding)

    def measures(self, scores: np.ndarray) -> tuple[float | None, float | None]:
        """(comprehensiveness, sufficiency) of scores (n,), special tokens among them."""
        rationales = list(_rationales(scores[self._places]))
        if not rationales:
            return None, None
        without = [self._of([i for i in range(len(self._ids)) if i not in chosen]) for chosen in map(set, rationales)]
        alone = [self._of(sorted(chosen)) for chosen in rationales]
        return float(np.mean(self._whole - np.asarray(without))), float(np.mean(self._whole - np.asarray(alone)))

    def _of(self, kept: Sequence[int]) -> float:
        try:
            left = self._model.encode(self._model.tokenizer.decode([self._ids[place] for place in kept]))
        except TextError:  # nothing is left that can be read
            left = self._nothing
        return self._probability(left)

    def _probability(self, encoding: Encoding) -> float:
        self._counter.add(1)
        logits = torch.from_numpy(label_logits(self._model, encoding))
        return float(self._score(logits).mean())


def _rationales(scores: np.ndarray) -> list[list[int]]:
    """The tokens of the greatest positive scores, for each of THRESHOLDS that gives other ones than the last."""
    found: list[list[int]] = []
    for share in THRESHOLDS:
        count = int(share * len(scores))
        if not count:
            continue
        chosen = [int(place) for place in scores.argsort()[-count:][::-1] if scores[place] > 0]
        if chosen and not (found and set(found[-1]) == set(chosen)):
            found.append(chosen)
    return found


def _descending(scores: Sequence[float]) -> list[int]:
    return [int(place) for place in np.argsort(-np.asarray(scores), kind="stable")]


def _agreement(attributions: Sequence[Attribution]) -> np.ndarray:
    sizes = [np.abs([word.score for word in each.words]) for each in attributions]
    result = np.eye(len(sizes))
    for one, first in enumerate(sizes):
        for other, second in enumerate(sizes[:one]):
            alike = np.ptp(first) == 0 or np.ptp(second) == 0
            tau = float("nan") if alike else float(kendalltau(first, second).statistic)
            result[one, other] = result[other, one] = tau
    return result
