"""The lens Compare methods: every attribution method side by side, and whether to believe them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.scheduler import Cost
from bert_demo.core.settings import ASSETS
from bert_demo.core.validation import BASELINES, OUTPUTS, WORDS
from bert_demo.views.figures.method_comparison import curves_figure
from bert_demo.views.markup import working
from bert_demo.views.panels import method_comparison as plots
from bert_demo.views.panels.attributions import progress_panel
from bert_demo.web.components.target_choice import PREDICTED, target_choice
from bert_demo.web.event_settings import LAST
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.lens_groups import Group
from bert_demo.web.page_assets import beside
from bert_demo.web.tab import Ask, Hidden, Page, Parts, html

if TYPE_CHECKING:
    from bert_demo.results import Attribution
    from bert_demo.service.bert_service import BertService

RULES = dict(zip(("between spaces", "of the tokenizer"), WORDS, strict=True))
"""What a word is, as it is called."""
ASK = "Press Enter or Run: ten methods explain the text, and words are masked in the order of each."


class MethodsTab:
    """Ten methods under the same words, put to the test of masking what they find."""

    name = "methods"
    title = "Compare methods"
    group = Group.EXPLAIN
    place = 90
    task: str | None = "text-classification"
    cost = Cost.EXCLUSIVE
    assets = beside(__file__)

    def build(self) -> Parts:
        """A button, for it is the dearest lens; three panels and a plot."""
        with gr.Row(elem_classes="controls", elem_id="methods-row"):
            target = target_choice([PREDICTED], "compare-target")
            baseline = gr.Dropdown(list(BASELINES), value="pad", label="Baseline", min_width=140)
            output = gr.Dropdown(list(OUTPUTS), value="logit", label="Score", min_width=140)
            words = gr.Dropdown(list(RULES.items()), value=WORDS[0], label="Words", min_width=140)
            compare = gr.Button("Run", variant="primary", min_width=120, scale=0, elem_id="compare")
        with gr.Column(visible=False) as body:
            rows = html(elem_id="methods-table")
            with gr.Row(elem_classes="lens"):
                with gr.Column(scale=4, min_width=300, elem_classes="sheet"):
                    figure = gr.Plot(show_label=False, elem_id="curves")
                with gr.Column(scale=4, min_width=300):
                    trial = html(elem_id="trial")
            agreement = html(elem_id="agreement")
        with gr.Accordion("On many sentences", open=False, elem_id="methods-many") as self.many:
            self.corpus = html(elem_id="methods-corpus")
        outputs = [rows, figure, trial, agreement]
        controls = [target, baseline, output, words]
        return Parts(
            body,
            controls,
            outputs,
            [compare.click],
            preview=self.preview,
            asked_for=ASK,
            targets=target,
            kind="compare",
        )

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress
    ) -> list[Any]:
        """Table, curves, figures of the test, agreement."""
        target, baseline, output, words = controls
        labels = service.labels(ask.model)
        chosen = target if target in labels else None
        result = service.compare(
            ask.text,
            ask.pair,
            ask.model,
            chosen,
            baseline,
            output,
            on_progress=progress,
            on_scored=progress.estimate,
            words=words,
        )
        return [
            plots.methods_panel(result),
            curves_figure(result),
            plots.trial_panel(result),
            plots.agreement_panel(result),
        ]

    def preview(self, scored: Sequence[tuple[Attribution, float]], controls: Sequence[Any]) -> list[Any]:
        """The rows of the methods that are done; no test yet."""
        return [plots.scored_methods_panel(scored), None, "", ""]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """The figures of many sentences come when they are unfolded."""
        self.many.expand(_corpus, None, self.corpus, **LAST)
        return []

    def working(self, done: int, planned: int) -> str:
        """Passes done of those planned so far."""
        return (
            progress_panel(done, planned, "for all methods")
            if planned
            else working("Reading the text \N{HORIZONTAL ELLIPSIS}")
        )


def _corpus() -> str:
    return plots.corpus_panel(json.loads((ASSETS / "corpus.json").read_text(encoding="utf-8")))
