"""A Classification as label bars, tokens and windows."""

from __future__ import annotations

from bert_demo.results import Classification, Token
from bert_demo.views.tables import Table
from bert_demo.views.templates import render


def labels_panel(result: Classification) -> str:
    """Label bars, and how logits became probabilities."""
    numbers = Table(("label", "score"), [(each.label, each.score) for each in result.labels], "labels")
    return render("classification.labels", result=result, numbers=numbers)


def windows_panel(result: Classification) -> str:
    """What each window says by itself; nothing for a text of one window."""
    if len(result.windows) < 2:
        return ""
    best = result.labels[0].label
    last = len(result.tokens) - 1
    rows = []
    for window in result.windows:
        first, end = window.span
        rows.append(
            {
                "first": first,
                "last": end,
                "left": f"{100 * first / last:.1f}%",
                "width": f"{100 * (end - first + 1) / last:.1f}%",
                "score": next(each.score for each in window.labels if each.label == best),
            }
        )
    return render("classification.windows", label=best, rows=rows, raw=result.activation == "none")


MARKS = ("##", "\N{LOWER ONE EIGHTH BLOCK}")
"""How pieces begin that continue a word (WordPiece), or that stand behind a space (SentencePiece)."""


def tokens_panel(tokens: tuple[Token, ...], title: str = "What the model reads") -> str:
    """The pieces with their ids; special tokens are framed, unknown ones are marked."""
    columns = ("position", "token", "piece", "id", "start", "end", "segment", "special")
    rows = [
        (place, token.shown, token.text, token.id, token.start, token.end, token.segment, token.special)
        for place, token in enumerate(tokens)
    ]
    unknown = sum(token.unknown for token in tokens)
    mark = next((mark for mark in MARKS if any(token.text.startswith(mark) for token in tokens)), "")
    numbers = Table(columns, rows, "tokens")
    return render("classification.tokens", title=title, tokens=tokens, unknown=unknown, mark=mark, numbers=numbers)
