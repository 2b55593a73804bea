"""What each head is worth: a part of the lens Without heads that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.scheduler import Cost
from bert_demo.views.figures.head_effects import head_effects_figure
from bert_demo.views.markup import working
from bert_demo.views.panels.attributions import progress_panel
from bert_demo.views.panels.head_effects import head_effects_panel
from bert_demo.web.components.answering_model import answering
from bert_demo.web.event_settings import AT_ONCE, QUIET, TAKEN_AWAY
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.tab import Ask, Hidden, Page, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

OUTPUTS = ("logit", "probability")
_HEAD = (
    "<h2>What each attention head is worth</h2><p class='note'>Every head in turn is switched off, alone: how far does "
    "the score of the target move?</p>"
)


class HeadEffectsView:
    """A button, the map, and the heads in order. target: the dropdown that names the label."""

    def __init__(self, target: gr.Dropdown) -> None:
        with gr.Column(elem_classes="lens-section"):
            html(_HEAD)
            with gr.Row(elem_classes="controls", elem_id="worth-tools"):
                output = gr.Dropdown(list(OUTPUTS), value="logit", label="Score", min_width=140, elem_id="worth-output")
                word = gr.Textbox(
                    "",
                    label="Behind a mask: the word (optional)",
                    placeholder="the most probable",
                    lines=1,
                    min_width=160,
                    elem_id="worth-word",
                )
                self.button = gr.Button("Run", variant="primary", min_width=110, scale=0, elem_id="worth-button")
            self.notice = html(elem_id="worth-said", elem_classes="asked-for")
            with gr.Column(visible=False) as self.body, gr.Row(elem_classes="lens"):
                with gr.Column(scale=4, min_width=300, elem_classes="sheet"):
                    self.figure = gr.Plot(show_label=False, elem_id="worth-map")
                with gr.Column(scale=3, min_width=300):
                    self.panel = html(elem_id="worth", js_on_load="window.bertDemoHeads.follow(watch);")
        self.controls = [target, word, output]

    def wire(self, page: Page) -> list[Any]:
        """The button asks; a new text takes the answer away."""

        def make(progress: JobProgress, ask: Ask, hidden: Hidden, target: str, word: str, output: str) -> list[Any]:
            return panels(page.service(), ask, hidden, target, word, output, progress)

        page.cleared(None, None, [self.notice, self.body], js=TAKEN_AWAY, **QUIET)
        run = LatestJob("head_worth", Cost.SLOW).handler(make, _working, 2)
        outputs = [self.notice, self.body, self.figure, self.panel]
        return [self.button.click(run, [page.asked, page.hidden, *self.controls], outputs, **AT_ONCE)]


def panels(
    service: BertService, ask: Ask, hidden: Hidden, target: str, word: str, output: str, progress: JobProgress
) -> list[Any]:
    """The map, and the heads in order with the check. Raises DemoError."""
    who = answering(service, ask, hidden)
    labels = service.labels(who.model)
    chosen = (target if target in labels else "") if who.classifies else word.strip()
    result = service.head_worth(who.text, who.pair, who.model, chosen or None, output, on_progress=progress)
    return [head_effects_figure(result), who.notice + head_effects_panel(result)]


def _working(done: int, planned: int) -> str:
    if not planned:
        return working("Reading the text \N{HORIZONTAL ELLIPSIS}")
    return progress_panel(done, planned, "without one head each, layer by layer")
