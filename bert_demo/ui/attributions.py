"""The lens Attributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.plots import attributions as plots
from bert_demo.plots.markup import working
from bert_demo.ui.base import Ask, Hidden, Page, Parts, html
from bert_demo.validation import BASELINES, OUTPUTS

if TYPE_CHECKING:
    from bert_demo.lenses.attribute import OnProgress
    from bert_demo.service import BertService

PREDICTED = "the predicted label"
TOLERANCE = 0.01


class AttributionsTab:
    """Which words carried the decision, and whether the scores add up."""

    name = "attributions"
    title = "Attributions"
    task: str | None = "text-classification"

    def build(self) -> Parts:
        """Choices above; words and ledger side by side."""
        with gr.Row(elem_classes="controls"):
            target = gr.Dropdown([PREDICTED], value=PREDICTED, label="Target", min_width=140, elem_id="target")
            baseline = gr.Dropdown(
                list(BASELINES), value="pad", label="Baseline (special tokens kept)", min_width=140, elem_id="baseline"
            )
            output = gr.Dropdown(list(OUTPUTS), value="logit", label="Score", min_width=140, elem_id="output")
            level = gr.Radio(["words", "pieces"], value="words", label="Show", min_width=140, elem_id="level")
        with gr.Column() as body, gr.Row(elem_classes="lens"):
            with gr.Column(scale=5, min_width=300):
                words = html(elem_id="attributed")
            with gr.Column(scale=3, min_width=300):
                ledger = html(elem_id="ledger")
        controls = [target, baseline, output, level]
        return Parts(body, controls, [words, ledger, target], [each.input for each in controls])

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], on_progress: OnProgress
    ) -> list[Any]:
        """Coloured words, the ledger, the labels; a target that this model lacks falls back to the predicted one."""
        target, baseline, output, level = controls
        labels = service.labels(ask.model)
        chosen = target if target in labels else None
        result = service.attribute(
            ask.text,
            ask.pair,
            ask.model,
            target=chosen,
            baseline=baseline,
            output=output,
            tolerance=TOLERANCE,
            on_progress=on_progress,
        )
        targets = gr.Dropdown(choices=[PREDICTED, *labels], value=chosen or PREDICTED)
        return [plots.words_panel(result, level == "words"), plots.ledger_panel(result), targets]

    def wire(self, page: Page, parts: Parts) -> None:
        """Nothing beyond the input bar."""

    def working(self, done: int, planned: int) -> str:
        """Passes done of those planned."""
        return plots.progress_panel(done, planned) if planned else working("Reading the text \N{HORIZONTAL ELLIPSIS}")
