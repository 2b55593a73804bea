"""Masked words."""

from __future__ import annotations

from bert_demo import results
from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.fields import Model, Request, Words, argument
from bert_demo.core.scheduler import Cost
from bert_demo.results import masked_lm as masked

MASKED = "a text with one or more [MASK]."

MOST_TOKENS = 50_000
"""Tokens that one call may read in all variants of a text together: half a minute of the bundled models."""


class FillMask(Request):
    """A text with masks."""

    text: str = argument(MASKED)
    model: Model = "base"
    top_k: int = argument("how many candidates for each mask.", 5, ge=1)
    candidates: list[str] | None = argument(
        "words to score instead, each one token of the model.", None, min_length=1, max_length=100
    )


class FillJointly(Request):
    """A text with several masks."""

    text: str = argument("a text with up to 10 [MASK].")
    model: Model = "base"
    top_k: int = argument("how many fillings, and how many candidates for each mask by itself.", 5, ge=1)


class ScoreCandidates(Request):
    """A text with masks, and what may stand there."""

    text: str = argument(MASKED)
    candidates: list[str] | None = argument(
        'words or phrases; for several masks with as many parts, | between them, such as "New | York". With those of '
        "the pairs up to 100.",
        None,
        min_length=1,
        max_length=100,
    )
    model: Model = "base"
    pairs: list[list[str]] | None = argument(
        'candidates to compare, such as [["doctor", "nurse"]].', None, max_length=100
    )


class CompareBlanks(Request):
    """Two texts with one mask each."""

    first: str = argument('a text with one [MASK], such as "The man worked as a [MASK]."')
    second: str = argument('another, such as "The woman worked as a [MASK]."')
    model: Model = "base"
    top_k: int = argument("how many for each text.", 10, ge=1)
    candidates: list[str] | None = argument(
        "words to compare instead, each one token of the model.", None, min_length=1, max_length=100
    )


class Prefer(Request):
    """Two texts."""

    first: str = argument('a text, such as "The cats are asleep."')
    second: str = argument('another, such as "The cats is asleep."')
    model: Model = "base"
    rule: str = argument("original, or within_word_l2r (see surprises).", "original")
    words: Words = "spaces"


class Surprises(Request):
    """A text without a mask."""

    text: str = argument("a text without a [MASK]; all its variants together may have 50,000 tokens, as of 220 tokens.")
    model: Model = "base"
    rule: str = argument(
        "original masks one token at a time (Salazar et al. 2020), within_word_l2r with it the later pieces of its "
        "word, which would give it away (Kauf and Ivanova 2023).",
        "original",
    )
    words: Words = "spaces"


class LayerGuesses(Request):
    """A text."""

    text: str = argument("a text, with or without [MASK].")
    model: Model = "base"


# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "fill_mask", FillMask, Cost.INTERACTIVE, results.FillMask,
        description="The most probable words for each mask of a text.",
        returns="one list for each mask: token_str, token, score, sequence, best first.",
        needs=("fill-mask",),
    ),
    Endpoint(
        "fill_jointly", FillJointly, Cost.SLOW, masked.JointFillings,
        description="The best fillings of all masks together, beside each mask's own best guess.",
        returns="fillings (tokens, token_strs, scores: of each mask with all others filled, score: their sum, "
        "sequence, independent: whether these are the masks' own best guesses), best first; independent: "
        "that one; slots: for each mask its guesses with the others still masked (token_str, token, score: "
        "a probability); readings.",
        needs=("fill-mask",),
    ),
    Endpoint(
        "score_candidates", ScoreCandidates, Cost.SLOW, masked.ScoredCandidates,
        description="Words or phrases of any number of pieces in place of the mask, the likeliest first.",
        returns="candidates (candidate, pieces, scores: of each piece with the earlier ones in place and the later "
        "ones masked, total: their sum, score: their mean, by which they are ranked, sequence); pairs "
        "(first, second, difference of their scores).",
        limits={"most_read": MOST_TOKENS},
        needs=("fill-mask",),
    ),
    Endpoint(
        "compare_blanks", CompareBlanks, Cost.BATCH, masked.TwoBlanks,
        description="The words whose probability moves most between two texts with one mask each.",
        returns="towards_first, towards_second: those that are more probable there (token_str, token, first, "
        "second: the probabilities, log_ratio: ln(second / first)), by how much they move; distance: total "
        "variation between\nthe two distributions over the vocabulary, from 0 to 1.",
        needs=("fill-mask",),
    ),
    Endpoint(
        "prefer", Prefer, Cost.SLOW, masked.Preference,
        added=("words",),
        description="Which of two texts a masked-language model prefers, by how much, and at which words.",
        returns="difference: score of the first less that of the second, positive where the first is preferred; "
        "first, second: each with score, perplexity and words, as surprises gives them; changed: the "
        "numbers of the words\n"
        "of each that the other lacks.",
        limits={"most_read": MOST_TOKENS},
        needs=("fill-mask",),
    ),
    Endpoint(
        "surprises", Surprises, Cost.SLOW, masked.Surprises,
        added=("words",),
        description="Each word of a text when it is masked: its probability, and what the model expected instead.",
        returns="words (word, start, end, tokens: positions, score: of its tokens together, bits: -log2 of that "
        "probability, rank: of a word of one token, from 1, expected: token_str, token, score: a "
        "probability); tokens; scores: of each ordinary token; score: their sum, the "
        "pseudo-log-likelihood; perplexity: exp of minus their mean; readings.",
        limits={"most_read": MOST_TOKENS},
        needs=("fill-mask",),
    ),
    Endpoint(
        "layer_guesses", LayerGuesses, Cost.BATCH, masked.LayerGuesses,
        description="The masked-language-model head read at every layer (logit lens).",
        returns="tokens; targets: the token that is followed at each position, the text's own, at a mask the last "
        "layer's first guess; and as [layer][position], row 0 before the first layer: ids and token_strs "
        "of the first\n"
        "guess, scores (its probability), ranks (of the target, from 1).",
        long=("ids", "scores"),
        needs=("fill-mask",),
    ),
)
# fmt: on
