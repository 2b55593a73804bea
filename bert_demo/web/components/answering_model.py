"""Who answers when heads are switched off: the chosen model with what it has, else the bundled classifier."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bert_demo.registry.task_heads import other_answers
from bert_demo.views.markup import message
from bert_demo.web.tab import Ask, Hidden, masks_notice

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService


@dataclass(frozen=True, slots=True)
class Answering:
    """The model, the texts that it reads, whether it has labels, and HTML that says what it lacks."""

    model: str
    text: str
    pair: str | None
    classifies: bool
    notice: str


def answering(service: BertService, ask: Ask, hidden: Hidden) -> Answering:
    """A classifier answers by itself; another model by its candidates where there is a mask, else `sentiment` does.

    Raises ModelError for a model that cannot be loaded.
    """
    tasks = service.describe(ask.model).tasks
    pair = ask.pair or None
    if "text-classification" in tasks:
        return Answering(ask.model, ask.text, pair, True, masks_notice(service, ask))
    if "fill-mask" in tasks and pair is None:
        mask = service.mask_token(ask.model)
        text = masked(ask.text, hidden, mask)
        if mask in text:
            notice = message(
                f"{ask.model} was not trained to put texts into classes: what it writes behind the mask is compared."
            )
            return Answering(ask.model, text, None, False, notice)
    model = service.choose("text-classification", ask.model, ask.text)
    notice = other_answers(ask.model, "text-classification", model)
    if "fill-mask" in tasks and pair is None:
        notice += f" Put a mask into the text, and {ask.model} answers with the words that it would write there."
    ask = replace(ask, model=model)
    return Answering(model, ask.text, pair, True, message(notice) + masks_notice(service, ask))


def masked(text: str, hidden: Hidden, mask: str) -> str:
    """The text with a mask in place of each hidden (start, end) that lies in it."""
    for start, end in sorted(hidden, reverse=True):
        if 0 <= start < end <= len(text):
            text = text[:start] + mask + text[end:]
    return text
