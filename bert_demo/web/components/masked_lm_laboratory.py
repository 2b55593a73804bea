"""The laboratory: a part of the lens Fill-mask with one experiment open at a time, answered when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import CancelledError, ChoiceError, DemoError
from bert_demo.core.scheduler import Cost
from bert_demo.registry.task_heads import other_answers
from bert_demo.results.masked_lm import RULES
from bert_demo.views.markup import esc, message, working
from bert_demo.views.panels.attributions import progress_panel
from bert_demo.web.components.downloads import Downloads, FileRequest, NamedFile
from bert_demo.web.components.masked_lm_downloads import strips_file
from bert_demo.web.components.masked_lm_experiments import BY_NAME, EXPERIMENTS, Inputs, question_of
from bert_demo.web.event_detail import detail
from bert_demo.web.event_settings import AT_ONCE, LAST, QUIET, TAKEN_AWAY
from bert_demo.web.examples import load_examples
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.tab import ON_PICK, Ask, Hidden, Page, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

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
                label="What to look for",
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
            self.notice = html(elem_id="lab-notice", elem_classes="asked-for")
            with gr.Column(visible=False) as self.body:
                self.panel = html(elem_id="lab-panel", js_on_load=ON_PICK)
            self.downloads = Downloads("fill-mask")
        self.answered = gr.State(None)
        self.top_k = top_k
        self.controls = [self.experiment, top_k, *self.fields, rule]

    def wire(self, page: Page) -> list[Any]:
        """Run asks; a new text or mask takes the answer away; a clicked filling is written into the text."""

        def make(progress: JobProgress, ask: Ask, hidden: Hidden, *controls: Any) -> list[Any]:
            return [answered(page.service(), ask, hidden, controls, progress), (ask, hidden, controls)]

        def file(request: FileRequest, progress: JobProgress, asked: Any) -> NamedFile:
            return strips_file(page.service(), asked, request, progress)

        outputs = [self.notice, self.body, self.panel, self.answered]
        asked = [page.asked, page.hidden, *self.controls]
        run = self.run.click(LatestJob("laboratory", Cost.SLOW).handler(make, _working, 2), asked, outputs, **AT_ONCE)
        page.renewed(_renew, [page.asked, *self.fields], self.fields, **QUIET)
        page.cleared(None, None, outputs[:2], js=TAKEN_AWAY, cancels=[run], **QUIET)
        self.experiment.input(
            None, self.experiment, js="(lab) => window.bertDemo.address({lab})", api_visibility="private"
        )
        marked = "(lab) => window.bertDemo.mark('lab', lab)"
        self.experiment.change(None, self.experiment, None, js=marked, api_visibility="private")
        self.example.click(
            _example(page),
            [page.asked, self.experiment, *self.fields],
            [*page.bar[:2], page.asked, page.hidden, *self.fields],
            **LAST,
        )
        self.copy.click(_copy(page), [page.asked, page.hidden, *self.fields], self.fields, **LAST)
        self.panel.pick(_fill(page), [page.asked, page.hidden], [page.text, page.asked, page.hidden], **LAST)
        return [run, self.downloads.wire(file, [self.answered], Cost.SLOW)]


MASK, OTHER_MASK = "[MASK]", "<mask>"
"""How the examples spell it, and how the tokenizers of RoBERTa's kin do."""


def _renew(ask: Ask, *values: str) -> list[Any]:
    """The fields that fit the new text, those that need no change left alone."""
    new = renewed(ask.text, values)
    return [gr.skip() if field == value else field for field, value in zip(new, values, strict=True)]


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


def panel(service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress) -> str:
    """The open experiment's picture. controls: its name, then the fields in the order of Inputs. Raises DemoError."""
    name, top_k, *fields = controls
    experiment = BY_NAME.get(name)
    if experiment is None:
        raise ChoiceError(f"The experiment must be one of: {', '.join(BY_NAME)}.")
    asked = question_of(service, ask, hidden, experiment.several)
    notice = ""
    if hidden and not experiment.several and asked.mask in ask.text:
        notice = message(
            "The text has a mask of its own, so the words that you hid above are back in their places here."
        )
    if asked.model != ask.model:
        notice += message(other_answers(ask.model, "fill-mask", asked.model, "this experiment"))
    inputs = Inputs(int(top_k), *(str(field or "") for field in fields))
    return f'<div class="lab-{experiment.name}">{notice}{experiment.answer(service, asked, inputs, progress)}</div>'


def answered(service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress) -> str:
    """The same, or in its place, as the open experiment's own, the sentence that says what is wrong."""
    try:
        return panel(service, ask, hidden, controls, progress)
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
            text = filled_jointly(page.service(), ask, hidden, {"filling": detail(event, "filling")})
        except DemoError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return [text, ask.again(text), ()]

    return fill


def filled_jointly(service: BertService, ask: Ask, hidden: Hidden, picked: Any) -> str:
    """The text with the picked joint filling. picked: {"filling": ids}. Raises ChoiceError for any other."""
    wanted = picked.get("filling") if isinstance(picked, Mapping) else None
    asked = question_of(service, ask, hidden, several=True)
    result = service.fill_jointly(asked.masked, asked.model, service.settings.max_top_k)
    for each in (*result.fillings, result.independent):
        if list(each.tokens) == wanted:
            return each.sequence
    raise ChoiceError("This filling is no longer shown. Press Run and choose again.")


def _working(done: int, planned: int) -> str:
    if not planned:
        return working("Reading the text \N{HORIZONTAL ELLIPSIS}")
    return progress_panel(done, planned, "over variants of the text, or tokens read at every layer")
