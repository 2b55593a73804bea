"""What can be read of the page before its scripts have run."""

from __future__ import annotations

from bert_demo.results import Classification
from bert_demo.views.templates import render


def placeholder(title: str, line: str, text: str, lens: str = "", answer: Classification | None = None) -> str:
    """The heading, the line beside it, the text that the page opens on or that its address names, and the answer of the
    lens that it opens on, once there is one. It goes by itself when the page is there."""
    labels = [(each.label, each.score) for each in answer.labels] if answer else []
    model = answer.model if answer else ""
    return render("placeholder.page", title=title, line=line, text=text, lens=lens, model=model, labels=labels)
