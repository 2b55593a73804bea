"""The lens Pieces and states: pieces, meaning in context, positions, sentence similarity, features to take away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import DemoError, MissingHeadError, TextError
from bert_demo.core.scheduler import Cost
from bert_demo.registry.models import CATALOGUE
from bert_demo.views.figures.positions import positions_figure
from bert_demo.views.markup import message, working
from bert_demo.views.panels import pieces as cut
from bert_demo.views.panels import positions as places
from bert_demo.web.components import contexts
from bert_demo.web.components.contexts import ContextsView
from bert_demo.web.components.features import FeaturesView
from bert_demo.web.components.similarity import SimilarityView
from bert_demo.web.event_settings import LAST, PRIVATE
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.lens_groups import Group
from bert_demo.web.page_assets import beside
from bert_demo.web.tab import Ask, Hidden, Page, Parts, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

VIEWS = {
    "Pieces": "pieces",
    "Meaning in context": "contexts",
    "Positions and segments": "positions",
    "Sentence similarity": "similarity",
    "Features": "features",
}
OF_THE_BAR = ("pieces", "positions")
"""Views of the text of the bar that one button fills together, since they are cheap."""
ASK = "Press Enter or Run: how the words of the text are cut into pieces, and what is added before layer 0."


class InsideTab:
    """Five views, one at a time."""

    name = "inside"
    title = "Pieces and states"
    group = Group.LOOK_INSIDE
    place = 40
    task: str | None = None
    cost = Cost.BATCH
    assets = beside(__file__, contexts.__file__)

    def build(self) -> Parts:
        """The choice of a view above; what the button Look fills; the views with texts or files of their own."""
        self.view = gr.Radio(list(VIEWS.items()), value="pieces", label="View", elem_id="inside-view")
        with gr.Row(elem_classes="controls", elem_id="look-row") as self.row:
            self.second = gr.Dropdown(
                [("none", ""), *[(card.name, card.name) for card in CATALOGUE]],
                value="",
                label="A second tokenizer (a model here or of the hub)",
                allow_custom_value=True,
                min_width=200,
                elem_id="second-tokenizer",
            )
            look = gr.Button("Run", variant="primary", min_width=120, scale=0, elem_id="look-inside")
        with gr.Column(visible=False, elem_id="looked") as body:
            with gr.Column(elem_id="view-pieces") as self.pieces:
                outputs: list[Any] = [
                    html(
                        elem_id="pieces",
                        js_on_load="window.bertLens('inside').then(() => window.bertInside.follow(element, watch));",
                    )
                ]
            with gr.Column(visible=False, elem_id="view-positions") as self.positions:
                outputs += self._positions()
        self.own: dict[str, ContextsView | SimilarityView | FeaturesView] = {
            "contexts": ContextsView(),
            "similarity": SimilarityView(),
            "features": FeaturesView(),
        }
        buttons = [view.button for view in self.own.values()]
        return Parts(body, [self.second], outputs, [look.click], asked_for=ASK, buttons=buttons)

    def _positions(self) -> list[Any]:
        with gr.Row(elem_classes="lens"):
            with gr.Column(scale=4, min_width=300, elem_classes="sheet") as sheet:
                figure = gr.Plot(show_label=False, elem_id="position-map")
            with gr.Column(scale=3, min_width=300):
                panel = html(elem_id="positions")
        return [sheet, figure, panel, html(elem_id="first-states")]

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress
    ) -> list[Any]:
        """Pieces; the sheet of the picture, the picture, its panel; what is added before layer 0."""
        return [
            pieces_panels(service, ask, str(controls[0] or "").strip()),
            *position_panels(service, ask.model),
            panel_or_reason(lambda: places.first_panel(service.first_states(ask.text, ask.pair or None, ask.model))),
        ]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """The radio shows one view; the views' own buttons."""
        shown = [self.row, self.second, self.pieces, self.positions, *(view.column for view in self.own.values())]
        self.view.change(self._show, self.view, shown, **LAST).then(
            None, js="() => window.bertContexts.again()", **PRIVATE
        )
        self.view.change(None, self.view, None, js="(view) => window.bertDemo.mark('inside', view)", **PRIVATE)
        return [event for view in self.own.values() for event in view.wire(page)]

    def _show(self, view: str) -> list[Any]:
        return [
            gr.Row(visible=view in OF_THE_BAR),
            gr.Dropdown(visible=view == "pieces"),
            gr.Column(visible=view == "pieces"),
            gr.Column(visible=view == "positions"),
            *(gr.Column(visible=view == name) for name in self.own),
        ]

    def working(self, done: int, planned: int) -> str:
        """While the model loads."""
        return working("Looking inside \N{HORIZONTAL ELLIPSIS}")


def pieces_panels(service: BertService, ask: Ask, second: str) -> str:
    """The text in the model's own tokenizer and, when named, in a second one beside it, whose errors stand there.

    Raises DemoError for the first.
    """
    first = service.pieces(ask.text, ask.model)
    note = message("Only the first text is cut here.") if ask.pair else ""
    if not second:
        return note + cut.pieces_panel(first)
    try:
        other = service.pieces(ask.text, second)
        beside = cut.pieces_panel(other, True)
        note += cut.compared_line(first, other)
    except DemoError as error:
        beside = message(str(error), "error")
    return f'{note}<div class="why">{cut.pieces_panel(first)}{beside}</div>'


def position_panels(service: BertService, model: str) -> list[Any]:
    """The sheet of the picture, the picture, its panel; a sentence instead for a model without such vectors."""
    try:
        found = service.positions(model)
    except MissingHeadError as error:
        return [gr.Column(visible=False), None, message(str(error))]
    return [gr.Column(visible=True), positions_figure(found), places.positions_panel(found)]


def panel_or_reason(make: Callable[[], str]) -> str:
    """A panel, or the sentence that says why there is none for this text or this kind of model."""
    try:
        return make()
    except MissingHeadError as error:
        return message(str(error))
    except TextError as error:
        return message(str(error), "error")
