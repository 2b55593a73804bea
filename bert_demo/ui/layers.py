"""The lens Layers: where in the model the decision is carried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.plots import layers as plots
from bert_demo.plots.attributions import progress_panel
from bert_demo.plots.markup import working
from bert_demo.ui.attributions import PREDICTED
from bert_demo.ui.base import Ask, Hidden, Page, Parts, html
from bert_demo.ui.running import Watch
from bert_demo.ui.targets import target_choice
from bert_demo.validation import BASELINES, OUTPUTS

if TYPE_CHECKING:
    from bert_demo.service import BertService

ASK = (
    "Press Explain: Integrated Gradients of every layer, each with its own ledger."
    " It takes seconds, for a long text a minute."
)


class LayersTab:
    """Tokens by layers."""

    name = "layers"
    title = "Layers"
    task: str | None = "text-classification"

    def build(self) -> Parts:
        """Choices and a button; a heatmap and the ledgers."""
        with gr.Row(elem_classes="controls"):
            target = target_choice([PREDICTED])
            baseline = gr.Dropdown(list(BASELINES), value="pad", label="Baseline", min_width=140)
            output = gr.Dropdown(list(OUTPUTS), value="logit", label="Score", min_width=140)
            explain = gr.Button("Explain", variant="primary", min_width=120, scale=0, elem_id="explain-layers")
        with gr.Column(visible=False) as body:
            with gr.Column(elem_classes="sheet"):
                figure = gr.Plot(show_label=False, elem_id="layer-map")
            ledgers = html(elem_id="layer-ledgers")
        return Parts(
            body, [target, baseline, output], [figure, ledgers], [explain.click], asked_for=ASK, targets=target
        )

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], watch: Watch
    ) -> list[Any]:
        """Heatmap and ledgers."""
        target, baseline, output = controls
        labels = service.labels(ask.model)
        chosen = target if target in labels else None
        result = service.attribute_layers(ask.text, ask.pair, ask.model, chosen, baseline, output, on_progress=watch)
        return [plots.layers_figure(result), plots.ledgers_panel(result)]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """Nothing beyond the input bar."""
        return []

    def working(self, done: int, planned: int) -> str:
        """Passes done of those planned so far."""
        return (
            progress_panel(done, planned, "for all layers")
            if planned
            else working("Reading the text \N{HORIZONTAL ELLIPSIS}")
        )
