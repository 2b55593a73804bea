"""A second model on the same rows: a study of the lens Evaluate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import ChoiceError
from bert_demo.views.panels.model_comparison import comparison_panel
from bert_demo.web.components.labelled_source import rows_of
from bert_demo.web.components.row_study import RowStudy
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask, Page

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

_NOTE = (
    "Another model reads the same rows. Of two figures side by side it is not seen whether chance explains the "
    "difference; of the rows that one of them alone has right it is."
)


class ModelComparisonStudy:
    """The name of a model with the same labels, a button, both models side by side."""

    def __init__(self) -> None:
        self._study = RowStudy("compare_models", "Another model on the same rows", _NOTE, self._build)

    def _build(self) -> Sequence[Any]:
        return [
            gr.Textbox(
                "",
                label="The other model, with the same labels",
                placeholder="a bundled name, or a hub id",
                lines=1,
                min_width=260,
                elem_id="other-model",
            )
        ]

    def wire(self, page: Page, given: Sequence[Any], changed: Any) -> Any:
        """The event of its button."""

        def made(progress: JobProgress, ask: Ask, *values: Any) -> str:
            return compared(page.service(), ask, values, progress)

        return self._study.wire(page, given, changed, made)


def compared(service: BertService, ask: Ask, values: Sequence[Any], progress: JobProgress) -> str:
    """values: what is pasted, the file, the choices, the other model. Raises DemoError."""
    rows, file, choices, other = values
    other = str(other or "").strip()
    if not other:
        raise ChoiceError("Name the other model first.")
    model = service.choose("text-classification", ask.model)
    found = rows_of(service, model, rows, file, choices)
    return comparison_panel(service.compare_models(found.rows, other, model, progress, found.lines))
