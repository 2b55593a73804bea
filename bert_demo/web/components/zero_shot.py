"""Labels of the visitor's own, by a model trained for inference: a part of the lens Classify."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.scheduler import Cost
from bert_demo.registry.task_heads import other_answers
from bert_demo.views.markup import message
from bert_demo.views.panels.zero_shot import zero_shot_panel
from bert_demo.web.event_settings import AT_ONCE, QUIET
from bert_demo.web.job_outputs import passes_notice
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.tab import Ask, Page, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService


class ZeroShotLabels:
    """Labels and a template to write, which label says "it follows", a button, and the bars."""

    def __init__(self) -> None:
        with gr.Accordion("Labels of your own, by a model trained for inference", open=False, elem_id="zero-shot"):
            with gr.Row(elem_classes="controls"):
                self.labels = gr.Textbox(
                    "politics, sports, science",
                    label="Labels, with commas between",
                    min_width=240,
                    elem_id="own-labels",
                )
                self.template = gr.Textbox(
                    "This example is {}.", label="A sentence with {} for the label", min_width=200, elem_id="template"
                )
                self.entailment = gr.Textbox(
                    "",
                    label="The model's label for \u201cit follows\u201d",
                    placeholder="the one named entailment",
                    min_width=160,
                    elem_id="entailment",
                )
                self.several = gr.Checkbox(False, label="several may fit", min_width=120, elem_id="several")
            self.run = gr.Button("Run", variant="primary", min_width=110, scale=0, elem_id="zero-shot-run")
            self.panel = html(elem_id="zero-shot-labels")

    def wire(self, page: Page) -> list[Any]:
        """The button asks; a new question takes the answer away."""

        def labelled(progress: JobProgress, ask: Ask, *controls: Any) -> str:
            return labelled_text(page.service(), ask, progress, *controls)

        run = LatestJob("zero_shot", Cost.BATCH).handler(labelled, passes_notice("Reading \N{HORIZONTAL ELLIPSIS}"))
        page.cleared(None, None, self.panel, js="() => ''", **QUIET)
        given = [page.asked, self.labels, self.template, self.entailment, self.several]
        return [self.run.click(run, given, self.panel, **AT_ONCE)]


def labelled_text(
    service: BertService, ask: Ask, progress: JobProgress, labels: str, template: str, entailment: str, several: bool
) -> str:
    """The bars. Raises DemoError."""
    names = [each.strip() for each in re.split(r"[,\n\uff0c\u3001]", str(labels or "")) if each.strip()]
    model = service.choose("text-classification", ask.model)
    notice = "" if model == ask.model else message(other_answers(ask.model, "text-classification", model))
    found = service.zero_shot(
        ask.text, names, model, template, str(entailment or "").strip() or None, bool(several), on_progress=progress
    )
    return notice + zero_shot_panel(found)
