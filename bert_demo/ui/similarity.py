"""Sentence similarity: a view of the lens Inside with sentences of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.errors import ChoiceError
from bert_demo.plots import similarity as plots
from bert_demo.results.insides import POOLINGS
from bert_demo.settings import ASSETS
from bert_demo.ui.bar import QUIET
from bert_demo.ui.base import Ask, Page, html, panels_runner
from bert_demo.ui.contexts import lines_of, told
from bert_demo.ui.running import Watch
from bert_demo.ui.states import state_choice, state_of
from bert_demo.ui.worth import AT_ONCE

if TYPE_CHECKING:
    from bert_demo.service import BertService
    from bert_demo.service_part import OnProgress

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
                self.button = gr.Button("Compare", variant="primary", min_width=120, scale=0, elem_id="similar-button")
            self.said = html(elem_id="similar-said", elem_classes="asked-for")
            with gr.Column(visible=False) as self.body:
                with gr.Row(elem_classes="lens"):
                    mean, alone = (html(elem_id=f"similar-{pooling}", min_width=300) for pooling in POOLINGS)
                sentences = html(elem_id="similar-sentences")
        self.outputs = [mean, alone, sentences]

    def wire(self, page: Page) -> list[Any]:
        """The button asks; another model takes the answer away."""

        def make(watch: Watch, ask: Ask, texts: str, state: Any) -> list[Any]:
            return panels(page.service(), ask.model, texts, state, watch)

        page.asked.change(lambda: "", None, self.said, **QUIET)
        page.bar[2].change(lambda: ["", gr.Column(visible=False)], None, [self.said, self.body], **QUIET)
        run = panels_runner("similarity", make, told, len(self.outputs))
        inputs = [page.asked, self.texts, self.state]
        return [self.button.click(run, inputs, [self.said, self.body, *self.outputs], **AT_ONCE)]


def panels(service: BertService, model: str, texts: str, state: Any, watch: OnProgress) -> list[Any]:
    """Mean, [CLS], sentences. Raises DemoError."""
    missing = "Write two or more sentences, one on each line."
    sentences = lines_of(texts, missing)
    if len(sentences) < 2:
        raise ChoiceError(f"There is one sentence. {missing}")
    layer = state_of(service, model, state)
    found = [service.similarity(sentences, model, pooling, layer, watch) for pooling in POOLINGS]
    least = min(float(each.matrix.min()) for each in found)
    least = max(0.0, least) if least < 1 else 0.0
    shown = [plots.similarity_panel(each, least) for each in found]
    return [*shown, plots.texts_panel(found[0], measured_figures())]


def measured_figures() -> Mapping[str, Any] | None:
    """What `benchmarks` measured on STS-B; None before that."""
    file = ASSETS / "sts.json"
    if not file.is_file():
        return None
    figures: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return figures
