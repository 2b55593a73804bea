"""The laboratory: a part of the lens Fill-mask with one experiment open at a time, answered when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.errors import CancelledError, ChoiceError, DemoError
from bert_demo.plots.attributions import progress_panel
from bert_demo.plots.markup import esc, message, working
from bert_demo.results.guesses import RULES
from bert_demo.ui.bar import LAST, QUIET
from bert_demo.ui.base import ON_PICK, Ask, Hidden, Page, html, panels_runner
from bert_demo.ui.examples import load_examples
from bert_demo.ui.experiments import BY_NAME, EXPERIMENTS, Inputs, question_of
from bert_demo.ui.running import Watch
from bert_demo.ui.worth import AT_ONCE

if TYPE_CHECKING:
    from bert_demo.service import BertService

OPENING = Inputs(
    candidates="film, motion picture, love story, film/movie",
    blank="Not a masterpiece, but a dark and brutal [MASK] that never outstays its welcome.",
    sentence="Not a masterpiece, but a warm and funny films that never outstays its welcome.",
)
"""What the fields hold while the opening example is asked, so that every experiment can be run at once."""
FIELDS = ("candidates", "blank", "sentence")
_RULES = (("hide one piece", RULES[0]), ("hide the rest of its word, too", RULES[1]))
_HEAD = (
    "<h2>The laboratory</h2><p class='note'>Experiments with masked words, on your text above. One is open at a time; "
    "Run asks it.</p>"
)


class Laboratory:
    """A row of experiments, the fields of the one that is open, Run, and its picture. top_k: of the lens."""

    def __init__(self, top_k: gr.Slider) -> None:
        with gr.Column(elem_classes="lens-section", elem_id="lab"):
            html(_HEAD)
            self.experiment = gr.Radio(
                [(each.title, each.name) for each in EXPERIMENTS],
                value=EXPERIMENTS[0].name,
                show_label=False,
                container=False,
                elem_id="lab-experiment",
            )
            html("".join(_explained(each.name) for each in EXPERIMENTS), elem_id="lab-said")
            self.fields = [
                _field("candidates", "Candidates, one on each line or with commas; doctor/nurse is a pair"),
                _field("blank", "The second text, with its own mask"),
                _field("sentence", "The second sentence: your text with a word changed"),
            ]
            with gr.Row(elem_classes="controls", elem_id="lab-tools"):
                rule = gr.Radio(
                    list(_RULES),
                    value=RULES[0],
                    label="A word of several pieces",
                    min_width=240,
                    elem_classes="lab-rule",
                    elem_id="lab-rule",
                )
                self.run = gr.Button("Run", variant="primary", min_width=110, scale=0, elem_id="lab-run")
                self.example = gr.Button("Take the example", size="sm", min_width=140, scale=0, elem_id="lab-example")
                self.copy = gr.Button("Copy my text", size="sm", min_width=120, scale=0, elem_id="lab-copy")
            self.said = html(elem_id="lab-notice", elem_classes="asked-for")
            with gr.Column(visible=False) as self.body:
                self.panel = html(elem_id="lab-panel", js_on_load=ON_PICK)
        self.top_k = top_k
        self.controls = [self.experiment, top_k, *self.fields, rule]

    def wire(self, page: Page) -> list[Any]:
        """Run asks; a new text or mask takes the answer away; a clicked filling is written into the text."""

        def make(watch: Watch, ask: Ask, hidden: Hidden, *controls: Any) -> list[Any]:
            return [answered(page.service(), ask, hidden, controls, watch)]

        outputs = [self.said, self.body, self.panel]
        asked = [page.asked, page.hidden, *self.controls]
        run = self.run.click(panels_runner("laboratory", make, _told, 1), asked, outputs, **AT_ONCE)
        away = ["", gr.Column(visible=False)]
        page.asked.change(_renew, [page.asked, *self.fields], [*outputs[:2], *self.fields], **QUIET)
        page.hidden.change(lambda: away, None, outputs[:2], cancels=[run], **QUIET)
        self.experiment.input(
            None, self.experiment, js="(lab) => window.bertDemo.address({lab})", api_visibility="private"
        )
        kept: dict[str, Any] = {"js": "(...bar) => window.bertDemo.remember(...bar)", "api_visibility": "private"}
        self.example.click(
            _example(page),
            [page.asked, self.experiment, *self.fields],
            [*page.bar[:2], page.asked, page.hidden, *self.fields],
            **LAST,
        ).then(None, page.bar, **kept)
        self.copy.click(_copy(page), [page.asked, page.hidden, *self.fields], self.fields, **LAST)
        self.panel.pick(_fill(page), [page.asked, page.hidden], [page.text, page.asked, page.hidden], **LAST).then(
            None, page.bar, **kept
        )
        return [run]


MASK, OTHER_MASK = "[MASK]", "<mask>"
"""How the examples spell it, and how the tokenizers of RoBERTa's kin do."""


def _renew(ask: Ask, *values: str) -> list[Any]:
    """No old answer; the fields that fit the new text, those that need no change left alone."""
    new = renewed(ask.text, values)
    fields = [gr.skip() if field == value else field for field, value in zip(new, values, strict=True)]
    return ["", gr.Column(visible=False), *fields]


def renewed(text: str, values: Sequence[str]) -> list[str]:
    """The fields for a new text: what a visitor wrote stays; an empty field, or one that holds the example of another
    text, gets the example of this text, if there is one. Masks are spelt as the text or the fields spell them."""
    examples = {load_examples()[0].ask.text: OPENING, **{each.text: each.inputs for each in EXPERIMENTS}}
    other = any(OTHER_MASK in each for each in (text, *values))
    ours = examples.get(text.replace(OTHER_MASK, MASK), Inputs())
    offered = {name: {getattr(inputs, name) for inputs in examples.values()} for name in FIELDS}
    return [
        getattr(ours, name).replace(MASK, OTHER_MASK if other else MASK)
        if value.replace(OTHER_MASK, MASK) in offered[name]
        else value
        for name, value in zip(FIELDS, values, strict=True)
    ]


def _explained(name: str) -> str:
    each = BY_NAME[name]
    return (
        f'<p class="note lab-{name}">{esc(each.shows)} <b>What it cannot show:</b> {esc(each.limits)} '
        f"<small>After {esc(each.source)}.</small></p>"
    )


def _field(name: str, label: str) -> gr.Textbox:
    return gr.Textbox(
        getattr(OPENING, name),
        label=label,
        lines=2,
        max_lines=6,
        elem_classes=[
            f"lab-{'blanks' if name == 'blank' else 'sentences' if name == 'sentence' else name}",
            "lab-field",
        ],
        elem_id=f"lab-{name}",
    )


def panel(service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], watch: Watch) -> str:
    """The open experiment's picture. controls: its name, then the fields in the order of Inputs. Raises DemoError."""
    name, top_k, *fields = controls
    experiment = BY_NAME.get(name)
    if experiment is None:
        raise ChoiceError(f"The experiment must be one of: {', '.join(BY_NAME)}.")
    asked = question_of(service, ask, hidden)
    said = ""
    if asked.model != ask.model:
        said = message(f"{ask.model} has no fill-mask head; this experiment is answered by {asked.model}.")
    inputs = Inputs(int(top_k), *(str(field or "") for field in fields))
    return f'<div class="lab-{experiment.name}">{said}{experiment.answer(service, asked, inputs, watch)}</div>'


def answered(service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], watch: Watch) -> str:
    """The same, or in its place, as the open experiment's own, the sentence that says what is wrong."""
    try:
        return panel(service, ask, hidden, controls, watch)
    except CancelledError:
        raise
    except DemoError as error:
        return f'<div class="lab-{esc(controls[0])}">{message(str(error), "error")}</div>'


def _example(page: Page) -> Callable[..., list[Any]]:
    def take(ask: Ask, name: str, *values: str) -> list[Any]:
        each = BY_NAME.get(name, EXPERIMENTS[0])
        mask = "[MASK]"
        try:
            mask = question_of(page.service(), ask, ()).mask
        except DemoError as error:
            gr.Info(str(error))
        text, inputs = (
            each.text.replace("[MASK]", mask),
            replace(each.inputs, blank=each.inputs.blank.replace("[MASK]", mask)),
        )
        fields = [getattr(inputs, field) or value for field, value in zip(FIELDS, values, strict=True)]
        return [text, "", ask.again(text, ""), (), *fields]

    return take


def _copy(page: Page) -> Callable[..., list[Any]]:
    def copy(ask: Ask, hidden: Hidden, *values: str) -> list[Any]:
        """Into both second texts; the candidates stay."""
        try:
            asked = question_of(page.service(), ask, hidden)
        except DemoError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return [values[0], asked.masked, asked.text]

    return copy


def _fill(page: Page) -> Callable[..., list[Any]]:
    def fill(ask: Ask, hidden: Hidden, event: gr.EventData) -> list[Any]:
        try:
            text = filled_jointly(page.service(), ask, hidden, event._data)
        except DemoError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return [text, ask.again(text), ()]

    return fill


def filled_jointly(service: BertService, ask: Ask, hidden: Hidden, picked: Any) -> str:
    """The text with the picked joint filling. picked: {"filling": ids}. Raises ChoiceError for any other."""
    wanted = picked.get("filling") if isinstance(picked, Mapping) else None
    asked = question_of(service, ask, hidden)
    result = service.fill_jointly(asked.masked, asked.model, service.settings.max_top_k)
    for each in (*result.fillings, result.independent):
        if list(each.tokens) == wanted:
            return each.sequence
    raise ChoiceError("This filling is no longer shown. Press Run and choose again.")


def _told(done: int, planned: int) -> str:
    if not planned:
        return working("Reading the text \N{HORIZONTAL ELLIPSIS}")
    return progress_panel(done, planned, "over variants of the text, or tokens read at every layer")
