"""The lens Answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.scheduler import Cost
from bert_demo.registry.attribution_methods import CARDS
from bert_demo.views.markup import message, working
from bert_demo.views.panels import answers as plots
from bert_demo.views.panels import attributions
from bert_demo.web.components.entity_reason import METHOD, picked_stretch
from bert_demo.web.event_settings import AT_ONCE, QUIET
from bert_demo.web.job_outputs import passes_notice
from bert_demo.web.job_runner import JobProgress, LatestJob
from bert_demo.web.lens_groups import Group
from bert_demo.web.page_assets import beside
from bert_demo.web.tab import ON_PICK, Ask, Hidden, Page, Parts, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

CLICK = message("Click an answer: here stands which words of question and passage made the model give it.")
MOST_ANSWERS = 5


class AnswersTab:
    """Where in the second text the answer to the first stands, and why there."""

    name = "answers"
    title = "Answers"
    group = Group.PREDICT
    place = 36
    task: str | None = "question-answering"
    cost = Cost.BATCH
    assets = beside(__file__)

    def build(self) -> Parts:
        """Answers on the left, the reason for one on the right."""
        with gr.Column() as body, gr.Row(elem_classes="lens"):
            with gr.Column(scale=4, min_width=300):
                self.answers = html(elem_id="answer-text", js_on_load=ON_PICK)
            with gr.Column(scale=4, min_width=300):
                self.reason = html(CLICK, elem_id="answer-reason")
        self.picked = gr.State(None)
        return Parts(body, [], [self.answers])

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress
    ) -> list[Any]:
        """The answers; where there is no passage, what to do about it."""
        if not ask.pair.strip():
            return [plots.no_passage_panel()]
        return [plots.answers_panel(service.answer(ask.text, ask.pair, ask.model, MOST_ANSWERS), ask.pair)]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """An answer that is clicked."""

        def explained(progress: JobProgress, ask: Ask, picked: Any) -> str:
            return explained_answer(page.service(), ask, picked, progress)

        run = LatestJob("attribute_answer", Cost.SLOW).handler(
            explained, passes_notice("Explaining \N{HORIZONTAL ELLIPSIS}")
        )
        page.renewed(lambda: (None, CLICK), None, [self.picked, self.reason], **QUIET)
        clicked = self.answers.pick(picked_stretch, self.picked, self.picked, **AT_ONCE)
        return [clicked.then(run, [page.asked, self.picked], self.reason, **AT_ONCE)]

    def working(self, done: int, planned: int) -> str:
        """While the model loads or reads a long passage."""
        return working("Reading the passage \N{HORIZONTAL ELLIPSIS}")


def explained_answer(service: BertService, ask: Ask, picked: Any, progress: JobProgress) -> str:
    """The panels of a clicked answer; one that is not there any more asks for another click. Raises DemoError."""
    if not isinstance(picked, dict) or ask.pair[picked["start"] : picked["end"]] != picked["is"]:
        return CLICK
    model = service.choose("question-answering", ask.model)
    found = service.attribute_answer(ask.text, ask.pair, picked["start"], picked["end"], model, on_progress=progress)
    result = found.attribution
    words = attributions.words_panel(result, True, CARDS[METHOD].title, clickable=False, picture=False)
    return plots.parts_panel(found) + words + attributions.ledger_panel(result)
