"""Meaning in context: a view of the lens Inside with sentences of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import ChoiceError
from bert_demo.core.scheduler import Cost
from bert_demo.views.figures import contexts as figures
from bert_demo.views.markup import working
from bert_demo.views.panels import contexts as plots
from bert_demo.web.event_settings import AT_ONCE, PRIVATE, QUIET, TAKEN_AWAY
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.tab import Ask, Page, html

if TYPE_CHECKING:
    from bert_demo.core.progress import OnProgress
    from bert_demo.service.bert_service import BertService

MOST_CHARACTERS = 3000
"""Of all sentences together: each token becomes a point in each state, and all are sent to the page."""
WORD = "bank"
SENTENCES = (
    "We sat on the bank of the river and watched the boats.",
    "The bank raised the interest on the loan.",
    "She opened an account at the bank in town.",
)
_HEAD = (
    "<h2>One word, several sentences</h2><p class='note'>Is the word's vector the same wherever it stands? The "
    "sentences below are read one by one, by the model chosen above.</p>"
)


class ContextsView:
    """A word and sentences; cosines over the layers; all tokens on a plane, with a slider that the browser follows."""

    def __init__(self) -> None:
        with gr.Column(visible=False, elem_id="view-contexts") as self.column:
            html(_HEAD)
            with gr.Row(elem_classes="controls own-texts"):
                self.word = gr.Textbox(WORD, label="Word", lines=1, min_width=120, scale=1, elem_id="context-word")
                self.texts = gr.Textbox(
                    "\n".join(SENTENCES),
                    label="Sentences, one on each line",
                    lines=3,
                    max_lines=8,
                    min_width=240,
                    scale=4,
                    elem_id="context-texts",
                )
                self.button = gr.Button("Run", variant="primary", min_width=120, scale=0, elem_id="contexts-button")
            self.notice = html(elem_id="contexts-said", elem_classes="asked-for")
            with gr.Column(visible=False) as self.body:
                self.outputs = self._pictures()

    def _pictures(self) -> list[Any]:
        with gr.Row(elem_classes="lens"):
            with gr.Column(scale=4, min_width=300, elem_classes="sheet"):
                lines = gr.Plot(show_label=False, elem_id="context-lines")
            with gr.Column(scale=3, min_width=300):
                self.state = gr.Slider(0, 6, value=6, step=1, label="State: 0 before layer 0", elem_id="context-state")
                words = html(elem_id="contexts")
        with gr.Row(elem_classes="lens"):
            with gr.Column(scale=4, min_width=300, elem_classes="sheet"):
                plane = gr.Plot(show_label=False, elem_id="plane")
            with gr.Column(scale=3, min_width=300):
                points = html(elem_id="plane-panel")
        return [self.state, lines, words, plane, points]

    def wire(self, page: Page) -> list[Any]:
        """The button asks; another model takes the answer away; the slider works in the browser alone."""

        def make(progress: JobProgress, ask: Ask, word: str, texts: str) -> list[Any]:
            return panels(page.service(), ask.model, word, texts, progress)

        page.cleared(None, None, self.notice, js="() => ''", **QUIET)
        page.bar[2].change(None, None, [self.notice, self.body], js=TAKEN_AWAY, **QUIET)
        self.state.change(None, self.state, js="(state) => window.bertContexts.show(state)", **PRIVATE)
        outputs = [self.notice, self.body, *self.outputs]
        run = LatestJob("contexts", Cost.BATCH).handler(make, sentences_notice, len(self.outputs))
        asked = gr.on(
            [self.button.click, self.word.submit], run, [page.asked, self.word, self.texts], outputs, **AT_ONCE
        )
        asked.then(None, js="() => window.bertContexts.again()", **PRIVATE)
        return [asked]


def panels(service: BertService, model: str, word: str, texts: str, progress: OnProgress) -> list[Any]:
    """Slider, lines, the word's panel, plane, its panel. Raises DemoError."""
    sentences = lines_of(texts, "Write two or more sentences with the word, one on each line.")
    characters = sum(map(len, sentences))
    if characters > MOST_CHARACTERS:
        raise ChoiceError(
            f"The sentences have {characters:,} characters together; up to {MOST_CHARACTERS:,} are compared here. "
            "Take some away."
        )
    found = service.contexts(word, sentences, model, progress)
    last = len(found.others) - 1
    return [
        gr.Slider(maximum=last, value=last, label=f"State: 0 before layer 0, {last} after layer {last - 1}"),
        figures.lines_figure(found),
        plots.words_panel(found),
        figures.plane_figure(found),
        plots.plane_panel(found),
    ]


def lines_of(texts: str, missing: str) -> list[str]:
    """The lines that are not empty, from 1 to as many as the service compares. Raises ChoiceError."""
    from bert_demo.tasks.representations import MOST_TEXTS

    lines = [line.strip() for line in str(texts or "").splitlines() if line.strip()]
    if not lines:
        raise ChoiceError(missing)
    if len(lines) > MOST_TEXTS:
        raise ChoiceError(f"There are {len(lines)} sentences; up to {MOST_TEXTS} are compared. Take some away.")
    return lines


def sentences_notice(done: int, planned: int) -> str:
    """While the sentences are read, `done` of them."""
    return working(f"Reading the sentences \N{HORIZONTAL ELLIPSIS} {f'{done} of {planned}' if planned else ''}")
