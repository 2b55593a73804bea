"""The laboratory's sentences: every word's surprise as a strip, and which of two sentences the model prefers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bert_demo.plots.markup import card, check, esc, grid, number, percent, table
from bert_demo.results.guesses import Preference, Surprises, WordSurprise

FULL = 15.0
"""Bits at which the colour is full: a blind guess among 32,768 tokens."""
MOST_MOVED = 6

_RULES = {
    "original": "each piece is hidden alone, so that a word's other pieces may give it away (Salazar et al. 2020)",
    "within_word_l2r": "with a piece the later ones of its word are hidden too (Kauf and Ivanova 2023)",
}


def surprises_panel(result: Surprises) -> str:
    """Every word with its surprise in bits, what was expected instead, and the sentence's pseudo-perplexity."""
    total = -result.score / math.log(2)
    summed = sum(word.bits for word in result.words)
    count = len(result.scores)
    pieces = "1 token" if count == 1 else f"{count} tokens"
    proof = check(
        abs(summed - total) <= 1e-4 * max(1.0, total),
        f"the words sum to {summed:.3f} bits, the {pieces} of the text to {total:.3f}; 2 to the power of "
        f"{total / count:.3f} bits for each token is the pseudo-perplexity, {result.perplexity:,.2f}",
    )
    note = (
        f"Under each word its surprise in bits when it alone is hidden: 1 bit is a coin's toss, {FULL:.0f} bits (full "
        "colour) a blind guess. Click, hover or reach a word with the Tab key to see what the model expected. "
        f"The rule: {_RULES[result.rule]}. {result.readings:,} readings of the text."
    )
    claim = f'<p class="claim">Pseudo-perplexity <b>{result.perplexity:,.2f}</b>: {_meaning(result.perplexity)}</p>'
    return card("Every word in turn", f"{claim}{strip(result)}{proof}{_keep(result, 'every-word')}", note)


def _meaning(perplexity: float) -> str:
    return f"on average as unsure as among {perplexity:,.1f} equally likely tokens."


def strip(result: Surprises, changed: Sequence[int] = ()) -> str:
    """Words with bits below them, changed ones framed, and the panel of the word that is looked at."""
    first = max(range(len(result.words)), key=lambda place: result.words[place].bits)
    chips = "".join(_chip(word, place, place in changed, place == first) for place, word in enumerate(result.words))
    details = "".join(_expected(word, place, place != first) for place, word in enumerate(result.words))
    return (
        f'<div class="sent surprise" dir="auto">{chips}</div><div class="expected" aria-live="polite">{details}</div>'
    )


def _chip(word: WordSurprise, place: int, changed: bool, pressed: bool) -> str:
    differs = " differs" if changed else ""
    said = f"{word.bits:.1f} bits{', the other sentence lacks it' if changed else ''}"
    return (
        f'<button type="button" class="w pos{differs}" style="--a:{min(1.0, word.bits / FULL):.3f}" '
        f'data-word="{place}" aria-pressed="{str(pressed).lower()}" aria-label="{esc(word.word)}: {said}">'
        f"<b><bdi>{esc(word.word)}</bdi></b><i>{word.bits:.1f}</i></button>"
    )


def _expected(word: WordSurprise, place: int, hidden: bool) -> str:
    rank = f", rank {word.rank:,}" if word.rank is not None else ""
    pieces = f", {len(word.tokens)} pieces, of which the first" if len(word.tokens) > 1 else ""
    guesses = " ".join(
        f'<span class="pick"><bdi>{esc(guess.token_str)}</bdi> <i>{percent(guess.score)}</i></span>'
        for guess in word.expected
    )
    return (
        f'<div data-detail="{place}"{" hidden" if hidden else ""}><p class="note"><b><bdi>{esc(word.word)}</bdi></b>: '
        f"{percent(math.exp(word.score))}, {word.bits:.2f} bits{rank}{pieces}. The model expected:</p>"
        f'<div class="picks">{guesses}</div></div>'
    )


def _keep(result: Surprises, name: str) -> str:
    rows = [
        (
            place,
            word.word,
            word.bits,
            math.exp(word.score),
            word.rank,
            len(word.tokens),
            " ".join(guess.token_str for guess in word.expected),
        )
        for place, word in enumerate(result.words)
    ]
    columns = ("position", "word", "bits", "probability", "rank", "tokens", "expected")
    return table(columns, rows, name, f'<button type="button" data-png="{esc(name)}.png">PNG</button>')


def preference_panel(result: Preference) -> str:
    """Which sentence has the higher pseudo-log-likelihood, by how much and at which words; both as strips."""
    parts = [card("Which sentence?", _scores(result) + _where(result), _note(result))]
    for name, each, changed in zip(("first", "second"), (result.first, result.second), result.changed, strict=True):
        body = strip(each, changed) + _keep(each, f"{name}-sentence")
        parts.append(card(f"The {name} sentence", body, "Surprise of each word in bits; framed: the other lacks it."))
    return f'<div class="beside">{"".join(parts)}</div>'


def _note(result: Preference) -> str:
    counts = [len(each.scores) for each in (result.first, result.second)]
    unlike = ""
    if counts[0] != counts[1]:
        unlike = (
            f" The two have {counts[0]} and {counts[1]} tokens: the sum favours the shorter one; look at the mean, too."
        )
    return (
        "The sum of the log-probabilities of all tokens, each hidden in turn; the higher is preferred. The rule: "
        f"{_RULES[result.first.rule]}.{unlike}"
    )


def _scores(result: Preference) -> str:
    rows = ""
    for name, each in (("first", result.first), ("second", result.second)):
        best = each.score == max(result.first.score, result.second.score) and result.difference != 0
        mark = "\N{CHECK MARK} " if best else ""
        rows += (
            f'<tr><th scope="row">{mark}{name}</th><td>{number(each.score, 3)}</td><td>{len(each.scores)}</td>'
            f"<td>{number(float(each.scores.mean()), 3)}</td><td>{each.perplexity:,.2f}</td></tr>"
        )
    names = ("sentence", "sum", "tokens", "mean", "pseudo-perplexity")
    return _verdict(result.difference) + grid("".join(f'<th scope="col">{name}</th>' for name in names), rows)


def _verdict(difference: float) -> str:
    if difference == 0:
        return '<p class="claim">To the model the two are equally likely.</p>'
    name = "first" if difference > 0 else "second"
    return (
        f'<p class="claim">The model prefers the <b>{name}</b> sentence: {abs(difference):.3f} apart, which is '
        f"{math.exp(min(abs(difference), 700.0)):,.4g} times as likely by this measure.</p>"
    )


def _where(result: Preference) -> str:
    """The difference, shared out: the words that changed, and the others, which read another neighbour."""
    both = (result.first, result.second)
    own = [sum(each.words[place].score for place in part) for each, part in zip(both, result.changed, strict=True)]
    kept = [
        [word for place, word in enumerate(each.words) if place not in part]
        for each, part in zip(both, result.changed, strict=True)
    ]
    moved = [(one.word, one.score - other.score) for one, other in zip(*kept, strict=True)]
    changed = [
        " ".join(each.words[place].word for place in part) for each, part in zip(both, result.changed, strict=True)
    ]
    named = f"{changed[0] or 'nothing'} / {changed[1] or 'nothing'}"
    rows = [(named, own[0] - own[1])] if any(result.changed) else []
    ranked = sorted(moved, key=lambda each: -abs(each[1]))
    rows += ranked[:MOST_MOVED]
    if len(ranked) > MOST_MOVED:
        rows.append((f"{len(ranked) - MOST_MOVED} other words", sum(score for _, score in ranked[MOST_MOVED:])))
    most = max((abs(score) for _, score in rows), default=0.0) or 1.0
    lines = "".join(_step(name, score, most) for name, score in rows)
    total = sum(score for _, score in rows)
    holds = abs(total - result.difference) <= 1e-3
    proof = check(holds, f"the lines sum to {number(total, 3)}; the difference is {number(result.difference, 3)}")
    keep = table(("words", "first_minus_second"), rows, "preference")
    said = "Where the difference comes from: orange, +, for the first; blue, \N{MINUS SIGN}, for the second"
    return f'<p class="side">{said}</p>{lines}{proof}{keep}'


def _step(name: str, score: float, most: float) -> str:
    side = "pos" if score >= 0 else "neg"
    return (
        f'<div class="step"><span title="{esc(name)}"><bdi>{esc(name)}</bdi></span>'
        f'<div><u class="{side}" style="width:{100 * abs(score) / most:.1f}%"></u></div>'
        f"<em>{number(score, 3)}</em></div>"
    )
