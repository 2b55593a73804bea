"""The laboratory's masked words: filled together, the visitor's own candidates, one blank in two texts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from bert_demo.plots.markup import card, check, data, esc, grid, number, percent, table
from bert_demo.results import FillMask
from bert_demo.results.guesses import JointFilling, JointFillings, Moved, ScoredCandidate, ScoredCandidates, TwoBlanks

_DOT = " \N{MIDDLE DOT} "
_BEHIND = "Scores are natural logarithms of probabilities: 0 would be certain."


def together_panel(result: JointFillings) -> str:
    """The joint fillings, each of which can be clicked, beside each mask's own guesses, in the same measure."""
    best, apart = result.fillings[0], result.independent
    lines = "".join(_filling(each) for each in result.fillings)
    proof = check(
        best.score >= apart.score - 1e-6,
        f"by the same measure the best together has {_score(best.score)}, the independent guesses "
        f"{_score(apart.score)}: never more ({result.readings:,} readings of the text)",
    )
    shown = [*result.fillings, *([] if apart in result.fillings else [apart])]
    rows = [(" ".join(each.token_strs), each.score, each.independent, each.sequence) for each in shown]
    keep = table(("filling", "score", "independent", "sequence"), rows, "together")
    note = (
        "Score: the sum over the masks of the log-probability of each filling when all others stand in their places; "
        "the bar is its mean, as a probability. Click a line to write it into the text."
    )
    together = card("Filled together", f"{_verdict(best, apart)}{lines}{proof}{keep}", note)
    return f'<div class="slots">{together}{_apart_panel(result)}</div>'


def _filling(filling: JointFilling) -> str:
    mean = math.exp(filling.score / len(filling.scores))
    flag = " <small>each by itself</small>" if filling.independent else ""
    return (
        f'<button type="button" class="bar candidate filling" data-pick="{data({"filling": filling.tokens})}" '
        f'title="write it into the text"><span><bdi>{esc(_DOT.join(filling.token_strs))}</bdi>{flag}</span>'
        f'<div><u style="width:{100 * mean:.2f}%"></u></div><em>{_score(filling.score)}</em></button>'
    )


def _verdict(best: JointFilling, apart: JointFilling) -> str:
    if len(best.tokens) == 1:
        return '<p class="claim">There is one mask only, so that there is nothing to fill together.</p>'
    if best.tokens == apart.tokens:
        return '<p class="claim">Here the independent guesses are also the best together.</p>'
    names = [f"<b><bdi>{esc(_DOT.join(each.token_strs))}</bdi></b>" for each in (best, apart)]
    return (
        f'<p class="claim">{names[0]} rather than {names[1]}: {_times(best.score - apart.score)} as likely by this '
        "measure.</p>"
    )


def _apart_panel(result: JointFillings) -> str:
    """What a fill-mask pipeline gives: each mask while the others stay masked."""
    lines = "".join(
        f'<p class="side">Mask {number_}</p>'
        + "".join(
            f'<div class="bar"><span><bdi>{esc(guess.token_str)}</bdi></span>'
            f'<div><u style="width:{100 * guess.score:.2f}%"></u></div><em>{percent(guess.score)}</em></div>'
            for guess in slot[:3]
        )
        for number_, slot in enumerate(result.slots, start=1)
    )
    rows = [
        (place, guess.token_str, guess.token, guess.score)
        for place, slot in enumerate(result.slots, start=1)
        for guess in slot
    ]
    note = "Independent guesses: none of them knows what the others will be. Their own best, taken together:"
    keep = table(("mask", "token_str", "token", "probability"), rows, "each-mask-by-itself")
    return card("Each mask by itself", f"{_filling(result.independent)}{lines}{keep}", note)


def candidates_panel(result: ScoredCandidates, known: FillMask | None) -> str:
    """Candidates by their mean log-probability, with pieces and sums; below, pairs by the difference of those.

    known: the fill-mask lens's probabilities of those of one piece, where it has them.
    """
    most = max(math.exp(each.score) for each in result.candidates)
    body = "".join(_candidate(each, most) for each in result.candidates)
    names = ("candidate", "mean, as a probability", "mean", "sum", "pieces, each with its score")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = [
        (each.candidate, each.score, each.total, _DOT.join(each.pieces), len(each.pieces), each.sequence)
        for each in result.candidates
    ]
    keep = table(("candidate", "mean", "sum", "pieces", "count", "sequence"), rows, "candidates")
    note = (
        "The rule: a candidate of several pieces gets as many masks, filled from left to right; a piece is scored with "
        "those before it in place and those behind it masked. Ranked by the mean over the pieces, because a sum "
        f"favours the short. {_BEHIND}{_by_sum(result.candidates)}"
    )
    ranked = card("Your candidates, best first", grid(head, body) + _same(result, known) + keep, note)
    return f'<div class="beside">{ranked}{_pairs_panel(result) if result.pairs else ""}</div>'


def _candidate(each: ScoredCandidate, most: float) -> str:
    share = math.exp(each.score)
    pieces = _DOT.join(
        f"<bdi>{esc(piece)}</bdi> {_score(score)}" for piece, score in zip(each.pieces, each.scores, strict=True)
    )
    return (
        f'<tr><th scope="row"><bdi>{esc(each.candidate)}</bdi></th>'
        f'<td class="share"><p><i><u style="width:{100 * share / most:.2f}%"></u></i>'
        f"<em>{percent(share)}</em></p></td>"
        f'<td>{_score(each.score)}</td><td>{_score(each.total)}</td><td class="pieces">{pieces}</td></tr>'
    )


def _by_sum(candidates: Sequence[ScoredCandidate]) -> str:
    first = max(candidates, key=lambda each: each.total)
    if first is candidates[0]:
        return ""
    return f" By the sum <b><bdi>{esc(first.candidate)}</bdi></b> would be first."


def _same(result: ScoredCandidates, known: FillMask | None) -> str:
    """Candidates of one piece have the probability that fill-mask gives; of others the sum is the mean times pieces."""
    given = {each.token_str: each.score for each in known.slots[0].candidates} if known is not None else {}
    single = [each for each in result.candidates if len(each.pieces) == 1 and each.pieces[0] in given]
    if single:
        gap = max(abs(math.exp(each.total) - given[each.pieces[0]]) for each in single)
        return check(gap < 1e-5, f"{len(single)} of one piece: as probable as in fill-mask above (apart by {gap:.0e})")
    gap = max(abs(sum(each.scores) - each.score * len(each.pieces)) for each in result.candidates)
    return check(gap < 1e-9, f"the scores of the pieces sum to the mean times their number (apart by {gap:.0e})")


def _pairs_panel(result: ScoredCandidates) -> str:
    most = max(abs(odds) for _, _, odds in result.pairs) or 1.0
    single = {each.candidate for each in result.candidates if len(each.pieces) == 1}
    lines = "".join(
        _pair(first, second, odds, most, "" if {first, second} <= single else " a piece")
        for first, second, odds in result.pairs
    )
    keep = table(("first", "second", "difference"), result.pairs, "pairs")
    by_name = {each.candidate: each.score for each in result.candidates}
    gap = max(abs(by_name[first] - by_name[second] - odds) for first, second, odds in result.pairs)
    proof = check(gap < 1e-9, f"each is the first's mean minus the second's in the table above (apart by {gap:.0e})")
    note = (
        "The first's mean logarithm minus the second's: of words of one piece, how many times as probable; of others, "
        "how many times a piece. Orange, +: the model rather writes the first. Blue, \N{MINUS SIGN}: the other."
    )
    return card("Pairs", lines + proof + keep, note)


def _pair(first: str, second: str, odds: float, most: float, each: str) -> str:
    side, name = ("pos", first) if odds >= 0 else ("neg", second)
    said = f"{_times(abs(odds))}{each} for <bdi>{esc(name)}</bdi>" if odds else "no difference"
    return (
        f'<div class="odds"><span><bdi>{esc(first)}</bdi> / <bdi>{esc(second)}</bdi></span>'
        f'<div><u class="{side}" style="width:{100 * abs(odds) / most:.1f}%"></u></div>'
        f"<em>{_score(odds)}</em><small>{said}</small></div>"
    )


def blanks_panel(result: TwoBlanks, known: Sequence[FillMask]) -> str:
    """Words that move most towards either text, and how far apart the two distributions are.

    known: the fill-mask lens's best candidates of both texts.
    """
    moved = [*result.towards_first, *result.towards_second]
    most = max((max(each.first, each.second) for each in moved), default=1.0)
    sides = (("first", result.towards_first), ("second", result.towards_second))
    lines = [(name, "".join(_moved(each, most) for each in words)) for name, words in sides]
    columns = "".join(
        f'<div><p class="side">More likely in the {name} text</p>{rows or _NONE}</div>' for name, rows in lines
    )
    texts = "".join(
        f'<p class="changed"><small>{name}</small> <bdi>{esc(text)}</bdi></p>'
        for name, text in zip(("first", "second"), result.texts, strict=True)
    )
    rows = [(each.token_str, each.token, each.first, each.second, each.log_ratio) for each in moved]
    keep = table(("token_str", "token", "first", "second", "log_ratio"), rows, "two-blanks")
    key = '<p class="note key"><u class="was"></u> first text <u class="is"></u> second text</p>'
    note = (
        f"Total variation {result.distance:.3f}: so much of the probability stands behind other words (0: the two "
        "texts have the same guesses, 1: none in common). Words are ordered by how far their probability moves; bars "
        "end at the greatest shown."
    )
    body = f'{texts}{key}<div class="slots">{columns}</div>{_agreed(result, moved, known)}{keep}'
    return card("One blank, two texts", body, note)


_NONE = '<p class="note">None is.</p>'


def _moved(each: Moved, most: float) -> str:
    ratio = _times(abs(each.log_ratio))
    side = "pos" if each.log_ratio >= 0 else "neg"
    return (
        f'<div class="twin"><span title="{esc(each.token_str)}"><bdi>{esc(each.token_str)}</bdi></span>'
        f'<div><u class="was" style="width:{100 * each.first / most:.2f}%"></u>'
        f'<u class="is" style="width:{100 * each.second / most:.2f}%"></u></div>'
        f"<em>{percent(each.first)} <small>\N{RIGHTWARDS ARROW}</small> {percent(each.second)}</em>"
        f'<b class="moved {side}" title="{ratio} {"more" if side == "pos" else "less"} likely in the second">'
        f"{_score(each.log_ratio)}</b></div>"
    )


def _agreed(result: TwoBlanks, moved: Sequence[Moved], known: Sequence[FillMask]) -> str:
    """The probabilities against those of fill-mask, where it lists them; the moves against the distance."""
    sides: tuple[Callable[[Moved], float], ...] = (lambda each: each.first, lambda each: each.second)
    gaps = []
    for filled, side in zip(known, sides, strict=True):
        given: Mapping[int, float] = {each.token: each.score for each in filled.slots[0].candidates}
        gaps += [abs(side(each) - given[each.token]) for each in moved if each.token in given]
    apart = max(gaps, default=0.0)
    held = sum(max(0.0, each.second - each.first) for each in result.towards_second)
    return check(
        apart < 1e-5 and 0 <= held <= result.distance + 1e-5 and result.distance <= 1 + 1e-6,
        f"{len(gaps)} probabilities are also in fill-mask's {len(known[0].slots[0].candidates)} best, apart by at most "
        f"{apart:.0e}; the words shown that rise hold {held:.3f} of the {result.distance:.3f}",
    )


def _score(value: float) -> str:
    return number(value, 2)


def _times(log_ratio: float) -> str:
    """A ratio in words, from its logarithm."""
    ratio = math.exp(min(log_ratio, 700.0))
    return f"{ratio:,.1f} times" if ratio < 1000 else f"{ratio:,.0f} times" if ratio < 1e6 else f"{ratio:.1e} times"
