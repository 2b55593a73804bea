"""A further question about the rows of Evaluate: folded away, with a button; progress and answer in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from bert_demo.core.scheduler import Cost
from bert_demo.views.markup import working
from bert_demo.views.panels.attributions import progress_panel
from bert_demo.web.event_settings import AT_ONCE, QUIET
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.tab import Ask, Page, html

FILTERS = "window.bertLens('evaluate').then(() => window.bertEvaluate.filters(element));"
"""js_on_load of a place of numbers and names whose rows are shown."""


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

        run = LatestJob(self._name, Cost.EXCLUSIVE).handler(make, notice)
        event = self.run.click(run, [page.asked, *given, *self.controls], self.panel, **AT_ONCE)
        page.cleared(None, None, self.panel, js="() => ''", **QUIET)
        changed(None, None, self.panel, js="() => ''", cancels=[event], **QUIET)
        for control in self.controls:
            listen = getattr(control, "input", control.change)
            listen(None, None, self.panel, js="() => ''", cancels=[event], **QUIET)
        return event
