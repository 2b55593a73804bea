"""The visitor's own candidates behind a mask, and one mask in two texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bert_demo.core.errors import ChoiceError, MaskError
from bert_demo.models.base import Encoding, Model, Reading
from bert_demo.models.masked_readings import log_probabilities
from bert_demo.results import Token
from bert_demo.results.masked_lm import Moved, ScoredCandidate, ScoredCandidates, TwoBlanks
from bert_demo.tasks.fill_mask import best, form_at, span_of, written
from bert_demo.tasks.joint_filling import JobProgress, masks_of, refuse_flood

MOST_CANDIDATES, MOST_PIECES = 100, 20
PARTS = "|"
"""Stands between the parts of a candidate for several masks: "New | York"."""


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A candidate as its parts, one for each mask, and the ids of each part's pieces."""

    candidate: str
    parts: tuple[str, ...]
    pieces: tuple[tuple[int, ...], ...]

    @property
    def tokens(self) -> tuple[int, ...]:
        return tuple(token for part in self.pieces for token in part)

    @property
    def lengths(self) -> tuple[int, ...]:
        return tuple(len(part) for part in self.pieces)


class _Shape:
    """The candidates that have as many pieces in each part: they are read in one text, with as many masks.

    wanted: for each beginning of one of them the tokens that follow it in some, which one reading tells.
    """

    def __init__(self, model: Model, text: str, at: Sequence[Token], phrases: Sequence[_Phrase]) -> None:
        masks = [" ".join([str(model.mask_token)] * count) for count in phrases[0].lengths]
        widened = written(text, [(*span_of(text, each), part) for each, part in zip(at, masks, strict=True)])
        self.encoding: Encoding
        self.encoding, self.places = masks_of(model, widened)
        self.wanted: dict[tuple[int, ...], set[int]] = {}
        for phrase in phrases:
            for done, token in enumerate(phrase.tokens):
                self.wanted.setdefault(phrase.tokens[:done], set()).add(token)

    def readings(self) -> list[Reading]:
        """One for each beginning, filled in; the next mask is asked."""
        return [
            Reading(dict(zip(self.places, before, strict=False)), (self.places[len(before)],)) for before in self.wanted
        ]


def score_candidates(
    model: Model,
    text: str,
    candidates: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    watch: JobProgress,
    most_read: int | None = None,
) -> ScoredCandidates:
    """Words or phrases in place of the mask, or of all masks ("New | York"), each scored piece by piece.

    A candidate of several pieces is given as many masks, which are filled from left to right: the score of a piece is
    its log-probability with the pieces before it in place and those behind it masked. Of one piece it is what the
    fill-mask pipeline gives. Candidates are ranked by the mean over their pieces: the sum alone favours the short.
    Raises MaskError, ChoiceError; TextError beyond `most_read` tokens in all.
    """
    encoding, places = masks_of(model, text)
    at = [encoding.tokens[place] for place in places]
    asked = list(dict.fromkeys((*candidates, *(each for pair in pairs for each in pair))))
    if not 1 <= len(asked) <= MOST_CANDIDATES:
        raise ChoiceError(f"There are {len(asked)} candidates. Give from 1 to {MOST_CANDIDATES}, those of pairs too.")
    phrases = [_phrase(model, text, at, candidate) for candidate in asked]
    alike: dict[tuple[int, ...], list[_Phrase]] = {}
    for phrase in phrases:
        alike.setdefault(phrase.lengths, []).append(phrase)
    shapes = {lengths: _Shape(model, text, at, group) for lengths, group in alike.items()}
    longest = max(len(shape.encoding.tokens) for shape in shapes.values())
    refuse_flood(sum(len(shape.wanted) for shape in shapes.values()), longest, most_read)
    known = _read(model, shapes, watch)
    found = {each.candidate: _scored(model, text, at, each, known[each.lengths]) for each in phrases}
    ranked = tuple(sorted(found.values(), key=lambda each: -each.score))
    compared = tuple((first, second, found[first].score - found[second].score) for first, second in pairs)
    return ScoredCandidates(model.info.name, model.info.revision, text, ranked, compared)


def _phrase(model: Model, text: str, at: Sequence[Token], candidate: str) -> _Phrase:
    """What is asked. Raises ChoiceError."""
    parts = tuple(part.strip() for part in candidate.split(PARTS)) if len(at) > 1 else (candidate.strip(),)
    if len(parts) != len(at):
        raise ChoiceError(
            f"The candidate {candidate[:40]!r} fills {len(parts)} of {len(at)} masks. Write one part for each, "
            f"with {PARTS} between them, such as New {PARTS} York."
        )
    for token in (*model.control_tokens, str(model.mask_token)):
        if token in candidate:
            raise ChoiceError(f"The candidate {candidate[:40]!r} spells {token}. Write words.")
    pieces = tuple(form_at(model, text, each, part) for each, part in zip(at, parts, strict=True))
    if not all(pieces) or sum(map(len, pieces)) > MOST_PIECES:
        raise ChoiceError(
            f"The candidate {candidate[:40]!r} has {sum(map(len, pieces))} pieces, or a part with none; each part "
            f"needs one at least and all together at most {MOST_PIECES}."
        )
    if model.tokenizer.unknown_id is not None and any(model.tokenizer.unknown_id in part for part in pieces):
        raise ChoiceError(
            f"The candidate {candidate[:40]!r} has characters that this model does not know. Write others."
        )
    return _Phrase(candidate, parts, pieces)


def _read(
    model: Model, shapes: dict[tuple[int, ...], _Shape], watch: JobProgress
) -> dict[tuple[int, ...], dict[tuple[int, ...], float]]:
    """For each shape and each beginning of one of its candidates the log-probability of the beginning's last token."""
    known: dict[tuple[int, ...], dict[tuple[int, ...], float]] = {}
    done, planned = 0, sum(len(shape.wanted) for shape in shapes.values())
    for lengths, shape in shapes.items():
        known[lengths] = {}
        rows = log_probabilities(model, shape.encoding, 0, shape.readings())
        for (before, tokens), table in zip(shape.wanted.items(), rows, strict=True):
            known[lengths].update({(*before, token): float(table[0, token]) for token in tokens})
            done += 1
            watch(done, planned)
    return known


def _scored(
    model: Model, text: str, at: Sequence[Token], phrase: _Phrase, known: dict[tuple[int, ...], float]
) -> ScoredCandidate:
    tokens = phrase.tokens
    scores = tuple(known[tokens[: number + 1]] for number in range(len(tokens)))
    sequence = written(text, [(*span_of(text, each), part) for each, part in zip(at, phrase.parts, strict=True)])
    names = tuple(model.tokenizer.token_str(token) for token in tokens)
    return ScoredCandidate(phrase.candidate, names, scores, sum(scores), sum(scores) / len(scores), sequence)


def compare_blanks(model: Model, first: str, second: str, top_k: int, words: Sequence[str] | None) -> TwoBlanks:
    """The candidates whose probability moves most between two texts with one mask each.

    words: candidates to compare instead of the whole vocabulary's, each one token of it. Raises MaskError, ChoiceError.
    """
    tables = []
    for name, text in (("first", first), ("second", second)):
        encoding, places = masks_of(model, text)
        if len(places) != 1:
            raise MaskError(f"The {name} text has {len(places)} masks; each of the two needs exactly one.")
        scores = next(log_probabilities(model, encoding, 0, [Reading({}, places)]))[0]
        tables.append(np.exp(scores.astype(np.float64)))
    one, other = tables
    moves = other - one
    if words is not None:
        ids = dict.fromkeys(_single(model, word) for word in words)
        down = sorted((each for each in ids if moves[each] < 0), key=lambda each: moves[each])
        up = sorted((each for each in ids if moves[each] >= 0), key=lambda each: -moves[each])
    else:
        down = [each for each in best(-moves, top_k) if moves[each] < 0]
        up = [each for each in best(moves, top_k) if moves[each] > 0]

    def moved(ids: Sequence[int]) -> tuple[Moved, ...]:
        return tuple(Moved(model.tokenizer.token_str(each), each, float(one[each]), float(other[each])) for each in ids)

    distance = float(np.abs(moves).sum() / 2)
    return TwoBlanks(model.info.name, model.info.revision, (first, second), moved(down), moved(up), distance)


def _single(model: Model, word: str) -> int:
    pieces = model.tokenizer.token_ids(word)
    if len(pieces) != 1:
        raise ChoiceError(
            f"The candidate {word[:40]!r} is {len(pieces)} tokens of this model; one mask holds one token."
        )
    if pieces[0] == model.tokenizer.unknown_id:
        raise ChoiceError(f"The candidate {word[:40]!r} has characters that this model does not know. Write others.")
    return pieces[0]
