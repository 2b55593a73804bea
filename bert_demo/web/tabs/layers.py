"""The lens Attribution by layer: where in the model the decision is carried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.scheduler import Cost
from bert_demo.core.validation import BASELINES, OUTPUTS
from bert_demo.views.figures.layer_attribution import layers_figure
from bert_demo.views.markup import working
from bert_demo.views.panels.attributions import progress_panel
from bert_demo.views.panels.layer_attribution import ledgers_panel
from bert_demo.web.components.target_choice import PREDICTED, target_choice
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.lens_groups import Group
from bert_demo.web.page_assets import beside
from bert_demo.web.tab import Ask, Hidden, Page, Parts, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

ASK = "Press Enter or Run: Integrated Gradients of every layer, each with its own ledger."


class LayersTab:
    """Tokens by layers."""

    name = "layers"
    title = "Attribution by layer"
    group = Group.EXPLAIN
    place = 80
    task: str | None = "text-classification"
    cost = Cost.SLOW
    assets = beside(__file__)

    def build(self) -> Parts:
        """Choices and a button; a heatmap and the ledgers."""
        with gr.Row(elem_classes="controls", elem_id="layers-row"):
            target = target_choice([PREDICTED])
            baseline = gr.Dropdown(list(BASELINES), value="pad", label="Baseline", min_width=140)
            output = gr.Dropdown(list(OUTPUTS), value="logit", label="Score", min_width=140)
            explain = gr.Button("Run", variant="primary", min_width=120, scale=0, elem_id="explain-layers")
        with gr.Column(visible=False) as body:
            with gr.Column(elem_classes="sheet"):
                figure = gr.Plot(show_label=False, elem_id="layer-map")
            ledgers = html(elem_id="layer-ledgers")
        return Parts(
            body, [target, baseline, output], [figure, ledgers], [explain.click], asked_for=ASK, targets=target
        )

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress
    ) -> list[Any]:
        """Heatmap and ledgers."""
        target, baseline, output = controls
        labels = service.labels(ask.model)
        chosen = target if target in labels else None
        result = service.attribute_layers(ask.text, ask.pair, ask.model, chosen, baseline, output, on_progress=progress)
        return [layers_figure(result), ledgers_panel(result)]

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
