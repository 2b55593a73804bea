"""What each head is worth: a part of the lens Without heads that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.plots import worth as plots
from bert_demo.plots.attributions import progress_panel
from bert_demo.plots.markup import working
from bert_demo.ui.answering import answering
from bert_demo.ui.bar import QUIET
from bert_demo.ui.base import Ask, Hidden, Page, html, panels_runner
from bert_demo.ui.running import Watch

if TYPE_CHECKING:
    from bert_demo.service import BertService

OUTPUTS = ("logit", "probability")
AT_ONCE: dict[str, Any] = {"api_visibility": "private", "trigger_mode": "multiple"}
_HEAD = (
    "<h2>What each head is worth</h2><p class='note'>Every head in turn is switched off, alone: how far does the score "
    "of the target move?</p>"
)


class Worth:
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
                self.button = gr.Button(
                    "Switch each off", variant="primary", min_width=170, scale=0, elem_id="worth-button"
                )
            self.said = html(elem_id="worth-said", elem_classes="asked-for")
            with gr.Column(visible=False) as self.body, gr.Row(elem_classes="lens"):
                with gr.Column(scale=4, min_width=300, elem_classes="sheet"):
                    self.figure = gr.Plot(show_label=False, elem_id="worth-map")
                with gr.Column(scale=3, min_width=300):
                    self.panel = html(elem_id="worth", js_on_load="window.bertDemoHeads.follow(watch);")
        self.controls = [target, word, output]

    def wire(self, page: Page) -> list[Any]:
        """The button asks; a new text takes the answer away."""

        def make(watch: Watch, ask: Ask, hidden: Hidden, target: str, word: str, output: str) -> list[Any]:
            return panels(page.service(), ask, hidden, target, word, output, watch)

        page.asked.change(lambda: ["", gr.Column(visible=False)], None, [self.said, self.body], **QUIET)
        run = panels_runner("head_worth", make, _told, 2)
        outputs = [self.said, self.body, self.figure, self.panel]
        return [self.button.click(run, [page.asked, page.hidden, *self.controls], outputs, **AT_ONCE)]


def panels(
    service: BertService, ask: Ask, hidden: Hidden, target: str, word: str, output: str, watch: Watch
) -> list[Any]:
    """The map, and the heads in order with the check. Raises DemoError."""
    who = answering(service, ask, hidden)
    labels = service.labels(who.model)
    chosen = (target if target in labels else "") if who.classifies else word.strip()
    result = service.head_worth(who.text, who.pair, who.model, chosen or None, output, on_progress=watch)
    return [plots.worth_figure(result), who.said + plots.worth_panel(result)]


def _told(done: int, planned: int) -> str:
    if not planned:
        return working("Reading the text \N{HORIZONTAL ELLIPSIS}")
    return progress_panel(done, planned, "without one head each, layer by layer")
