"""The lens Inside: pieces, meaning in context, positions, sentence similarity, features to take away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.catalogue import CATALOGUE
from bert_demo.errors import DemoError, MissingHeadError, TextError
from bert_demo.plots import pieces as cut
from bert_demo.plots import positions as places
from bert_demo.plots.markup import message, working
from bert_demo.ui.bar import LAST, PRIVATE
from bert_demo.ui.base import Ask, Hidden, Page, Parts, html
from bert_demo.ui.contexts import ContextsView
from bert_demo.ui.features import FeaturesView
from bert_demo.ui.running import Watch
from bert_demo.ui.similarity import SimilarityView

if TYPE_CHECKING:
    from bert_demo.service import BertService

VIEWS = {
    "Pieces": "pieces",
    "Meaning in context": "contexts",
    "Positions and segments": "positions",
    "Sentence similarity": "similarity",
    "Features": "features",
}
OF_THE_BAR = ("pieces", "positions")
"""Views of the text of the bar that one button fills together, since they are cheap."""
ASK = "Press Look: how the words of the text are cut into pieces, and what is added before layer 0."


class InsideTab:
    """Five views, one at a time."""

    name = "inside"
    title = "Inside"
    task: str | None = None

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
            look = gr.Button("Look", variant="primary", min_width=120, scale=0, elem_id="look-inside")
        with gr.Column(visible=False, elem_id="looked") as body:
            with gr.Column(elem_id="view-pieces") as self.pieces:
                outputs: list[Any] = [html(elem_id="pieces", js_on_load="window.bertInside.follow(element, watch);")]
            with gr.Column(visible=False, elem_id="view-positions") as self.positions:
                outputs += self._positions()
        self.own: dict[str, ContextsView | SimilarityView | FeaturesView] = {
            "contexts": ContextsView(),
            "similarity": SimilarityView(),
            "features": FeaturesView(),
        }
        return Parts(body, [self.second], outputs, [look.click], asked_for=ASK)

    def _positions(self) -> list[Any]:
        with gr.Row(elem_classes="lens"):
            with gr.Column(scale=4, min_width=300, elem_classes="sheet") as sheet:
                figure = gr.Plot(show_label=False, elem_id="position-map")
            with gr.Column(scale=3, min_width=300):
                panel = html(elem_id="positions")
        return [sheet, figure, panel, html(elem_id="first-states")]

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], watch: Watch
    ) -> list[Any]:
        """Pieces; the sheet of the picture, the picture, its panel; what is added before layer 0."""
        return [
            pieces_panels(service, ask, str(controls[0] or "").strip()),
            *position_panels(service, ask.model),
            said_in_place(lambda: places.first_panel(service.first_states(ask.text, ask.pair or None, ask.model))),
        ]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """The radio shows one view; the views' own buttons."""
        shown = [self.row, self.second, self.pieces, self.positions, *(view.column for view in self.own.values())]
        self.view.change(self._show, self.view, shown, **LAST).then(
            None, js="() => window.bertInside.again()", **PRIVATE
        )
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
    return [gr.Column(visible=True), places.positions_figure(found), places.positions_panel(found)]


def said_in_place(make: Callable[[], str]) -> str:
    """A panel, or the sentence that says why there is none for this text or this kind of model."""
    try:
        return make()
    except MissingHeadError as error:
        return message(str(error))
    except TextError as error:
        return message(str(error), "error")
