"""Masked words in experiments: filled jointly, the visitor's own candidates, one blank in two texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from bert_demo.results import FillMask
from bert_demo.results.masked_lm import JointFilling, JointFillings, Moved, ScoredCandidates, TwoBlanks
from bert_demo.views.tables import Table
from bert_demo.views.templates import number, render

_DOT = " \N{MIDDLE DOT} "
_GUESSES = 3
"""Independent guesses of each mask that are drawn."""


def joint_filling_panel(result: JointFillings) -> str:
    """The joint fillings, each of which can be clicked, beside each mask's own guesses, in the same measure."""
    best, apart = result.fillings[0], result.independent
    shown = [*result.fillings, *([] if apart in result.fillings else [apart])]
    rows = [(" ".join(each.token_strs), each.score, each.independent, each.sequence) for each in shown]
    guesses = [
        (place, guess.token_str, guess.token, guess.score)
        for place, slot in enumerate(result.slots, start=1)
        for guess in slot
    ]
    alike = "same" if best.tokens == apart.tokens else times(best.score - apart.score)
    return render(
        "joint_filling.fillings",
        best=_filling(best),
        apart=_filling(apart),
        lines=[_filling(each) for each in result.fillings],
        verdict="one" if len(best.tokens) == 1 else alike,
        readings=result.readings,
        holds=best.score >= apart.score - 1e-6,
        slots=[[(guess.token_str, guess.score) for guess in slot[:_GUESSES]] for slot in result.slots],
        numbers=Table(("filling", "score", "independent", "sequence"), rows, "together"),
        alone=Table(("mask", "token_str", "token", "probability"), guesses, "each-mask-by-itself"),
    )


def _filling(filling: JointFilling) -> dict[str, Any]:
    return {
        "tokens": filling.tokens,
        "words": _DOT.join(filling.token_strs),
        "independent": filling.independent,
        "mean": math.exp(filling.score / len(filling.scores)),
        "score": number(filling.score),
    }


def candidates_panel(result: ScoredCandidates, known: FillMask | None) -> str:
    """Candidates by their mean log-probability, with pieces and sums; below, pairs by the difference of those.

    known: the fill-mask lens's probabilities of those of one piece, where it has them.
    """
    candidates = result.candidates
    most = max(math.exp(each.score) for each in candidates)
    rows = [
        (
            each.candidate,
            f"{100 * math.exp(each.score) / most:.2f}%",
            math.exp(each.score),
            each.score,
            each.total,
            list(zip(each.pieces, each.scores, strict=True)),
        )
        for each in candidates
    ]
    numbers = [
        (each.candidate, each.score, each.total, _DOT.join(each.pieces), len(each.pieces), each.sequence)
        for each in candidates
    ]
    first = max(candidates, key=lambda each: each.total)
    single, gap = _same(result, known)
    return render(
        "joint_filling.candidates",
        rows=rows,
        by_sum="" if first is candidates[0] else first.candidate,
        single=single,
        gap=gap,
        numbers=Table(("candidate", "mean", "sum", "pieces", "count", "sequence"), numbers, "candidates"),
        pairs=_pairs(result) if result.pairs else None,
    )


def _same(result: ScoredCandidates, known: FillMask | None) -> tuple[int, float]:
    """How many of one piece fill-mask names, and how far off they are; of others how far sums are from their parts."""
    given = {each.token_str: each.score for each in known.slots[0].candidates} if known is not None else {}
    single = [each for each in result.candidates if len(each.pieces) == 1 and each.pieces[0] in given]
    if single:
        return len(single), max(abs(math.exp(each.total) - given[each.pieces[0]]) for each in single)
    return 0, max(abs(sum(each.scores) - each.score * len(each.pieces)) for each in result.candidates)


def _pairs(result: ScoredCandidates) -> dict[str, Any]:
    most = max(abs(odds) for _, _, odds in result.pairs) or 1.0
    single = {each.candidate for each in result.candidates if len(each.pieces) == 1}
    means = {each.candidate: each.score for each in result.candidates}
    rows = []
    for first, second, odds in result.pairs:
        piece = "" if {first, second} <= single else " a piece"
        width = f"{100 * abs(odds) / most:.1f}%"
        rows.append((first, second, odds, width, times(abs(odds)) + piece, first if odds >= 0 else second))
    return {
        "rows": rows,
        "gap": max(abs(means[first] - means[second] - odds) for first, second, odds in result.pairs),
        "numbers": Table(("first", "second", "difference"), result.pairs, "pairs"),
    }


def blanks_panel(result: TwoBlanks, known: Sequence[FillMask]) -> str:
    """Words that move most towards either text, and how far apart the two distributions are.

    known: the fill-mask lens's best candidates of both texts.
    """
    moved = [*result.towards_first, *result.towards_second]
    most = max((max(each.first, each.second) for each in moved), default=1.0)
    numbers = [(each.token_str, each.token, each.first, each.second, each.log_ratio) for each in moved]
    return render(
        "joint_filling.blanks",
        result=result,
        sides=[
            (name, [(each, each.first / most, each.second / most, times(abs(each.log_ratio))) for each in words])
            for name, words in (("first", result.towards_first), ("second", result.towards_second))
        ],
        agreed=_agreed(result, moved, known),
        numbers=Table(("token_str", "token", "first", "second", "log_ratio"), numbers, "two-blanks"),
    )


def _agreed(result: TwoBlanks, moved: Sequence[Moved], known: Sequence[FillMask]) -> dict[str, Any]:
    """The probabilities against those of fill-mask, where it lists them; the moves against the distance."""
    gaps = []
    for place, filled in enumerate(known):
        given = {each.token: each.score for each in filled.slots[0].candidates}
        gaps += [abs((each.first, each.second)[place] - given[each.token]) for each in moved if each.token in given]
    apart = max(gaps, default=0.0)
    held = sum(max(0.0, each.second - each.first) for each in result.towards_second)
    return {
        "holds": apart < 1e-5 and 0 <= held <= result.distance + 1e-5 and result.distance <= 1 + 1e-6,
        "known": len(gaps),
        "best": len(known[0].slots[0].candidates),
        "apart": apart,
        "held": held,
    }


def times(log_ratio: float) -> str:
    """A ratio in words, from its logarithm."""
    ratio = math.exp(min(log_ratio, 700.0))
    return f"{ratio:,.1f} times" if ratio < 1000 else f"{ratio:,.0f} times" if ratio < 1e6 else f"{ratio:.1e} times"
