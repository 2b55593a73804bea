"""A further question about the rows of Evaluate: folded away, with a button; progress and answer in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from bert_demo.core.scheduler import Cost
from bert_demo.views.markup import message, working
from bert_demo.views.panels.attributions import progress_panel
from bert_demo.web.event_settings import AT_ONCE, QUIET
from bert_demo.web.job_runner import JobProgress, LatestJob, Question
from bert_demo.web.tab import Ask, Page, html, question_of
from bert_demo.web.visitor import visitor_of

FILTERS = "window.bertLens('evaluate').then(() => window.bertEvaluate.filters(element));"
"""js_on_load of a place of numbers and names whose rows are shown."""

CHOSEN = "Another choice: press Run to ask with it."


class RowStudy:
    """title: of what is folded away; note: a sentence about it; build: makes its own controls, which it returns."""

    def __init__(self, name: str, title: str, note: str, build: Callable[[], Sequence[Any]]) -> None:
        self._name = name
        elem_id = name.replace("_", "-")
        with gr.Accordion(title, open=False, elem_id=f"{elem_id}-study", elem_classes="row-study"):
            html(f"<p class='note'>{note}</p>")
            with gr.Row(elem_classes="controls"):
                self.controls = list(build())
                self.run = gr.Button("Run", variant="primary", min_width=110, scale=0, elem_id=f"{elem_id}-run")
            self.panel = html(elem_id=elem_id, js_on_load=FILTERS)

    def wire(
        self,
        page: Page,
        given: Sequence[Any],
        changed: Any,
        work: Callable[..., str],
        what: str = "over the rows, one for each row",
    ) -> Any:
        """work(progress, ask, *values of given, *values of its own controls) gives the panel. given: the components
        that hold the rows; changed: the listener of other rows, which take the answer away. Returns its event."""

        def make(progress: JobProgress, ask: Ask, *values: Any) -> str:
            return work(progress, ask, *values)

        def notice(done: int, planned: int) -> str:
            if not planned or not done:
                return working("Reading the rows \N{HORIZONTAL ELLIPSIS}")
            return progress_panel(done, planned, what)

        def question(ask: Ask, *values: Any) -> Question:
            return question_of(ask, values[len(values) - len(self.controls) :])

        async def clear(request: gr.Request, ask: Ask, *values: Any) -> Any:
            """The answer stays of just this: the word of a choice may come after that of the button. See
            web.tab.clear_handler."""
            return message(CHOSEN) if job.replace(visitor_of(request), question_of(ask, values)) else gr.skip()

        job = LatestJob(self._name, Cost.EXCLUSIVE)
        run = job.handler(make, notice, question=question)
        event = self.run.click(run, [page.asked, *given, *self.controls], self.panel, **AT_ONCE)
        page.cleared(None, None, self.panel, js="() => ''", **QUIET)
        changed(None, None, self.panel, js="() => ''", cancels=[event], **QUIET)
        for control in self.controls:
            listen = getattr(control, "input", control.change)
            listen(clear, [page.asked, *self.controls], self.panel, trigger_mode="multiple", **QUIET)
        return event
