"""The endpoints about masked words: several together, the visitor's own, one in two texts, each in turn, by layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bert_demo import records_guessing as records

if TYPE_CHECKING:
    from bert_demo.service import BertService


MOST_READ = 50_000
"""Tokens that one call may read in all variants of a text together: half a minute of the bundled models."""


class GuessingApi:
    """A part of `api.Api`, which makes the service when the first call needs it.

    Scores are natural logarithms of probabilities unless said otherwise. Each text must fit into one window.
    """

    _service: Callable[[], BertService]

    def fill_jointly(self, text: str, model: str = "base", top_k: int = 5) -> dict[str, Any]:
        """The best fillings of all masks together, beside each mask's own best guess.

        Args:
            text: a text with up to 10 [MASK].
            model: a bundled name, a hub id, or a directory.
            top_k: how many fillings, and how many candidates for each mask by itself.

        Returns:
            fillings (tokens, token_strs, scores: of each mask with all others filled, score: their sum, sequence,
            independent: whether these are the masks' own best guesses), best first; independent: that one; slots: for
            each mask its guesses with the others still masked (token_str, token, score: a probability); readings.
        """
        return records.joint_record(self._service().fill_jointly(text, model, top_k))

    def score_candidates(
        self,
        text: str,
        candidates: list[str] | None = None,
        model: str = "base",
        pairs: list[list[str]] | None = None,
    ) -> dict[str, Any]:
        """Words or phrases of any number of pieces in place of the mask, the likeliest first.

        Args:
            text: a text with one or more [MASK].
            candidates: words or phrases; for several masks with as many parts, | between them, such as "New | York".
                With those of the pairs up to 100.
            model: a bundled name, a hub id, or a directory.
            pairs: candidates to compare, such as [["doctor", "nurse"]].

        Returns:
            candidates (candidate, pieces, scores: of each piece with the earlier ones in place and the later ones
            masked, total: their sum, score: their mean, by which they are ranked, sequence); pairs (first, second,
            difference of their scores).
        """
        return records.candidates_record(
            self._service().score_candidates(text, candidates, model, pairs, most_read=MOST_READ)
        )

    def compare_blanks(
        self,
        first: str,
        second: str,
        model: str = "base",
        top_k: int = 10,
        candidates: list[str] | None = None,
    ) -> dict[str, Any]:
        """The words whose probability moves most between two texts with one mask each.

        Args:
            first: a text with one [MASK], such as "The man worked as a [MASK]."
            second: another, such as "The woman worked as a [MASK]."
            model: a bundled name, a hub id, or a directory.
            top_k: how many for each text.
            candidates: words to compare instead, each one token of the model.

        Returns:
            towards_first, towards_second: those that are more probable there (token_str, token, first, second: the
            probabilities, log_ratio: ln(second / first)), by how much they move; distance: total variation between
            the two distributions over the vocabulary, from 0 to 1.
        """
        return records.blanks_record(self._service().compare_blanks(first, second, model, top_k, candidates))

    def prefer(self, first: str, second: str, model: str = "base", rule: str = "original") -> dict[str, Any]:
        """Which of two texts a masked-language model prefers, by how much, and at which words.

        Args:
            first: a text, such as "The cats are asleep."
            second: another, such as "The cats is asleep."
            model: a bundled name, a hub id, or a directory.
            rule: original, or within_word_l2r (see surprises).

        Returns:
            difference: score of the first less that of the second, positive where the first is preferred; first,
            second: each with score, perplexity and words, as surprises gives them; changed: the numbers of the words
            of each that the other lacks.
        """
        return records.preference_record(self._service().prefer(first, second, model, rule, most_read=MOST_READ))

    def surprises(self, text: str, model: str = "base", rule: str = "original") -> dict[str, Any]:
        """Each word of a text when it is masked: its probability, and what the model expected instead.

        Args:
            text: a text without a [MASK]; all its variants together may have 50,000 tokens, as of 220 tokens.
            model: a bundled name, a hub id, or a directory.
            rule: original masks one token at a time (Salazar et al. 2020), within_word_l2r with it the later pieces of
                its word, which would give it away (Kauf and Ivanova 2023).

        Returns:
            words (word, start, end, tokens: positions, score: of its tokens together, bits: -log2 of that probability,
            rank: of a word of one token, from 1, expected: token_str, token, score: a probability); tokens; scores: of
            each ordinary token; score: their sum, the pseudo-log-likelihood; perplexity: exp of minus their mean;
            readings.
        """
        return records.surprises_record(self._service().surprises(text, model, rule, most_read=MOST_READ))

    def layer_guesses(self, text: str, model: str = "base") -> dict[str, Any]:
        """The masked-language-model head read at every layer (logit lens).

        Args:
            text: a text, with or without [MASK].
            model: a bundled name, a hub id, or a directory.

        Returns:
            tokens; targets: the token that is followed at each position, the text's own, at a mask the last layer's
            first guess; and as [layer][position], row 0 before the first layer: ids and token_strs of the first
            guess, scores (its probability), ranks (of the target, from 1).
        """
        return records.layers_record(self._service().layer_guesses(text, model))
