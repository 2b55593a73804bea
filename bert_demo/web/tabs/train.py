"""The lens Train."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.scheduler import Cost
from bert_demo.data.passages import passages
from bert_demo.registry.training_ways import BY_NAME
from bert_demo.views.markup import working
from bert_demo.views.panels.attributions import progress_panel
from bert_demo.views.panels.training import plan_panel, started_panel
from bert_demo.web.components import labelled_source
from bert_demo.web.components.labelled_source import LabelledSource
from bert_demo.web.components.shipped_rows import TO_TRAIN
from bert_demo.web.components.training_choices import TrainingChoices, recipe_of
from bert_demo.web.components.training_jobs import Sent, TrainingJobs, more_like_it
from bert_demo.web.components.training_rows import shown_training_rows, training_rows_of
from bert_demo.web.event_settings import AT_ONCE
from bert_demo.web.job_outputs import passes_notice
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.lens_groups import Group
from bert_demo.web.page_assets import beside
from bert_demo.web.tab import Ask, Hidden, Page, Parts, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

ASK = "Press Enter or Run: the rows are read and parted, and you see how long it will take, before anything is learnt."
MOST_ROWS = 5_000
"""That a page says may be brought; the server's own limit is the setting train_rows."""
KEPT = "kept no longer than the model that you make of them"


class TrainTab:
    """A model of the visitor's own: labelled rows, a way to train, curves while it learns, its figures, every lens."""

    name = "train"
    title = "Train"
    group = Group.MAKE
    place = 140
    task: str | None = None
    cost = Cost.EXCLUSIVE
    assets = beside(__file__, labelled_source.__file__)

    def build(self) -> Parts:
        """Rows, the way, what is known before the start; below, the job that is shown and all jobs side by side."""
        self.source = LabelledSource(TO_TRAIN, self.name, shown_training_rows, MOST_ROWS, KEPT, example=False)
        with gr.Column(elem_classes="sheet", elem_id="train-sheet"):
            self.choices = TrainingChoices()
            run = gr.Button("Run", variant="primary", min_width=120, scale=0, elem_id="train-plan-button")
        with gr.Column(visible=False) as body:
            plan = html(elem_id="train-plan")
            self.start = gr.Button("Start training", variant="primary", min_width=160, scale=0, elem_id="train-begin")
        self.notice = html(elem_id="train-start-said", elem_classes="asked-for")
        self.jobs = TrainingJobs()
        controls = [*self.source.controls, *self.choices.controls]
        return Parts(
            body,
            controls,
            [plan],
            [run.click],
            asked_for=ASK,
            own_texts=True,
            clears=[self.source.changed, *(each.input for each in self.choices.controls)],
        )

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress
    ) -> list[Any]:
        """What is known before the start."""
        rows, asked = _asked(service, controls)
        return [plan_panel(service.train_plan(rows, **asked, on_progress=progress))]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """What was understood; the start; the jobs."""
        self.source.wire(page)
        self.choices.wire()

        def begin(progress: JobProgress, *controls: Any) -> list[Any]:
            service = page.service()
            rows, asked = _asked(service, controls)
            return [started_panel(service.train(rows, **asked, on_progress=progress))]

        start = LatestJob("train_start", Cost.BATCH).handler(
            begin, passes_notice("Reading the rows \N{HORIZONTAL ELLIPSIS}"), 1
        )
        outputs = [self.notice, self.jobs.begun, self.jobs.started]
        self.start.click(start, parts.controls, outputs, **AT_ONCE)

        def again(progress: JobProgress, given: Any) -> list[Any]:
            return [started_panel(*more_like_it(page.service(), Sent.of(given), progress), more=True)]

        more = LatestJob("train_more", Cost.BATCH).handler(
            again, passes_notice("Reading the rows \N{HORIZONTAL ELLIPSIS}"), 1
        )
        self.jobs.more_like_it(more, outputs)
        return self.jobs.wire(page)

    def working(self, done: int, planned: int) -> str:
        """While the rows are read and a few passes are timed."""
        if not planned:
            return working("Reading the rows and timing a few passes \N{HORIZONTAL ELLIPSIS}")
        return progress_panel(done, planned, "over the rows")


def _asked(service: BertService, controls: Sequence[Any]) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """The rows and the arguments of `train`. Raises BadDataError, ChoiceError."""
    rows, file, choices, *how, text = controls
    most = service.settings.train_rows
    if how[0] in BY_NAME and BY_NAME[how[0]].text:
        own = [(each, "") for each in passages(text)] if isinstance(text, str) else []
        read = own or [(each, "") for each, _ in training_rows_of(rows, file, choices, most)[0]]
        return read, recipe_of(how, len(read))
    found, kind = training_rows_of(rows, file, choices, most)
    return found, {"kind": kind, **recipe_of(how, len(found))}
