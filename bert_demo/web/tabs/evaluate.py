"""The lens Evaluate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import ChoiceError
from bert_demo.core.scheduler import Cost
from bert_demo.results.evaluation import Evaluation
from bert_demo.results.regression_evaluation import RegressionEvaluation
from bert_demo.views.figures.regression import regression_figure
from bert_demo.views.figures.reliability import reliability_figure
from bert_demo.views.markup import working
from bert_demo.views.panels import evaluation as plots
from bert_demo.views.panels import regression as numbers
from bert_demo.views.panels.attributions import progress_panel
from bert_demo.views.panels.tuning import tuning_panel
from bert_demo.web.components import labelled_source
from bert_demo.web.components.downloads import Downloads, FileRequest, NamedFile
from bert_demo.web.components.evaluation_files import attributions_file, evaluation_file
from bert_demo.web.components.label_issues import LabelIssueStudy
from bert_demo.web.components.labelled_source import LabelledSource, rows_of
from bert_demo.web.components.model_comparison import ModelComparisonStudy
from bert_demo.web.components.numbered_rows import evaluated_numbers, shown_rows_or_numbers
from bert_demo.web.components.row_study import FILTERS
from bert_demo.web.components.shipped_rows import HELD_OUT
from bert_demo.web.components.word_effects import WordEffectStudy, word_effects_of
from bert_demo.web.event_settings import PRIVATE
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.lens_groups import Group
from bert_demo.web.page_assets import beside
from bert_demo.web.tab import Ask, Hidden, Page, Parts, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

ASK = "Press Enter or Run: the model reads your rows, and its answers are held against their labels."
CONNECT = """
window.bertLens('evaluate').then(() => window.bertEvaluate.connect(element, watch, () => trigger('pick', {})));
"""


class EvaluateTab:
    """How well the model does on labelled rows of the visitor's own, and on which it is wrong."""

    name = "evaluate"
    title = "Evaluate"
    group = Group.MAKE
    place = 130
    task: str | None = "text-classification"
    cost = Cost.EXCLUSIVE
    assets = beside(__file__, labelled_source.__file__)

    def build(self) -> Parts:
        """The rows and what was understood of them; below, figures and confusions, calibration and slices, studies,
        rows."""
        self.source = LabelledSource(HELD_OUT, shown=shown_rows_or_numbers)
        with gr.Row(elem_classes="controls", elem_id="evaluate-row"):
            word = gr.Textbox(
                "",
                label="A word whose rows are a slice (optional)",
                placeholder="not",
                lines=1,
                min_width=220,
                elem_id="slice-word",
            )
            run = gr.Button("Run", variant="primary", min_width=120, scale=0, elem_id="evaluate")
        with gr.Column(visible=False) as body:
            with gr.Row(elem_classes="lens"):
                with gr.Column(scale=4, min_width=300):
                    figures = html(elem_id="evaluated")
                    slices = html(elem_id="slices", js_on_load=FILTERS)
                with gr.Column(scale=4, min_width=300):
                    matrix = html(elem_id="confusion", js_on_load=FILTERS)
                    with gr.Column(elem_classes="sheet", elem_id="reliability-sheet"):
                        calibration = html(elem_id="calibration")
                        diagram = gr.Plot(show_label=False, elem_id="reliability")
                    tuning = html(elem_id="tuning")
            self.words, self.issues, self.against = WordEffectStudy(), LabelIssueStudy(), ModelComparisonStudy()
            self.rows = html(elem_id="answered-rows", js_on_load=CONNECT)
        self.downloads = Downloads(self.name)
        return Parts(
            body,
            [*self.source.controls, word],
            [figures, matrix, calibration, diagram, slices, tuning, self.rows],
            [run.click, word.submit],
            preview=self.preview,
            asked_for=ASK,
            own_texts=True,
            targets=self.words.target,
            clears=[self.source.changed, word.input],
        )

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress
    ) -> list[Any]:
        """Figures, confusions, calibration and its diagram, slices, what could be set better, rows; of a model that
        gives a number figures, its numbers beside the right ones, rows."""
        result = evaluated(service, ask.model, controls, progress)
        if isinstance(result, RegressionEvaluation):
            panels = numbers.figures_panel(result), numbers.answers_panel(result), numbers.rows_panel(result)
            return [panels[0], "", panels[1], regression_figure(result), "", "", panels[2]]
        return [
            plots.figures_panel(result),
            plots.matrix_panel(result),
            plots.calibration_panel(result),
            reliability_figure(result.calibration),
            plots.slices_panel(result),
            tuning_panel(result),
            plots.rows_panel(result),
        ]

    def preview(self, estimate: Evaluation, controls: Sequence[Any]) -> list[Any]:
        """Figures and confusions of the rows that are read; no more yet."""
        return [plots.figures_panel(estimate), plots.matrix_panel(estimate), "", None, "", "", ""]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """What was understood; a clicked row is asked in the lens that is chosen; files."""
        self.source.wire(page)
        ask = "(asked) => window.bertEvaluate.ask(asked)"
        opened = self.rows.pick(None, page.asked, [*page.bar[:2], page.asked, page.hidden], js=ask, **PRIVATE)
        opened.then(None, js="() => window.bertEvaluate.settle()", **PRIVATE)

        def make(request: FileRequest, progress: JobProgress, ask: Ask, target: Any, *controls: Any) -> NamedFile:
            service = page.service()
            if request.what == "attributions":
                found = word_effects_of(service, ask, [*controls[:3], target], progress)
                return attributions_file(found, request)
            model = service.choose("text-classification", ask.model)
            return evaluation_file(evaluated(service, model, controls, progress), request)

        rows = self.source.controls
        return [
            self.downloads.wire(make, [page.asked, self.words.target, *parts.controls], Cost.EXCLUSIVE),
            *(study.wire(page, rows, self.source.changed) for study in (self.words, self.issues, self.against)),
        ]

    def working(self, done: int, planned: int) -> str:
        """Rows read so far."""
        if not planned or not done:
            return working("Reading the rows \N{HORIZONTAL ELLIPSIS}")
        return progress_panel(done, planned, "over the rows, one for each row")


def evaluated(
    service: BertService, model: str, controls: Sequence[Any], progress: JobProgress
) -> Evaluation | RegressionEvaluation:
    """The figures of the rows that the controls hold. Raises BadDataError, ChoiceError (a slice of numbers),
    ModelError, MissingHeadError."""
    rows, file, choices, word = controls
    if service.gives_number(model):
        if str(word or "").strip():
            raise ChoiceError(f"The model {model} gives a number, so that a slice has no share. Leave the word out.")
        return evaluated_numbers(service, model, rows, file, choices, progress)
    found = rows_of(service, model, rows, file, choices)
    return service.evaluate(
        found.rows,
        model,
        str(word or "").strip(),
        on_progress=progress,
        on_scored=progress.estimate,
        lines=found.lines,
    )
