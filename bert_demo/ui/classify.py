"""The lens Classify."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.plots import classify as plots
from bert_demo.plots.markup import working
from bert_demo.ui.base import Ask, Hidden, Page, Parts, html
from bert_demo.ui.running import Watch

if TYPE_CHECKING:
    from bert_demo.service import BertService


class ClassifyTab:
    """What the model decides, and what it reads."""

    name = "classify"
    title = "Classify"
    task: str | None = "text-classification"

    def build(self) -> Parts:
        """Two columns: labels and windows, tokens."""
        with gr.Column() as body, gr.Row(elem_classes="lens"):
            with gr.Column(scale=2, min_width=300):
                labels = html(elem_id="labels")
                windows = html(elem_id="windows")
            with gr.Column(scale=3, min_width=300):
                tokens = html(elem_id="tokens")
        return Parts(body, outputs=[labels, windows, tokens])

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], watch: Watch
    ) -> list[Any]:
        """Label bars, windows, tokens."""
        result = service.classify(ask.text, ask.pair, ask.model)
        return [plots.labels_panel(result), plots.windows_panel(result), plots.tokens_panel(result.tokens)]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """Nothing beyond the input bar."""
        return []

    def working(self, done: int, planned: int) -> str:
        """While the model loads or reads a long text."""
        return working("Reading the text \N{HORIZONTAL ELLIPSIS}")
