"""The lens Attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.plots import attention as plots
from bert_demo.plots.markup import table, working
from bert_demo.ui.base import ON_PICK, Ask, Hidden, Page, Parts, Watch, html

if TYPE_CHECKING:
    from bert_demo.service import BertService


class AttentionTab:
    """Every head at a glance, one of them open."""

    name = "attention"
    title = "Attention"
    task: str | None = None

    def build(self) -> Parts:
        """Choices above; the overview on the left, the open head on the right."""
        with gr.Row(elem_classes="controls"):
            self.layer = gr.Number(0, label="Layer (from 0)", precision=0, min_width=90, elem_id="layer")
            self.head = gr.Number(0, label="Head (from 0)", precision=0, min_width=90, elem_id="head")
            self.window = gr.Dropdown([0], value=0, label="Window", min_width=90, visible=False)
        with gr.Column() as body, gr.Row(elem_classes="lens"):
            with gr.Column(scale=3, min_width=300):
                self.overview = html(elem_id="overview", js_on_load=ON_PICK)
            with gr.Column(scale=4, min_width=300, elem_id="open-head"):
                self.title_of_head = html(elem_id="head-title")
                self.figure = gr.Plot(show_label=False, elem_id="heatmap")
                self.keep = html(elem_id="head-table")
        controls = [self.layer, self.head, self.window]
        self.places = [self.layer, self.head]
        outputs = [self.overview, self.title_of_head, self.window, self.figure, self.keep]
        return Parts(body, controls, outputs, [self.layer.change, self.head.change, self.window.input])

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], watch: Watch
    ) -> list[Any]:
        """Overview, title, windows, heatmap, strongest keys. Raises ChoiceError for a head that is not there."""
        layer, head, window = (int(value or 0) for value in controls)
        window = min(window, service.count_windows(ask.text, ask.pair, ask.model) - 1)
        service.attention(ask.text, ask.pair, ask.model, layer, head, window)
        result = service.attention(ask.text, ask.pair, ask.model, window=window)
        return [
            plots.overview_panel(result, (layer, head)),
            plots.head_title(result, layer, head),
            gr.Dropdown(choices=list(range(result.windows)), value=window, visible=result.windows > 1),
            plots.head_figure(result, layer, head),
            table(
                ("query", "query_token", "strongest_key", "key_token", "weight"),
                plots.strongest(result, layer, head),
                f"head-{layer}-{head}",
                plots.ALL_WEIGHTS,
            ),
        ]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """A click in the overview opens that head; the address of the page follows."""
        shown: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        self.overview.pick(_pick, None, self.places, queue=False, trigger_mode="multiple", **shown)
        gr.on(
            [place.change for place in self.places],
            None,
            self.places,
            js="(layer, head) => window.bertDemo.address({layer, head})",
            api_visibility="private",
        )
        return []

    def working(self, done: int, planned: int) -> str:
        """While the model loads."""
        return working("Looking \N{HORIZONTAL ELLIPSIS}")


def _pick(event: gr.EventData) -> list[int]:
    chosen = event._data if isinstance(event._data, dict) else {}
    return [int(chosen.get(name, 0)) for name in ("layer", "head")]
