"""What a model cannot read of a text, in words above an answer."""

from __future__ import annotations

from bert_demo.results.readability import Readability
from bert_demo.views.templates import render

MOST_SIGNS = 5
MOST_WORDS = 3


def unread_notice(read: Readability) -> str:
    """A sentence for each thing that the model cannot read; nothing where it reads all."""
    strange = read.strange
    if not (read.unknown or read.in_letters or strange or read.guess or read.changed):
        return ""
    foreign = {
        "letters": sum(each.letters for each in strange),
        "scripts": " and ".join(each.script for each in strange),
        "languages": ", ".join(read.languages),
    }
    more = max(0, len(read.signs) - MOST_SIGNS)
    changed = {"first": read.changed[:MOST_WORDS], "more": max(0, len(read.changed) - MOST_WORDS)}
    return render("readability.notice", read, read.signs[:MOST_SIGNS], more, foreign if strange else None, changed)


def masks_notice(read: Readability) -> str:
    """That a text which is put into classes has masks; nothing where it has none."""
    return render("readability.masks", read) if read.masks else ""
