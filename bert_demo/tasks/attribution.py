"""Which words carried the decision."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from bert_demo.attribution import METHODS
from bert_demo.attribution.base import Function, Problem, Refining, Solution
from bert_demo.core.errors import ChoiceError, ModelError, TextError
from bert_demo.models.base import Embedded, Encoding
from bert_demo.models.words import in_words
from bert_demo.registry.attribution_methods import CARDS
from bert_demo.results import Attribution, Token, WordScore
from bert_demo.tasks.attribution_request import Question, Score
from bert_demo.tasks.attribution_targets import Explained

MOST_WINDOWS = 8
"""Windows of a text that are explained; each costs as many passes as a text of its own."""
FIRST_PLAN = 16
"""Passes that a window is thought to take until it takes more."""
UNSETTLED = 3.0
"""The panels of a path may be open by so many times what the whole ledger may be: their errors can cancel in it."""

ROUNDING = 8 * float(np.finfo(np.float32).eps)
"""What single precision may lose of a score of the size of one: a ledger open by less cannot be closed further."""
MOST_TOKENS_READ = 1_500_000

OnProgress = Callable[[int, int], None]
"""Called with (passes done, passes planned so far); raise CancelledError in it to stop the work."""
OnEstimate = Callable[[Attribution], None]
"""Called with each estimate that is not the last."""


def attribute(
    explained: Explained,
    question: Question,
    text: str,
    pair: str | None,
    on_progress: OnProgress,
    on_estimate: OnEstimate | None = None,
) -> Attribution:
    """Share out the target's score among the tokens; a long text is explained as the mean of its windows."""
    found: Attribution | None = None
    for estimate in _Run(explained, question, on_progress).estimates(text, pair):
        if found is not None and on_estimate is not None:
            on_estimate(found)
        found = estimate
    if found is None:
        raise RuntimeError("a text has at least one window")
    return found


class _Run:
    """One request: windows one after the other, each refined until its ledger closes."""

    def __init__(self, explained: Explained, question: Question, on_progress: OnProgress) -> None:
        self.explained, self.question, self.on_progress = explained, question, on_progress
        self.method = METHODS[question.method]
        self.card = CARDS[question.method]
        self.score = Score(question, explained.activation)
        self.passes = 0
        self.planned = 0

    def estimates(self, text: str, pair: str | None) -> Iterator[Attribution]:
        """Ever better results, the last one final. Of several windows only the final one is a whole."""
        encoding = in_words(self.explained.encode(text, pair), (text, pair), self.question.words)
        if len(encoding.windows) > MOST_WINDOWS:
            raise TextError(
                f"The text is read in {len(encoding.windows)} windows; up to {MOST_WINDOWS} can be explained. "
                "Shorten it."
            )
        share = 1 / len(encoding.windows)
        scores = np.zeros(len(encoding.tokens), dtype=np.float64)
        most = 0
        self.planned = sum(
            2 + expected_passes(self.question, len({encoding.tokens[place].word for place in window} - {None}))
            for window in encoding.windows
        )
        if len(encoding.windows) == 1:
            for found, points, own in self._refined(self._part(encoding, 0), None):
                yield self._result(encoding, (text, pair), found, own, points)
            return
        parts = [self._part(encoding, window) for window in range(len(encoding.windows))]
        both = [self._ends(part) for part in parts]
        ends = np.mean(both, axis=0)
        for part, own, positions in zip(parts, both, encoding.windows, strict=True):
            *_, (found, points, _) = self._refined(part, own, abs(float(ends[0] - ends[1])))
            np.add.at(scores, list(positions), found * share)
            most = max(most, points)
        yield self._result(encoding, (text, pair), scores, ends, most)

    def _result(
        self, encoding: Encoding, texts: tuple[str, str | None], scores: np.ndarray, ends: np.ndarray, points: int
    ) -> Attribution:
        question, info, card = self.question, self.explained.model.info, self.card
        difference = float(ends[0] - ends[1])
        ledger = Ledger(
            float(scores.sum()) - difference, abs(difference), float(np.abs(scores).sum()), float(np.abs(ends).max())
        )
        return Attribution(
            model=info.name,
            revision=info.revision,
            method=card.name,
            target=self.explained.target(question),
            baseline=question.baseline,
            output=question.output,
            tokens=encoding.tokens,
            words=_word_scores(encoding.tokens, scores, texts),
            scores=scores,
            input_output=float(ends[0]),
            baseline_output=float(ends[1]),
            tolerance=question.tolerance,
            steps=points,
            forward_passes=self.passes,
            windows=len(encoding.windows),
            criterion=ledger.criterion(question.tolerance) if card.additive else "no claim",
            signed=card.signed,
            additive=card.additive,
            mask=self.explained.mask,
        )

    def _part(self, encoding: Encoding, window: int) -> Problem:
        """One window, the function counting its passes."""
        embedded = self.explained.embedded(encoding, window, self.question.baseline)

        def function(embeddings: torch.Tensor) -> torch.Tensor:
            self.passes += embeddings.shape[0]
            self.planned = max(self.planned, self.passes)
            self.on_progress(self.passes - embeddings.shape[0], self.planned)
            return self.score(embedded.logits_from(embeddings))

        problem = self._problem(embedded, function, encoding, window)
        refuse_endless(self.question, len(problem.words), embedded.inputs.shape[1])
        return problem

    def _ends(self, part: Problem) -> np.ndarray:
        """(2,): the scores of a window's text and of its baseline."""
        with torch.no_grad():
            return part.function(torch.cat((part.inputs, part.baseline))).double().numpy()

    def _refined(
        self, part: Problem, ends: np.ndarray | None, whole: float = np.inf
    ) -> Iterator[tuple[np.ndarray, int, np.ndarray]]:
        """Estimates of one window: scores of its tokens, points used, scores of its ends.

        ends: None where they are not known yet; a method that comes by them saves a batch. whole: |difference| of all
        windows together. A window settles within that, so that the whole closes with it.
        """
        for solution in self._solutions(part):
            if ends is None:
                ends = self._ends(part) if solution.ends is None else np.asarray(solution.ends)
            own = float(ends[0] - ends[1])
            scores = scores_of(solution)
            yield scores, solution.points, ends
            movement, size = float(np.abs(scores).sum()), float(np.abs(ends).max())
            ledger = Ledger(float(scores.sum()) - own, min(abs(own), whole), movement, size)
            if ledger.settled(solution.unsettled, self.question.tolerance):
                return

    def _solutions(self, problem: Problem) -> Iterator[Solution]:
        question, method = self.question, self.method
        if question.steps is None and isinstance(method, Refining):
            yield from method.refine(problem, question.max_steps)
        else:
            yield method.attribute(problem, question.steps or min(self.card.steps, question.max_steps) or None)

    def _problem(self, embedded: Embedded, function: Function, encoding: Encoding, window: int) -> Problem:
        positions = encoding.windows[window]
        tokens = [encoding.tokens[position] for position in positions]
        ids = bytes(str([token.id for token in tokens]), "ascii")
        return Problem(
            function,
            embedded.inputs,
            embedded.baseline,
            words=tuple(tuple(members) for members in _by_word(tokens)),
            masked=embedded.masked,
            attentions=lambda: self._attentions(encoding, window),
            reads=0 if self.explained.mask is None else positions.index(self.explained.mask),
            seed=zlib.crc32(ids),
        )

    def _attentions(self, encoding: Encoding, window: int) -> np.ndarray:
        self.explained.model.capabilities.require("attention")
        self.passes += 1
        return self.explained.model.encoder.attentions(encoding, window)


def scores_of(solution: Solution) -> np.ndarray:
    """(n,) the scores of a solution. Raises ModelError where gradients overflowed, as they can where logits do not."""
    scores: np.ndarray = solution.scores.double().numpy()
    if not np.isfinite(scores).all():
        raise ModelError(
            "The scores of this method are no numbers here: the model's weights are so large that its gradients "
            "overflow. Choose a method without gradients, such as Occlusion, or another model."
        )
    return scores


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a ledger lacks, and what that is held against.

    missing: sum of scores less the difference; difference: |F(x) - F(baseline)|; movement: sum of |scores|; size: the
    greater of |F(x)| and |F(baseline)|, both computed in single precision.
    """

    missing: float
    difference: float
    movement: float
    size: float

    def criterion(self, tolerance: float) -> str:
        """By which rule it closes: "difference", "movement", "rounding" or "none" (see `Attribution`)."""
        missing = abs(self.missing)
        if missing <= tolerance * self.difference:
            return "difference"
        if missing <= tolerance / 10 * self.movement:
            return "movement"
        return "rounding" if missing <= ROUNDING * self.size else "none"

    def settled(self, unsettled: float | None, tolerance: float) -> bool:
        """Whether it closes, and does so in the parts of the path as well (UNSETTLED)."""
        by = self.criterion(tolerance)
        if by in ("none", "rounding") or unsettled is None:
            return by != "none"
        return unsettled <= UNSETTLED * tolerance * max(self.difference, self.movement / 10)


def expected_passes(question: Question, words: int) -> int:
    """How many passes a window of so many words is thought to take beside those of its ends."""
    card = CARDS[question.method]
    if not card.counts:
        return words if card.name == "occlusion" else 1
    steps = question.steps or min(card.steps or FIRST_PLAN, question.max_steps)
    return steps * words if card.counts == "orders" else steps


def refuse_endless(question: Question, words: int, length: int) -> None:
    """Refuse what would take minutes: methods whose passes grow with the words. Raises ChoiceError."""
    count = expected_passes(question, words)
    if question.method in ("shapley_value_sampling", "lime") and count * length > MOST_TOKENS_READ:
        raise ChoiceError(
            f"{CARDS[question.method].title} would read {count:,} texts of {length} tokens here; up to "
            f"{MOST_TOKENS_READ:,} tokens are read. Shorten the text, or ask for fewer steps."
        )


def _by_word(tokens: Sequence[Token]) -> list[list[int]]:
    places: dict[int, list[int]] = {}
    for place, token in enumerate(tokens):
        if token.word is not None:
            places.setdefault(token.word, []).append(place)
    return list(places.values())


def _word_scores(tokens: Sequence[Token], scores: np.ndarray, texts: tuple[str, str | None]) -> tuple[WordScore, ...]:
    words: list[WordScore] = []
    for members in _by_word(tokens):
        source = texts[tokens[members[0]].segment] or ""
        start, end = tokens[members[0]].start, tokens[members[-1]].end
        words.append(WordScore(source[start:end], tuple(members), float(scores[members].sum())))
    return tuple(words)
