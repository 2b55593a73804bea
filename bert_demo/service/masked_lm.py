"""Masked words: one by one, all together, compared, in turn, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bert_demo.core import validation
from bert_demo.core.errors import ChoiceError
from bert_demo.core.progress import OnProgress, watched
from bert_demo.models.base import Model
from bert_demo.results import FillMask
from bert_demo.results.masked_lm import (
    RULES,
    JointFillings,
    LayerGuesses,
    Preference,
    ScoredCandidates,
    Surprises,
    TwoBlanks,
)
from bert_demo.service.context import Context
from bert_demo.tasks import candidates as blanks
from bert_demo.tasks import fill_mask, joint_filling, pseudo_likelihood

MOST_PAIRS = 100


class MaskedLMCalls:
    """The part of the service that reads a text, or many variants of it, with the masked-language-model head.

    But for `fill_mask` every text must fit into one window. All raise TextError, ModelLoadError and MissingHeadError.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def fill_mask(
        self,
        text: str,
        model: str = "base",
        top_k: int = 5,
        candidates: Sequence[str] | None = None,
        hide: Sequence[tuple[int, int]] = (),
    ) -> FillMask:
        """The most probable tokens behind each mask, each predicted while the others stay masked.

        candidates: words to score instead of the whole vocabulary's best, each one token of it; their probabilities
        are still shares of the whole vocabulary. hide: (start, end) characters of words to put a mask in place of.
        Raises TextError, MaskError (no mask), ChoiceError, ModelLoadError, MissingHeadError.
        """
        loaded, text, _ = self._context.request(model, text)
        top_k = self._context.top_k(top_k)
        words = validation.checked_candidates(candidates)
        hidden = tuple(sorted({(int(start), int(end)) for start, end in hide}))
        return self.fill(loaded, text, top_k, words, hidden)

    def fill(
        self,
        loaded: Model,
        text: str,
        top_k: int,
        words: tuple[str, ...] | None = None,
        hidden: tuple[tuple[int, int], ...] = (),
    ) -> FillMask:
        """The same for a model at hand and arguments that were checked."""
        key = ("fill_mask", loaded.info, text, top_k, words, hidden)
        return self._context.cache.get(key, lambda: fill_mask.fill_mask(loaded, text, top_k, words, hidden))

    def fill_jointly(
        self, text: str, model: str = "base", top_k: int = 5, on_progress: OnProgress | None = None
    ) -> JointFillings:
        """All masks filled together, the best fillings by pseudo-log-likelihood, beside each mask's own best guess.

        Raises MaskError (no mask, or too many to be filled together), ChoiceError.
        """
        loaded, text, _ = self._context.request(model, text)
        top_k = self._context.top_k(top_k)
        most, watch = self._context.settings.max_top_k, watched(on_progress)
        key = ("fill_jointly", loaded.info, text)  # one search answers every top_k
        found = self._context.cache.get(key, lambda: joint_filling.fill_jointly(loaded, text, most, watch))
        return replace(found, fillings=found.fillings[:top_k], slots=tuple(slot[:top_k] for slot in found.slots))

    def score_candidates(
        self,
        text: str,
        candidates: Sequence[str] | None = None,
        model: str = "base",
        pairs: Sequence[Sequence[str]] | None = None,
        on_progress: OnProgress | None = None,
        most_read: int | None = None,
    ) -> ScoredCandidates:
        """Words or phrases of any number of pieces in place of the mask, and pairs of them beside one another.

        For several masks a candidate has as many parts, with | between them. most_read: tokens that may be read in
        all. Raises MaskError, ChoiceError.
        """
        loaded, text, _ = self._context.request(model, text)
        words = validation.checked_candidates(candidates) or ()
        couples = _checked_pairs(pairs)
        watch = watched(on_progress)
        key = ("score_candidates", loaded.info, text, words, couples)
        return self._context.cache.get(
            key, lambda: blanks.score_candidates(loaded, text, words, couples, watch, most_read)
        )

    def compare_blanks(
        self,
        first: str,
        second: str,
        model: str = "base",
        top_k: int = 10,
        candidates: Sequence[str] | None = None,
    ) -> TwoBlanks:
        """Two texts with one mask each, and the words whose probability moves most between them.

        Raises MaskError, ChoiceError.
        """
        loaded, first, second = self._context.apart(model, first, second)
        top_k = self._context.top_k(top_k)
        return blanks.compare_blanks(loaded, first, second, top_k, validation.checked_candidates(candidates))

    def prefer(
        self,
        first: str,
        second: str,
        model: str = "base",
        rule: str = "original",
        words: str = "spaces",
        on_progress: OnProgress | None = None,
        most_read: int | None = None,
    ) -> Preference:
        """Which of two texts the model prefers, by how much, and at which words.

        most_read: tokens that may be read for each of them; words: as in `surprises`. Raises MaskError, ChoiceError.
        """
        loaded, first, second = self._context.apart(model, first, second)
        rule = validation.checked_choice(rule, "rule", RULES)
        watch = watched(on_progress)
        validation.checked_choice(words, "words", validation.WORDS)
        key = ("prefer", loaded.info, first, second, rule, words)
        return self._context.cache.get(
            key, lambda: pseudo_likelihood.prefer(loaded, first, second, rule, watch, most_read, words)
        )

    def surprises(
        self,
        text: str,
        model: str = "base",
        rule: str = "original",
        words: str = "spaces",
        on_progress: OnProgress | None = None,
        most_read: int | None = None,
    ) -> Surprises:
        """Each word of a text when it is hidden: its probability, its surprise, and what the model expected instead.

        most_read: tokens that may be read in all; words: "spaces" or "tokenizer", what a word is. Raises MaskError,
        ChoiceError.
        """
        loaded, text, _ = self._context.request(model, text)
        rule = validation.checked_choice(rule, "rule", RULES)
        watch = watched(on_progress)
        validation.checked_choice(words, "words", validation.WORDS)
        key = ("surprises", loaded.info, text, rule, words)
        return self._context.cache.get(
            key, lambda: pseudo_likelihood.surprises(loaded, text, rule, watch, most_read, words=words)
        )

    def layer_guesses(
        self,
        text: str,
        model: str = "base",
        on_progress: OnProgress | None = None,
    ) -> LayerGuesses:
        """The masked-language-model head read at every layer: its first word there, and the rank of the true one.

        Progress counts tokens.
        """
        loaded, text, _ = self._context.request(model, text)
        watch = watched(on_progress)
        key = ("layer_guesses", loaded.info, text)
        return self._context.cache.get(key, lambda: pseudo_likelihood.layer_guesses(loaded, text, watch))


def _checked_pairs(pairs: Any) -> tuple[tuple[str, str], ...]:
    """Up to 100 pairs of words. Raises ChoiceError."""
    if pairs is None:
        return ()
    whole = isinstance(pairs, (list, tuple)) and all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in pairs
    )
    if not whole or not all(isinstance(word, str) and word.strip() for pair in pairs for word in pair):
        raise ChoiceError('pairs must be a list of pairs of words, such as [["doctor", "nurse"]].')
    if len(pairs) > MOST_PAIRS:
        raise ChoiceError(f"There are {len(pairs)} pairs; up to {MOST_PAIRS} can be compared. Take some away.")
    first, second = (
        [validation.checked_text(pair[side], 100, "candidate").strip() for pair in pairs] for side in (0, 1)
    )
    return tuple(zip(first, second, strict=True))
