"""The lens Next sentence: does the second text follow the first, in both orders, against pairs that are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.scheduler import Cost
from bert_demo.data.sentence_pairs import sentence_pairs
from bert_demo.views.figures.next_sentence import baseline_figure
from bert_demo.views.markup import working
from bert_demo.views.panels import next_sentence as plots
from bert_demo.views.panels.attributions import progress_panel
from bert_demo.web.event_detail import detail
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.lens_groups import Group
from bert_demo.web.page_assets import beside
from bert_demo.web.tab import ON_PICK, Ask, Hidden, Page, Parts, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService


def offers() -> list[tuple[str, str]]:
    """Pairs that a visitor may try: three that belong together, one of them turned round, and two that do not."""
    pairs = list(sentence_pairs())
    turned = (pairs[0][1], pairs[0][0])
    return [*pairs[:3], turned, (pairs[3][0], pairs[4][1]), (pairs[5][0], pairs[2][1])]


class NextSentenceTab:
    """The probability that the second text follows the first."""

    name = "next-sentence"
    title = "Next sentence"
    group = Group.PREDICT
    place = 30
    task: str | None = "next-sentence"
    cost = Cost.BATCH
    assets = beside(__file__)

    def build(self) -> Parts:
        """Both orders and pairs to try; below them the known pairs."""
        with gr.Column() as body:
            self.orders = html(elem_id="orders", js_on_load=ON_PICK)
            with gr.Column(visible=False) as known, gr.Row(elem_classes="lens"):
                with gr.Column(scale=4, min_width=300, elem_classes="sheet"):
                    figure = gr.Plot(show_label=False, elem_id="pair-dots")
                with gr.Column(scale=3, min_width=300):
                    panel = html(elem_id="known-pairs")
        return Parts(body, [], [self.orders, known, figure, panel])

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress
    ) -> list[Any]:
        """Both orders, and the known pairs with them; where there is no second text, what to do about it."""
        if not ask.pair.strip():
            return [plots.no_second_panel(offers()), gr.Column(visible=False), None, ""]
        forth = service.next_sentence(ask.text, ask.pair, ask.model)
        back = service.next_sentence(ask.pair, ask.text, ask.model)
        known = service.next_sentence_baseline(ask.model, on_progress=progress)
        return [
            plots.orders_panel(ask.text, ask.pair, forth, back, offers()),
            gr.Column(visible=True),
            baseline_figure(known, forth, back),
            plots.baseline_panel(known, forth),
        ]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """A pair to try goes into the bar, and every lens follows."""
        self.orders.pick(
            _take,
            [page.asked],
            [*page.bar[:2], page.asked, page.hidden],
            concurrency_limit=None,
            api_visibility="private",
            trigger_mode="multiple",
        )
        return []

    def working(self, done: int, planned: int) -> str:
        """Passes done of those of the known pairs."""
        return (
            progress_panel(done, planned, "over the known pairs")
            if planned
            else working("Reading both texts \N{HORIZONTAL ELLIPSIS}")
        )


def _take(asked: Ask, event: gr.EventData) -> list[Any]:
    number = detail(event, "pair")
    offered = dict(enumerate(offers()))
    if number not in offered:
        raise gr.Error("This pair is not one of those on offer.", print_exception=False)
    first, second = offered[number]
    return [first, second, asked.again(first, second), ()]
