"""The calls of BertService that play with masked words: together, in turn, compared, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bert_demo import validation
from bert_demo.backends.base import Backend
from bert_demo.errors import ChoiceError
from bert_demo.lenses import candidates as blanks
from bert_demo.lenses import joint, surprise
from bert_demo.line import go_on
from bert_demo.results.guesses import (
    RULES,
    JointFillings,
    LayerGuesses,
    Preference,
    ScoredCandidates,
    Surprises,
    TwoBlanks,
)
from bert_demo.service_part import OnProgress, ServicePart

MOST_PAIRS = 100


class Guessing(ServicePart):
    """The part of the service that reads many variants of a text with the masked-language-model head.

    Every text must fit into one window. All calls raise TextError, ModelLoadError and MissingHeadError.
    """

    def fill_jointly(
        self, text: str, model: str = "base", top_k: int = 5, on_progress: OnProgress | None = None
    ) -> JointFillings:
        """All masks filled together, the best fillings by pseudo-log-likelihood, beside each mask's own best guess.

        Raises MaskError (no mask, or too many to be filled together), ChoiceError.
        """
        backend, text, _ = self._request(model, text, None)
        top_k = validation.checked_whole(top_k, "top_k", 1, self.settings.max_top_k)
        most, watch = self.settings.max_top_k, on_progress or go_on
        key = ("fill_jointly", backend.info, text)  # one search answers every top_k
        found = self._cache.get(key, lambda: joint.fill_jointly(backend, text, most, watch))
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
        backend, text, _ = self._request(model, text, None)
        words = validation.checked_candidates(candidates) or ()
        couples = _checked_pairs(pairs)
        watch = on_progress or go_on
        key = ("score_candidates", backend.info, text, words, couples)
        return self._cache.get(key, lambda: blanks.score_candidates(backend, text, words, couples, watch, most_read))

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
        backend, first, second = self._two(model, first, second)
        top_k = validation.checked_whole(top_k, "top_k", 1, self.settings.max_top_k)
        return blanks.compare_blanks(backend, first, second, top_k, validation.checked_candidates(candidates))

    def prefer(
        self,
        first: str,
        second: str,
        model: str = "base",
        rule: str = "original",
        on_progress: OnProgress | None = None,
        most_read: int | None = None,
    ) -> Preference:
        """Which of two texts the model prefers, by how much, and at which words.

        most_read: tokens that may be read for each of them. Raises MaskError, ChoiceError.
        """
        backend, first, second = self._two(model, first, second)
        rule = validation.checked_choice(rule, "rule", RULES)
        watch = on_progress or go_on
        key = ("prefer", backend.info, first, second, rule)
        return self._cache.get(key, lambda: surprise.prefer(backend, first, second, rule, watch, most_read))

    def surprises(
        self,
        text: str,
        model: str = "base",
        rule: str = "original",
        on_progress: OnProgress | None = None,
        most_read: int | None = None,
    ) -> Surprises:
        """Each word of a text when it is hidden: its probability, its surprise, and what the model expected instead.

        most_read: tokens that may be read in all. Raises MaskError, ChoiceError.
        """
        backend, text, _ = self._request(model, text, None)
        rule = validation.checked_choice(rule, "rule", RULES)
        watch = on_progress or go_on
        key = ("surprises", backend.info, text, rule)
        return self._cache.get(key, lambda: surprise.surprises(backend, text, rule, watch, most_read))

    def layer_guesses(
        self,
        text: str,
        model: str = "base",
        on_progress: OnProgress | None = None,
    ) -> LayerGuesses:
        """The masked-language-model head read at every layer: its first word there, and the rank of the true one.

        Progress counts tokens.
        """
        backend, text, _ = self._request(model, text, None)
        watch = on_progress or go_on
        key = ("layer_guesses", backend.info, text)
        return self._cache.get(key, lambda: surprise.layer_guesses(backend, text, watch))

    def _two(self, model: str, first: Any, second: Any) -> tuple[Backend, str, str]:
        """The model and two checked texts that are read apart."""
        backend, first, _ = self._request(model, first, None)
        second = validation.checked_text(second, self.settings.max_characters, "second text")
        validation.refuse_control_tokens(second, backend.control_tokens, "second text")
        return backend, first, second


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
