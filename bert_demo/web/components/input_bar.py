"""The input bar: text, optional second text, model, examples, Run and Stop; and the question they lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from bert_demo.views.panels.input_bar import answer_notes, example_changed, examples_row
from bert_demo.web.components.about import About
from bert_demo.web.components.model_choices import model_choices
from bert_demo.web.components.model_for_text import of_example, settled
from bert_demo.web.event_detail import detail
from bert_demo.web.event_settings import LAST, PRIVATE, QUIET
from bert_demo.web.examples import Example, row_of
from bert_demo.web.question_state import AskedState, HiddenState
from bert_demo.web.tab import ON_PICK, Ask, html

_CONNECT = "window.bertDemo.examples.connect(element, trigger, ['pick', 'settle', 'example']);"
MORE = (
    '<button type="button" class="tool" data-fold="bar" aria-expanded="false" title="Second text, about the model">'
    "more</button>"
)
"""Opens the rest of the bar on a small screen."""


class Bar:
    """Components of the bar. asked: the last Ask; hidden: spans hidden in the fill-mask lens; titles: of the lenses, by
    their names; most: characters of both texts."""

    def __init__(self, opening: Ask, examples: Sequence[Example], titles: Mapping[str, str], most: int) -> None:
        self._examples = examples
        self.asked = AskedState(opening, most)
        self.hidden = HiddenState(examples[0].hide)
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
                    model_choices(),
                    value=opening.model,
                    label="Model",
                    allow_custom_value=True,
                    min_width=180,
                    scale=2,
                    elem_id="model",
                    container=False,
                )
                self.stop = gr.Button("Stop", variant="secondary", min_width=80, scale=0, elem_id="stop")
                self.analyse = gr.Button("Run", variant="primary", min_width=120, scale=0, elem_id="analyse")
                html(MORE, elem_id="more")
            self.about = About(opening.model)
        rows = [
            (each.name, titles[each.lens], each.purpose, row_of(each, place)) for place, each in enumerate(examples)
        ]
        self.offers = html(examples_row(rows), elem_id="examples", js_on_load=_CONNECT)
        self.example_changed = html(example_changed(), elem_id="example-changed", js_on_load=_CONNECT)
        self.changed = html(elem_id="model-changed", js_on_load=ON_PICK)
        html(answer_notes(titles["without"]), elem_id="answer-notes")

    def wire(self, runs: Sequence[Any]) -> None:
        """Enter, Run and a chosen model ask; an example fills the bar and asks; Stop ends `runs`.

        The browser does it alone (assets/questions.js, examples.js), but for a question whose model the server has to
        settle: it sends that first.
        """
        bar, question = [self.text, self.pair, self.model], [self.asked, self.hidden]
        entered = "(...bar) => window.bertDemo.questions.entered(...bar)"
        chosen = "(...bar) => window.bertDemo.questions.chosen(...bar)"
        for asks, js in (
            ([self.analyse.click, self.text.submit, self.pair.submit], entered),
            ([self.model.input], chosen),
        ):
            gr.on(asks, None, [*bar, self.asked], [self.changed, *question], js=js, **PRIVATE)
        taken = "(asked) => window.bertDemo.examples.taken(asked)"
        self.offers.pick(None, self.asked, [*bar, self.changed, *question], js=taken, **PRIVATE)
        back = "(...bar) => window.bertDemo.examples.back(...bar)"
        self.example_changed.pick(None, [*bar, self.asked], [self.model, self.changed, *question], js=back, **PRIVATE)
        settled = [self.model, self.changed, *question]
        self.offers.settle(question_of_bar(), [self.asked, *bar], settled, **LAST)
        self.offers.example(
            question_of_example(self._examples),
            [self.asked],
            [*bar, self.changed, *question],
            trigger_mode="multiple",  # of two events that are one to gradio, it would drop the second
            **QUIET,
        )
        self.changed.pick(_model_before, None, self.model, **LAST).then(
            question_of_bar(), [self.asked, *bar], settled, **LAST
        )
        self.about.wire(self.model)
        self.stop.click(None, cancels=list(runs), js="() => window.bertDemo.stopped()", **PRIVATE)


def _model_before(event: gr.EventData) -> Any:
    model = detail(event, "model")
    return model if isinstance(model, str) else gr.skip()


def question_of_bar() -> Any:
    """The handler of a question whose model is to be settled: the model, what became of it, the question, nothing
    hidden."""

    def analysed(asked: Ask, text: Any, pair: Any, model: Any) -> list[Any]:
        taken = asked.again(text, pair, model if isinstance(model, str) else "")
        asks, said = settled(asked, taken)
        answers = gr.skip() if asks.model == taken.model else asks.model
        return [answers, gr.skip() if said is None else said, asks, ()]

    return analysed


def question_of_example(examples: Sequence[Example]) -> Any:
    """The handler of an example whose model is to be settled: the filled bar, what became of the model, the question,
    what it hides. The lens stays that is open."""

    def take(asked: Ask, event: gr.EventData) -> list[Any]:
        number = detail(event, "example")
        if number not in range(len(examples)):
            raise gr.Error("This example is not one of those on offer.", print_exception=False)
        example = examples[number]
        asks, said = of_example(asked, example)
        return [asks.text, asks.pair, asks.model, gr.skip() if said is None else said, asks, example.hide]

    return take
