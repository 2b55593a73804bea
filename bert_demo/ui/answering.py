"""Who answers when heads are switched off: the chosen model with what it has, else the bundled classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bert_demo.plots.markup import message
from bert_demo.ui.base import Ask, Hidden

if TYPE_CHECKING:
    from bert_demo.service import BertService


@dataclass(frozen=True, slots=True)
class Answering:
    """The model, the texts that it reads, whether it has labels, and HTML that says what it lacks."""

    model: str
    text: str
    pair: str | None
    classifies: bool
    said: str


def answering(service: BertService, ask: Ask, hidden: Hidden) -> Answering:
    """A classifier answers by itself; another model by its candidates where there is a mask, else `sentiment` does.

    Raises ModelError for a model that cannot be loaded.
    """
    tasks = service.describe(ask.model).tasks
    pair = ask.pair or None
    if "text-classification" in tasks:
        return Answering(ask.model, ask.text, pair, True, "")
    if "fill-mask" in tasks and pair is None:
        mask = service.mask_token(ask.model)
        text = masked(ask.text, hidden, mask)
        if mask in text:
            said = message(f"{ask.model} has no classification head: what it writes behind the mask is compared.")
            return Answering(ask.model, text, None, False, said)
    model = service.choose("text-classification", ask.model)
    said = message(
        f"{ask.model} decides nothing here: it has no classification head, and the text no mask to fill. This lens is "
        f"answered by {model}."
    )
    return Answering(model, ask.text, pair, True, said)


def masked(text: str, hidden: Hidden, mask: str) -> str:
    """The text with a mask in place of each hidden (start, end) that lies in it."""
    for start, end in sorted(hidden, reverse=True):
        if 0 <= start < end <= len(text):
            text = text[:start] + mask + text[end:]
    return text
