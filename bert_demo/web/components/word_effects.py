"""Which words push a label: a study of the lens Evaluate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bert_demo.results.word_effects import WordEffects
from bert_demo.views.panels.word_effects import word_effects_panel
from bert_demo.web.components.labelled_source import rows_of
from bert_demo.web.components.row_study import RowStudy
from bert_demo.web.components.target_choice import target_choice
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.tab import Ask, Page

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

MOST_FREQUENT = "the label that most rows carry"
_NOTE = (
    "Each row of a sample is explained as in the lens Attributions, and the scores of each word are averaged over the "
    "rows. So a shortcut is seen: a name that means “positive”, say."
)


class WordEffectStudy:
    """The label to explain, a button, the words. target: the list of labels."""

    def __init__(self) -> None:
        self._study = RowStudy("attribute_rows", "Which words push a label", _NOTE, self._build)
        (self.target,) = self._study.controls

    def _build(self) -> Sequence[Any]:
        return [target_choice([MOST_FREQUENT], "pushed-label")]

    def wire(self, page: Page, given: Sequence[Any], changed: Any) -> Any:
        """The event of its button."""

        def made(progress: JobProgress, ask: Ask, *values: Any) -> str:
            return word_effects_panel(word_effects_of(page.service(), ask, values, progress))

        return self._study.wire(page, given, changed, made, "over the sample, one for each row")


def word_effects_of(service: BertService, ask: Ask, values: Sequence[Any], progress: JobProgress) -> WordEffects:
    """values: what is pasted, the file, the choices, the label. Raises DemoError."""
    rows, file, choices, target = values
    model = service.choose("text-classification", ask.model)
    found = rows_of(service, model, rows, file, choices)
    chosen = target if target in service.labels(model) else None
    return service.attribute_rows(found.rows, model, chosen, on_progress=progress, lines=found.lines)
