"""The question and the words hidden in it, as the browser keeps them: it sends them with each event that reads them.

They are components that are never seen, not states of the server: Enter changes them in the browser alone, so that a
question is one event, that of the lens that is open, and does not wait for another one before it.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.data_classes import JsonData

from bert_demo.core.errors import TextError
from bert_demo.core.validation import checked_pair
from bert_demo.registry.names import LONGEST
from bert_demo.web.gradio_patches.components import no_stubs
from bert_demo.web.tab import MOST_HIDDEN, Ask, Hidden

MOST_TURNS = 10**9
"""Questions that are counted."""


with no_stubs():

    class AskedState(gr.JSON):  # type: ignore[misc]
        """What was asked last, an `Ask`. most: characters of both texts."""

        is_template = True

        def __init__(self, value: Any = None, most: int = 0, visible: bool = False, **settings: Any) -> None:
            self.most = most
            super().__init__(value, visible=visible, **settings)

        def preprocess(self, payload: Any) -> Ask:
            """What a browser sends; whatever it is, an Ask, refused if it cannot be one."""
            sent = payload if isinstance(payload, dict) else {}
            turn = sent.get("turn")
            turn = turn if type(turn) is int and 0 < turn < MOST_TURNS else 1
            before = sent.get("before")
            before = before if isinstance(before, str) and len(before) <= LONGEST else ""
            asked = Ask("", "", "", turn - 1, before=before, insists=sent.get("insists") is True)
            return again(asked, self.most, sent.get("text", ""), sent.get("pair", ""), sent.get("model", ""))

        def postprocess(self, value: Ask | None) -> Any:
            """As the browser keeps it."""
            if not isinstance(value, Ask):
                return value
            kept = ("text", "pair", "model", "turn", "before", "insists")
            return JsonData({name: getattr(value, name) for name in kept})

    class HiddenState(gr.JSON):  # type: ignore[misc]
        """The words that are hidden, as (start, end) characters."""

        is_template = True

        def __init__(self, value: Any = None, visible: bool = False, **settings: Any) -> None:
            super().__init__(value, visible=visible, **settings)

        def preprocess(self, payload: Any) -> Hidden:
            """What a browser sends; nothing for what is no list of spans."""
            spans = payload if isinstance(payload, list) else []
            return tuple((span[0], span[1]) for span in spans[:MOST_HIDDEN] if _is_span(span))

        def postprocess(self, value: Any) -> Any:
            """As the browser keeps it."""
            return JsonData([list(span) for span in value or ()])


def _is_span(span: Any) -> bool:
    return isinstance(span, list) and len(span) == 2 and all(type(each) is int for each in span)


def again(asked: Ask, most: int, text: Any, pair: Any, model: Any) -> Ask:
    """The next question; one that is too long is not kept, only the sentence that says so."""
    if not isinstance(model, str):
        model = ""
    if len(model) > LONGEST:
        return asked.again("", "", "", f"The model's name has {len(model):,} characters; choose one of the list.")
    try:
        checked_pair(text, pair, most)
    except TextError as error:
        if any(isinstance(each, str) and len(each) > most for each in (text, pair)) or len(f"{text}{pair}") > most:
            return asked.again("", "", model, str(error))
    return asked.again(text, pair, model)
