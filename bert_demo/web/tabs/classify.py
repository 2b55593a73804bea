"""The lens Classify."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.scheduler import Cost
from bert_demo.core.validation import ACTIVATIONS
from bert_demo.views.markup import working
from bert_demo.views.panels import classification as plots
from bert_demo.web.components.reranking import Reranking
from bert_demo.web.components.zero_shot import ZeroShotLabels
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.lens_groups import Group
from bert_demo.web.page_assets import beside
from bert_demo.web.tab import Ask, Hidden, Page, Parts, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService


AUTHORS = "as its author set it"
"""The first choice of an activation."""


class ClassifyTab:
    """What the model decides, and what it reads."""

    name = "classify"
    title = "Classify"
    group = Group.PREDICT
    place = 10
    task: str | None = "text-classification"
    cost = Cost.INTERACTIVE
    assets = beside(__file__)

    def build(self) -> Parts:
        """Two columns: labels and windows, tokens; below them what is made of the logits, and passages to rank."""
        with gr.Column() as body, gr.Row(elem_classes="lens"):
            with gr.Column(scale=2, min_width=300):
                labels = html(elem_id="labels")
                windows = html(elem_id="windows")
            with gr.Column(scale=3, min_width=300):
                tokens = html(elem_id="tokens")
        with gr.Row(elem_classes="controls"):
            activation = gr.Radio(
                [AUTHORS, *ACTIVATIONS], value=AUTHORS, label="Made of the logits", min_width=240, elem_id="activation"
            )
        self.zero_shot = ZeroShotLabels()
        self.reranking = Reranking()
        return Parts(body, [activation], [labels, windows, tokens], [activation.input])

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress
    ) -> list[Any]:
        """Label bars, windows, tokens."""
        (activation,) = controls
        result = service.classify(ask.text, ask.pair, ask.model, None if activation == AUTHORS else activation)
        return [plots.labels_panel(result), plots.windows_panel(result), plots.tokens_panel(result.tokens)]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """Labels of the visitor's own, and passages to rank."""
        return [*self.zero_shot.wire(page), *self.reranking.wire(page)]

    def working(self, done: int, planned: int) -> str:
        """While the model loads or reads a long text."""
        return working("Reading the text \N{HORIZONTAL ELLIPSIS}")
