"""Sentences in experiments: every word's surprise as a strip, and which of two sentences the model prefers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bert_demo.results.masked_lm import Preference, Surprises, WordSurprise
from bert_demo.views.panels.attributions import greatest
from bert_demo.views.tables import Table
from bert_demo.views.templates import render

FULL = 15.0
"""Bits at which the colour is full: a blind guess among 32,768 tokens."""
MOST_MOVED = 6


def surprises_panel(result: Surprises) -> str:
    """Every word with its surprise in bits, what was expected instead, and the sentence's pseudo-perplexity."""
    return render(
        "pseudo_likelihood.surprises",
        result=result,
        full=FULL,
        summed=sum(word.bits for word in result.words),
        total=-result.score / math.log(2),
        count=len(result.scores),
        chips=_chips(result),
        numbers=_numbers(result, "every-word"),
    )


def strip(result: Surprises, changed: Sequence[int] = ()) -> str:
    """Words with bits below them, changed ones framed, and the panel of the word that is looked at."""
    return render("pseudo_likelihood.strip", _chips(result, changed))


def _chips(result: Surprises, changed: Sequence[int] = ()) -> list[tuple[WordSurprise, str, bool, bool]]:
    """Each word with the strength of its colour, whether it is changed, and whether it is the one looked at first."""
    first = max(range(len(result.words)), key=lambda place: result.words[place].bits)
    return [
        (word, f"{min(1.0, word.bits / FULL):.3f}", place in changed, place == first)
        for place, word in enumerate(result.words)
    ]


def _numbers(result: Surprises, name: str) -> Table:
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
    return Table(("position", "word", "bits", "probability", "rank", "tokens", "expected"), rows, name)


def preference_panel(result: Preference) -> str:
    """Which sentence has the higher pseudo-log-likelihood, by how much and at which words; both as strips."""
    both = {"first": result.first, "second": result.second}
    counts = [len(each.scores) for each in both.values()]
    highest = max(each.score for each in both.values())
    lines = _lines(result)
    return render(
        "pseudo_likelihood.preference",
        difference=result.difference,
        odds=f"{math.exp(min(abs(result.difference), 700.0)):,.4g}",
        which=result.first.rule,
        rows=[
            (
                name,
                each.score == highest and result.difference != 0,
                each.score,
                len(each.scores),
                float(each.scores.mean()),
                each.perplexity,
            )
            for name, each in both.items()
        ],
        unlike=counts if counts[0] != counts[1] else None,
        lines=lines,
        most=greatest(score for _, score in lines),
        total=sum(score for _, score in lines),
        sentences=[
            (name, _chips(each, changed), _numbers(each, f"{name}-sentence"))
            for (name, each), changed in zip(both.items(), result.changed, strict=True)
        ],
        numbers=Table(("words", "first_minus_second"), lines, "preference"),
    )


def _lines(result: Preference) -> list[tuple[str, float]]:
    """The difference, shared out: the words that changed, and the others, which read another neighbour."""
    both = list(zip((result.first, result.second), result.changed, strict=True))
    own = [[each.words[place] for place in part] for each, part in both]
    kept = [[word for place, word in enumerate(each.words) if place not in part] for each, part in both]
    names = [" ".join(word.word for word in words) or "nothing" for words in own]
    scores = [sum(word.score for word in words) for words in own]
    moved = [(one.word, one.score - other.score) for one, other in zip(*kept, strict=True)]
    ranked = sorted(moved, key=lambda each: -abs(each[1]))
    lines = [(f"{names[0]} / {names[1]}", scores[0] - scores[1])] if any(result.changed) else []
    lines += ranked[:MOST_MOVED]
    if len(ranked) > MOST_MOVED:
        others = sum(score for _, score in ranked[MOST_MOVED:])
        lines.append((f"{len(ranked) - MOST_MOVED} other words", others))
    return lines
