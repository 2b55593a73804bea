"""Answers in their passage, and what carried one."""

from __future__ import annotations

from bert_demo.results.answers import AnswerAttribution, Answers
from bert_demo.views.tables import Table
from bert_demo.views.templates import render


def answers_panel(result: Answers, passage: str) -> str:
    """The likeliest answer in the passage, all of them with their probabilities, and that there is none."""
    best = result.answers[0] if result.answers else None
    start, end = (best.start, best.end) if best else (len(passage), len(passage))
    rows = [(each.text, each.score, each.start, each.end, each.window) for each in result.answers]
    return render(
        "answers.answers",
        result=result,
        best=best,
        around=(passage[:start], passage[start:end], passage[end:]),
        numbers=Table(("answer", "score", "start", "end", "window"), rows, "answers"),
    )


def no_passage_panel() -> str:
    """What to do where there is no passage."""
    return render("answers.no_passage")


def parts_panel(result: AnswerAttribution) -> str:
    """What question and passage did to the answer."""
    parts = [("the question", result.question), ("the passage", result.passage), ("special tokens", result.rest)]
    most = max(abs(score) for _, score in parts) or 1.0
    numbers = Table(("part", "score"), parts, "answer-parts")
    return render("answers.parts", result=result.attribution, parts=parts, most=most, numbers=numbers)
