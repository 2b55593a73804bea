"""Which words carried the decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from bert_demo.attribution import METHODS
from bert_demo.attribution.base import Problem
from bert_demo.backends.base import Backend, Encoding
from bert_demo.errors import TextError
from bert_demo.results import Attribution, Token, WordScore

FIRST_STEPS = 16
MOST_WINDOWS = 8
"""Windows of a text that are explained; each costs as many passes as a text of its own."""

AGREEMENT = 3.0
"""Scores count as settled when doubling the steps moved none by more than so many tolerances of the greatest score."""

OnProgress = Callable[[int, int], None]
"""Called with (passes done, passes planned so far); raise CancelledError in it to stop the work."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the attribution. target: index of the label; steps: None for as many as `tolerance` needs."""

    target: int
    method: str
    baseline: str
    output: str
    tolerance: float
    steps: int | None
    max_steps: int


def attribute(
    backend: Backend, question: Question, text: str, pair: str | None, on_progress: OnProgress
) -> Attribution:
    """Share out the target's score among the tokens; a long text is explained as the mean of its windows."""
    return _Run(backend, question, on_progress).explain(text, pair)


class _Run:
    """One request: windows one after the other, steps doubled until each window's ledger closes."""

    def __init__(self, backend: Backend, question: Question, on_progress: OnProgress) -> None:
        self.backend, self.question, self.on_progress = backend, question, on_progress
        self.method = METHODS[question.method]
        self.passes = 0
        self.planned = 0

    def explain(self, text: str, pair: str | None) -> Attribution:
        question = self.question
        encoding = self.backend.encode(text, pair)
        if len(encoding.windows) > MOST_WINDOWS:
            raise TextError(
                f"The text is read in {len(encoding.windows)} windows; up to {MOST_WINDOWS} can be explained. "
                "Shorten it."
            )
        share = 1 / len(encoding.windows)
        scores = np.zeros(len(encoding.tokens), dtype=np.float64)
        ends = np.zeros(2)
        most = 0
        for window, positions in enumerate(encoding.windows):
            remaining = len(encoding.windows) - window - 1
            part, window_ends, points = self._explain_window(encoding, window, remaining)
            np.add.at(scores, list(positions), part * share)
            ends += window_ends * share
            most = max(most, points)
        info = self.backend.info
        return Attribution(
            model=info.name,
            revision=info.revision,
            method=self.method.name,
            target=self.backend.labels[question.target],
            baseline=question.baseline,
            output=question.output,
            tokens=encoding.tokens,
            words=_word_scores(encoding.tokens, scores, (text, pair)),
            scores=scores,
            input_output=float(ends[0]),
            baseline_output=float(ends[1]),
            tolerance=question.tolerance,
            steps=most,
            forward_passes=self.passes,
            windows=len(encoding.windows),
            criterion=_criterion(scores, float(ends[0] - ends[1]), question.tolerance),
        )

    def _explain_window(self, encoding: Encoding, window: int, remaining: int) -> tuple[np.ndarray, np.ndarray, int]:
        question = self.question
        embedded = self.backend.embedded(encoding, window, question.baseline)
        first = question.steps or min(FIRST_STEPS, question.max_steps)
        self.planned = self.passes + (remaining + 1) * (first + 2)

        def function(embeddings: torch.Tensor) -> torch.Tensor:
            self.on_progress(self.passes, max(self.planned, self.passes))
            logits = embedded.logits_from(embeddings)
            self.passes += embeddings.shape[0]
            if question.output == "probability":
                logits = logits.sigmoid() if self.backend.activation == "sigmoid" else logits.softmax(-1)
            return logits[:, question.target]

        with torch.no_grad():
            ends = function(torch.cat((embedded.inputs, embedded.baseline))).double().numpy()
        steps = first
        last: np.ndarray | None = None
        while True:
            solution = self.method.attribute(Problem(function, embedded.inputs, embedded.baseline), steps)
            scores = solution.scores.double().numpy()
            closed = _criterion(scores, float(ends[0] - ends[1]), question.tolerance) != "none"
            settled = closed and last is not None and _agree(scores, last, question.tolerance)
            if settled or question.steps is not None or steps * 2 > question.max_steps:
                return scores, ends, solution.points
            last = scores
            steps *= 2
            self.planned = self.passes + steps + remaining * (first + 2)


def _agree(scores: np.ndarray, last: np.ndarray, tolerance: float) -> bool:
    """Whether half as many steps gave the same scores: a ledger also closes by errors that cancel in the sum."""
    return float(np.abs(scores - last).max()) <= AGREEMENT * tolerance * float(np.abs(scores).max())


def _criterion(scores: np.ndarray, difference: float, tolerance: float) -> str:
    missing = abs(float(scores.sum()) - difference)
    if missing <= tolerance * abs(difference):
        return "difference"
    if missing <= tolerance / 10 * float(np.abs(scores).sum()):
        return "movement"
    return "none"


def _word_scores(tokens: Sequence[Token], scores: np.ndarray, texts: tuple[str, str | None]) -> tuple[WordScore, ...]:
    places: dict[int, list[int]] = {}
    for place, token in enumerate(tokens):
        if token.word is not None:
            places.setdefault(token.word, []).append(place)
    words: list[WordScore] = []
    for members in places.values():
        source = texts[tokens[members[0]].segment] or ""
        start, end = tokens[members[0]].start, tokens[members[-1]].end
        words.append(WordScore(source[start:end], tuple(members), float(scores[members].sum())))
    return tuple(words)
