"""The input bar: text, optional second text, model, examples, Analyse and Stop; and the state they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from bert_demo.catalogue import CATALOGUE
from bert_demo.errors import TextError
from bert_demo.naming import LONGEST
from bert_demo.plots.markup import working
from bert_demo.ui.about import About
from bert_demo.ui.base import Ask
from bert_demo.ui.examples import Example
from bert_demo.ui.running import visitor_of
from bert_demo.validation import checked_pair

PRIVATE: dict[str, Any] = {"api_visibility": "private"}
QUIET: dict[str, Any] = {**PRIVATE, "concurrency_limit": None}
"""For events that only change states: without the queue's limits, but in it, where alone gradio tells of changes."""
LAST: dict[str, Any] = {**QUIET, "trigger_mode": "always_last"}
"""The same for those that a visitor may repeat before they are answered: gradio would drop the second ("once")."""


class Bar:
    """Components of the bar. asked: the last Ask; hidden: spans hidden in the fill-mask lens."""

    def __init__(self, opening: Ask, examples: Sequence[Example]) -> None:
        self._examples = examples
        self.asked = gr.State(opening)
        self.hidden = gr.State(examples[0].hide)
        with gr.Column(elem_id="bar"):
            self.text = gr.Textbox(
                opening.text,
                label="Text",
                lines=1,
                max_lines=6,
                placeholder="Type a sentence and press Enter",
                elem_id="text",
                container=False,
            )
            self.pair = gr.Textbox(
                opening.pair,
                label="Second text (optional)",
                lines=1,
                max_lines=4,
                placeholder="+ second sentence (optional)",
                elem_id="pair",
                container=False,
            )
            with gr.Row(elem_id="run"):
                self.model = gr.Dropdown(
                    [card.name for card in CATALOGUE],
                    value=opening.model,
                    label="Model",
                    allow_custom_value=True,
                    min_width=180,
                    scale=2,
                    elem_id="model",
                    container=False,
                )
                self.stop = gr.Button("Stop", variant="secondary", min_width=80, scale=0, elem_id="stop")
                self.analyse = gr.Button("Analyse", variant="primary", min_width=120, scale=0, elem_id="analyse")
            self.about = About(opening.model)
        with gr.Row(elem_id="examples"):
            self.buttons = [gr.Button(each.name, size="sm", min_width=60, scale=0) for each in examples]

    def wire(self, tabs: gr.Tabs, runs: Sequence[Any], notices: Sequence[gr.HTML], most: int) -> None:
        """Enter, Analyse and a chosen model ask; an example fills the bar and asks; Stop ends `runs`.

        Every lens says that it waits until its answer to the new question is there. most: characters of both texts.
        """
        bar = [self.text, self.pair, self.model]
        waiting = [working("Waiting \N{HORIZONTAL ELLIPSIS}")] * len(notices)
        gr.on(
            [self.analyse.click, self.text.submit, self.pair.submit, self.model.input],
            _analysed(most, waiting),
            [self.asked, *bar],
            [self.asked, self.hidden, *notices],
            **LAST,
        ).then(None, bar, js="(text, pair, model) => window.bertDemo.remember(text, pair, model)", **PRIVATE)
        for button, example in zip(self.buttons, self._examples, strict=True):
            button.click(
                _take(example, waiting),
                [self.asked],
                [*bar, self.asked, self.hidden, tabs, *notices],
                **LAST,
            ).then(None, bar, js="(text, pair, model) => window.bertDemo.remember(text, pair, model)", **PRIVATE)
        self.about.wire(self.model)
        self.stop.click(None, cancels=list(runs), js="() => window.bertDemo.stopped()", **PRIVATE)


def _analysed(most: int, waiting: Sequence[str]) -> Any:
    def analysed(request: gr.Request, asked: Ask, text: Any, pair: Any, model: Any) -> list[Any]:
        turn = visitor_of(request).turn
        if asked.overtakes(turn):
            return [gr.skip()] * (2 + len(waiting))
        return [replace(again(asked, most, text, pair, model), sent=turn), (), *waiting]

    return analysed


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


def _take(example: Example, waiting: Sequence[str]) -> Any:
    def take(request: gr.Request, asked: Ask) -> list[Any]:
        turn = visitor_of(request).turn
        if asked.overtakes(turn):
            return [gr.skip()] * (6 + len(waiting))
        ask = example.ask
        selected = gr.Tabs(selected=example.tab) if example.tab else gr.skip()
        taken = replace(asked.again(ask.text, ask.pair, ask.model), sent=turn)
        return [ask.text, ask.pair, ask.model, taken, example.hide, selected, *waiting]

    return take
