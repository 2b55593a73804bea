"""The lens Methods: every attribution method side by side, and whether to believe them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.plots import methods as plots
from bert_demo.plots.attributions import progress_panel
from bert_demo.plots.markup import working
from bert_demo.settings import ASSETS
from bert_demo.ui.attributions import PREDICTED
from bert_demo.ui.base import Ask, Hidden, Page, Parts, html
from bert_demo.ui.running import Watch
from bert_demo.ui.targets import target_choice
from bert_demo.validation import BASELINES, OUTPUTS

if TYPE_CHECKING:
    from bert_demo.service import BertService

ASK = (
    "Press Compare: ten methods explain the text, and words are masked in the order of each."
    " It takes seconds, for a long text a minute."
)


class MethodsTab:
    """Ten methods under the same words, put to the test of masking what they find."""

    name = "methods"
    title = "Methods"
    task: str | None = "text-classification"

    def build(self) -> Parts:
        """A button, for it is the dearest lens; three panels and a plot."""
        with gr.Row(elem_classes="controls"):
            target = target_choice([PREDICTED], "compare-target")
            baseline = gr.Dropdown(list(BASELINES), value="pad", label="Baseline", min_width=140)
            output = gr.Dropdown(list(OUTPUTS), value="logit", label="Score", min_width=140)
            compare = gr.Button("Compare", variant="primary", min_width=120, scale=0, elem_id="compare")
        with gr.Column(visible=False) as body:
            rows = html(elem_id="methods-table")
            with gr.Row(elem_classes="lens"):
                with gr.Column(scale=4, min_width=300, elem_classes="sheet"):
                    figure = gr.Plot(show_label=False, elem_id="curves")
                with gr.Column(scale=4, min_width=300):
                    trial = html(elem_id="trial")
            agreement = html(elem_id="agreement")
        figures = json.loads((ASSETS / "corpus.json").read_text(encoding="utf-8"))
        html(plots.corpus_panel(figures), elem_id="methods-corpus")
        outputs = [rows, figure, trial, agreement]
        return Parts(body, [target, baseline, output], outputs, [compare.click], asked_for=ASK, targets=target)

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], watch: Watch
    ) -> list[Any]:
        """Table, curves, figures of the test, agreement."""
        target, baseline, output = controls
        labels = service.labels(ask.model)
        chosen = target if target in labels else None
        result = service.compare(ask.text, ask.pair, ask.model, chosen, baseline, output, on_progress=watch)
        return [
            plots.methods_panel(result),
            plots.curves_figure(result),
            plots.trial_panel(result),
            plots.agreement_panel(result),
        ]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """Nothing beyond the input bar."""
        return []

    def working(self, done: int, planned: int) -> str:
        """Passes done of those planned so far."""
        return (
            progress_panel(done, planned, "for all methods")
            if planned
            else working("Reading the text \N{HORIZONTAL ELLIPSIS}")
        )
