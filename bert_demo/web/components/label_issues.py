"""Labels that may be wrong, and texts that occur twice: a study of the lens Evaluate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.views.panels.label_issues import duplicates_panel, issues_panel, shared_panel
from bert_demo.views.panels.understood import second_file_panel
from bert_demo.web.components.labelled_source import name_of, rows_of, texts_of
from bert_demo.web.components.row_study import RowStudy
from bert_demo.web.event_settings import AT_ONCE
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask, Page, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

_NOTE = (
    "Which labels of your file look wrong to a classifier that did not learn from them, which texts occur twice, and, "
    "if you open a second file such as the rows a model learnt from, which texts stand in both."
)
_CONNECT = """
window.bertLens('evaluate').then(() => {
  window.bertRows.of('evaluate').besides(element, () => trigger('another', {}));
});
"""


class LabelIssueStudy:
    """The model whose states are read, a second file, a button, what is doubtful."""

    def __init__(self) -> None:
        self._study = RowStudy("label_issues", "Labels that may be wrong, texts that occur twice", _NOTE, self._build)

    def _build(self) -> Sequence[Any]:
        states = gr.Textbox(
            "",
            label="Judge by the states of another model (optional)",
            placeholder="base",
            lines=1,
            min_width=220,
            elem_id="issue-states",
        )
        self._place = html(second_file_panel(), elem_id="second-file", js_on_load=_CONNECT)
        return [states, gr.JSON(visible=False)]

    def wire(self, page: Page, given: Sequence[Any], changed: Any) -> Any:
        """The event of its button."""

        def made(progress: JobProgress, ask: Ask, *values: Any) -> str:
            return issues(page.service(), ask, values, progress)

        self._place.another(
            None, None, self._study.controls[1], js="() => window.bertRows.of('evaluate').other()", **AT_ONCE
        )
        return self._study.wire(page, given, changed, made)


def issues(service: BertService, ask: Ask, values: Sequence[Any], progress: JobProgress) -> str:
    """values: what is pasted, the file, the choices, the model of the states, the second file. Raises DemoError."""
    rows, file, choices, states, second = values
    model = service.choose("text-classification", ask.model)
    found = rows_of(service, model, rows, file, choices)
    others = texts_of(service, model, second) if name_of(second) else None
    result = service.label_issues(found.rows, model, str(states or "").strip(), others, progress, found.lines)
    panels = issues_panel(result) + duplicates_panel(result)
    return panels + (shared_panel(result, name_of(second)) if others is not None else "")
