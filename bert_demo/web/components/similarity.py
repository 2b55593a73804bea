"""Sentence similarity: a view of the lens Inside with sentences of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import ChoiceError
from bert_demo.core.scheduler import Cost
from bert_demo.core.settings import ASSETS
from bert_demo.results.representations import POOLINGS
from bert_demo.views.panels import similarity as plots
from bert_demo.web.components.contexts import lines_of, sentences_notice
from bert_demo.web.components.layer_choice import state_choice, state_of
from bert_demo.web.event_settings import AT_ONCE, QUIET, TAKEN_AWAY
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.tab import Ask, Page, html

if TYPE_CHECKING:
    from bert_demo.core.progress import OnProgress
    from bert_demo.service.bert_service import BertService

SENTENCES = (
    "A child is feeding ducks by the pond.",
    "A girl throws bread to the birds on the water.",
    "The ducks were not fed by anyone today.",
    "The central bank kept interest rates as they were.",
    "Borrowing money will cost the same as before.",
    "He forgot his umbrella on the train.",
)
_HEAD = (
    "<h2>Which sentences are alike?</h2><p class='note'>Two ways to make one vector of a sentence, side by side, by "
    "the model chosen above.</p>"
)


class SimilarityView:
    """Sentences, a layer, a button; two matrices; the sentences and how good each way is."""

    def __init__(self) -> None:
        with gr.Column(visible=False, elem_id="view-similarity") as self.column:
            html(_HEAD)
            with gr.Row(elem_classes="controls own-texts"):
                self.texts = gr.Textbox(
                    "\n".join(SENTENCES),
                    label="Sentences, one on each line",
                    lines=6,
                    max_lines=12,
                    min_width=240,
                    scale=4,
                    elem_id="similar-texts",
                )
                self.state = state_choice("similar-state")
                self.button = gr.Button("Run", variant="primary", min_width=120, scale=0, elem_id="similar-button")
            self.notice = html(elem_id="similar-said", elem_classes="asked-for")
            with gr.Column(visible=False) as self.body:
                with gr.Row(elem_classes="lens"):
                    mean, alone = (html(elem_id=f"similar-{pooling}", min_width=300) for pooling in POOLINGS)
                sentences = html(elem_id="similar-sentences")
        self.outputs = [mean, alone, sentences]

    def wire(self, page: Page) -> list[Any]:
        """The button asks; another model takes the answer away."""

        def make(progress: JobProgress, ask: Ask, texts: str, state: Any) -> list[Any]:
            return panels(page.service(), ask.model, texts, state, progress)

        page.cleared(None, None, self.notice, js="() => ''", **QUIET)
        page.bar[2].change(None, None, [self.notice, self.body], js=TAKEN_AWAY, **QUIET)
        run = LatestJob("similarity", Cost.BATCH).handler(make, sentences_notice, len(self.outputs))
        inputs = [page.asked, self.texts, self.state]
        return [self.button.click(run, inputs, [self.notice, self.body, *self.outputs], **AT_ONCE)]


def panels(service: BertService, model: str, texts: str, state: Any, progress: OnProgress) -> list[Any]:
    """Mean, [CLS], sentences. Raises DemoError."""
    missing = "Write two or more sentences, one on each line."
    sentences = lines_of(texts, missing)
    if len(sentences) < 2:
        raise ChoiceError(f"There is one sentence. {missing}")
    layer = state_of(service, model, state)
    found = [service.similarity(sentences, model, pooling, layer, progress) for pooling in POOLINGS]
    least = min(float(each.matrix.min()) for each in found)
    least = max(0.0, least) if least < 1 else 0.0
    shown = [plots.similarity_panel(each, least) for each in found]
    return [*shown, plots.texts_panel(found[0], measured_figures(), least)]


def measured_figures() -> Mapping[str, Any] | None:
    """What `benchmarks` measured on STS-B; None before that."""
    file = ASSETS / "sts.json"
    if not file.is_file():
        return None
    figures: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return figures
