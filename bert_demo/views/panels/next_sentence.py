"""Two texts in both orders, and how the model judges pairs that are known."""

from __future__ import annotations

from collections.abc import Sequence

from bert_demo.results import NextSentence
from bert_demo.results.next_sentence import NextSentenceBaseline
from bert_demo.views.tables import Table
from bert_demo.views.templates import render

ORDERS = ("B follows A", "A follows B")


def tries(pairs: Sequence[tuple[str, str]], opened: bool = False) -> str:
    """Pairs to press: [data-pick] gives the number of each."""
    return render("next_sentence.tries", pairs, opened)


def no_second_panel(pairs: Sequence[tuple[str, str]]) -> str:
    """What is said where there is one text only."""
    return render("next_sentence.no_second", pairs)


def orders_panel(
    first: str, second: str, forth: NextSentence, back: NextSentence, pairs: Sequence[tuple[str, str]]
) -> str:
    """Both orders as bars, and pairs to try next."""
    cells = [(order, each.is_next, each.not_next) for order, each in (("A, then B", forth), ("B, then A", back))]
    return render(
        "next_sentence.orders",
        model=forth.model,
        texts=[("A", first), ("B", second)],
        rows=[(ORDERS[0], forth.is_next), (ORDERS[1], back.is_next)],
        pairs=pairs,
        numbers=Table(("order", "is_next", "not_next"), cells, "next-sentence"),
    )


def baseline_panel(result: NextSentenceBaseline, forth: NextSentence) -> str:
    """How the known pairs were judged, where the visitor's stands among them, and what the task was for."""
    together, apart = result.right
    rows = [
        (first, second, "together" if row == column else "shuffled", float(result.matrix[row, column]))
        for row, first in enumerate(result.firsts)
        for column, second in enumerate(result.seconds)
    ]
    rows += [
        (second, first, "turned round", float(each))
        for first, second, each in zip(result.firsts, result.seconds, result.turned, strict=True)
    ]
    turned = float((result.turned < 0.5).mean())
    return render(
        "next_sentence.baseline",
        kinds=[
            (f"{len(result.true)} pairs that belong together", float(result.true.mean()), together),
            (f"{len(result.turned)} of them turned round", float(result.turned.mean()), turned),
            (f"{len(result.shuffled)} shuffled pairs", float(result.shuffled.mean()), apart),
        ],
        below=float((result.shuffled < forth.is_next).mean()),
        above=float((result.true[:, None] > result.shuffled[None]).mean()),
        numbers=Table(("first", "second", "kind", "is_next"), rows, "next-sentence-baseline"),
    )
