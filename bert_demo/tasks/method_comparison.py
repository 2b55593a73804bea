"""Every attribution method on one text, and the test: does the model miss what a method says it needs?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import kendalltau

from bert_demo.attribution import METHODS
from bert_demo.core.errors import TextError
from bert_demo.models.base import Embedded, Encoding, Model
from bert_demo.models.words import in_words
from bert_demo.results import Attribution, Comparison, Trial
from bert_demo.tasks.attribution import OnProgress, attribute
from bert_demo.tasks.attribution_request import Question, Score
from bert_demo.tasks.attribution_targets import Label
from bert_demo.tasks.faithfulness import Erasing, Masking, Measures
from bert_demo.tasks.read_variants import read_once

RANDOM_ORDERS = 30
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
    explained, score = _Once(model), Score(replace(question, output="probability"), model.activation)
    found = _scores(explained, question, text, pair, counter, on_scored)
    masking = Masking(explained.embedded(encoding, 0, question.baseline), encoding, score, counter.add)
    rng = np.random.default_rng(0)
    orders = [rng.permutation(words).tolist() for _ in range(RANDOM_ORDERS)]
    own = [_descending([word.score for word in attribution.words]) for attribution, _ in found]
    chance, curves = masking.curves(orders, own)
    erasing: Sequence[Measures] = [(None, None)] * len(found)
    if pair is None:
        erasing = Erasing(model, encoding, score, counter.add).measures([each.scores for each, _ in found])
    between = slice(1, -1) if words > 1 else slice(1, None)
    trials = [
        Trial(attribution, seconds, curve, float((chance.mean - curve)[between].mean()), *measures)
        for (attribution, seconds), curve, measures in zip(found, curves, erasing, strict=True)
    ]
    info = model.info
    return Comparison(
        model=info.name,
        revision=info.revision,
        target=model.labels[question.target],
        trials=tuple(trials),
        random_mean=chance.mean,
        random_low=chance.low,
        random_high=chance.high,
        orders=RANDOM_ORDERS,
        agreement=_agreement([attribution for attribution, _ in found]),
        forward_passes=counter.passes,
    )


class _Once(Label):
    """A label, of whose window each variant is read once, whichever method asks for it."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._known: dict[tuple[int, str], Embedded] = {}

    def embedded(self, encoding: Encoding, window: int, baseline: str) -> Embedded:
        """The classifier's logits, of one text."""
        if (window, baseline) not in self._known:
            self._known[window, baseline] = read_once(super().embedded(encoding, window, baseline))
        return self._known[window, baseline]


def _scores(
    explained: Label, question: Question, text: str, pair: str | None, counter: _Counter, on_scored: OnScored | None
) -> list[Scored]:
    """What each method finds, in the order of METHODS; those that read attention only where the model has such."""
    found: list[Scored] = []
    for name in METHODS:
        if "attention" in explained.model.capabilities.lacking and name.startswith("attention_"):
            continue
        began = time.perf_counter()
        asked = replace(question, method=name)
        found.append((attribute(explained, asked, text, pair, counter.within), time.perf_counter() - began))
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
