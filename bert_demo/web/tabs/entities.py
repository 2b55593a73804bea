"""The lens Entities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import ChoiceError
from bert_demo.core.scheduler import Cost
from bert_demo.core.validation import AGGREGATIONS
from bert_demo.views.markup import working
from bert_demo.views.panels import entities as plots
from bert_demo.web.components.entity_reason import EntityReason
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.lens_groups import Group
from bert_demo.web.page_assets import beside
from bert_demo.web.tab import ON_PICK, Ask, Hidden, Page, Parts, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService


class EntitiesTab:
    """The names in a text, how sure the model is of each, and why."""

    name = "entities"
    title = "Entities"
    group = Group.PREDICT
    place = 33
    task: str | None = "token-classification"
    cost = Cost.BATCH
    assets = beside(__file__)

    def build(self) -> Parts:
        """Choices above; the text and what was judged on the left, the reason on the right."""
        with gr.Row(elem_classes="controls"):
            aggregation = gr.Dropdown(
                list(AGGREGATIONS), value=AGGREGATIONS[0], label="A word's pieces", min_width=140, elem_id="aggregation"
            )
            truth = gr.Textbox(
                "",
                label="What is there, to judge by (optional)",
                placeholder="PER: Ada Lovelace; LOC: London",
                lines=1,
                min_width=240,
                elem_id="truth",
            )
        with gr.Column() as body, gr.Row(elem_classes="lens"):
            with gr.Column(scale=4, min_width=300):
                text = html(elem_id="entity-text", js_on_load=ON_PICK)
                judged = html(elem_id="entity-judged")
            with gr.Column(scale=4, min_width=300):
                self.reason = EntityReason(text)
        controls = [aggregation, truth]
        return Parts(body, controls, [text, judged], [aggregation.input, truth.submit])

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress
    ) -> list[Any]:
        """The text with its entities, and what of them is right."""
        aggregation, truth = controls
        result = service.entities(ask.text, ask.model, aggregation, true_pairs(truth))
        return [plots.entities_panel(result), plots.judged_panel(result)]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """Stretches that are clicked."""
        return self.reason.wire(page)

    def working(self, done: int, planned: int) -> str:
        """While the model loads or reads a long text."""
        return working("Reading the text \N{HORIZONTAL ELLIPSIS}")


def true_pairs(written: str) -> list[list[str]] | None:
    """Pairs of a type and words, from "PER: Ada Lovelace; LOC: London"; None for nothing. Raises ChoiceError."""
    pairs = []
    for part in filter(str.strip, str(written or "").replace("\n", ";").split(";")):
        kind, colon, words = part.partition(":")
        if not (colon and kind.strip() and words.strip()):
            raise ChoiceError(
                f"{part.strip()[:60]!r} is no type and its words. Write PER: Ada Lovelace, with ; between several."
            )
        pairs.append([kind.strip(), words.strip()])
    return pairs or None
