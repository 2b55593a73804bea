"""Passages ranked for the text of the bar: a part of the lens Classify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import ChoiceError
from bert_demo.core.scheduler import Cost
from bert_demo.registry.task_heads import other_answers
from bert_demo.views.markup import message
from bert_demo.views.panels.ranking import lifted_panel, ranking_panel
from bert_demo.web.event_settings import AT_ONCE, QUIET
from bert_demo.web.job_outputs import passes_notice
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.tab import Ask, Page, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

EXAMPLE = "A warm and funny comedy.\nA dull and endless drama."


class Reranking:
    """Passages to write, a button, the ranking, and what lifted the first above the second."""

    def __init__(self) -> None:
        with gr.Accordion("Rank passages for this text", open=False, elem_id="ranking"):
            self.passages = gr.Textbox(
                EXAMPLE, label="Passages, one on each line", lines=3, max_lines=10, elem_id="passages"
            )
            self.run = gr.Button("Run", variant="primary", min_width=110, scale=0, elem_id="rank-run")
            self.panel = html(elem_id="ranked")

    def wire(self, page: Page) -> list[Any]:
        """The button asks; a new question takes the answer away."""

        def ranked(progress: JobProgress, ask: Ask, passages: str) -> str:
            return ranked_passages(page.service(), ask, passages, progress)

        run = LatestJob("rerank", Cost.SLOW).handler(ranked, passes_notice("Ranking \N{HORIZONTAL ELLIPSIS}"))
        page.cleared(None, None, self.panel, js="() => ''", **QUIET)
        return [self.run.click(run, [page.asked, self.passages], self.panel, **AT_ONCE)]


def ranked_passages(service: BertService, ask: Ask, passages: str, progress: JobProgress) -> str:
    """The ranking and, of two or more passages, the difference of the best two. Raises DemoError."""
    texts = [line.strip() for line in str(passages or "").splitlines() if line.strip()]
    if not texts:
        raise ChoiceError("There is no passage. Write one on each line.")
    model = service.choose("text-classification", ask.model)
    notice = "" if model == ask.model else message(other_answers(ask.model, "text-classification", model))
    ranking = service.rerank(ask.text, texts, model, on_progress=progress)
    panel = notice + ranking_panel(ranking)
    if len(texts) > 1:
        first, second = (each.text for each in ranking.passages[:2])
        panel += lifted_panel(service.attribute_ranking(ask.text, first, second, model, on_progress=progress))
    return panel
