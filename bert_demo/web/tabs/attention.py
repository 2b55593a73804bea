"""The lens Attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.scheduler import Cost
from bert_demo.registry.models import CATALOGUE
from bert_demo.results.attention_views import LEVELS, QUADRANTS, SPECIALS
from bert_demo.views.markup import working
from bert_demo.web.components import downloads
from bert_demo.web.components.attention_downloads import attention_file
from bert_demo.web.components.attention_files import Files
from bert_demo.web.components.attention_views import DISPLAYS, Wanted, panels
from bert_demo.web.components.downloads import Downloads, FileRequest, NamedFile
from bert_demo.web.components.window_choice import window_choice
from bert_demo.web.event_settings import AT_ONCE
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.lens_groups import Group
from bert_demo.web.page_assets import beside
from bert_demo.web.tab import ON_PICK, Ask, Hidden, Link, Page, Parts, html, number_of

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

SHOWN = {
    "this head": "head",
    "mean of the heads of this layer": "layer",
    "mean over the layers of this head": "across",
    "mean of all heads": "all",
    "rollout": "rollout",
}


class AttentionTab:
    """Every head at a glance; one of them, or a summary, open as a heatmap, as arcs or step by step."""

    name = "attention"
    title = "Attention"
    group = Group.LOOK_INSIDE
    place = 50
    task: str | None = None
    cost = Cost.INTERACTIVE
    assets = beside(__file__, downloads.__file__)

    def build(self) -> Parts:
        """Choices above; the overview on the left, what is open on the right, what it is compared with beside it."""
        choices = self._choices()
        other = self._other()
        with gr.Column() as body, gr.Row(elem_classes="lens", elem_id="heads"):
            with gr.Column(scale=3, min_width=300):
                self.overview = html(elem_id="overview", js_on_load=ON_PICK)
                self.files = Files()
                self.downloads = Downloads(self.name)
            with gr.Column(scale=4, min_width=300, elem_id="open-head"):
                title = html(elem_id="head-title")
                figure = gr.Plot(show_label=False, elem_id="heatmap")
                arcs = html(elem_id="arcs")
                self.steps = html(elem_id="steps", js_on_load=ON_PICK)
                keep = html(elem_id="head-table")
            with gr.Column(scale=4, min_width=300, elem_id="other-head"):
                compared = [
                    html(elem_id="other-title"),
                    gr.Plot(show_label=False, elem_id="other-heatmap"),
                    html(elem_id="other-arcs"),
                ]
        views = set(DISPLAYS.values())
        links = {
            "layer": Link(self.places[0], number_of),
            "head": Link(self.places[1], number_of),
            "view": Link(self.display, lambda name: name if name in views else None),
        }
        drawn = gr.State(None)
        outputs = [self.overview, title, self.window, self.quadrant, figure, arcs, self.steps, keep, *compared, drawn]
        reruns = [place.change for place in (*self.places, self.display, self.query)]
        reruns += [each.input for each in (self.window, *choices)]
        compare, *fields = other
        reruns += [compare.input, fields[0].change, fields[1].change, fields[2].submit, fields[3].input]
        controls = [*self.places, self.window, self.display, *choices, self.query, *other, drawn]
        return Parts(body, controls, outputs, reruns, links=links)

    def _choices(self) -> list[Any]:
        """Layer, head, window, display and query; returns what is shown, special tokens, level and quadrant."""
        with gr.Row(elem_classes="controls"):
            layer = gr.Number(0, label="Layer (from 0)", precision=0, min_width=90, elem_id="layer")
            head = gr.Number(0, label="Head (from 0)", precision=0, min_width=90, elem_id="head")
            self.places = [layer, head]
            self.window = window_choice()
            shown = gr.Dropdown(list(SHOWN.items()), value="head", label="Show", min_width=170, elem_id="shown")
            special = gr.Dropdown(
                [("keep", "keep"), ("leave out", "leave out"), ("leave out and rescale rows", "rescale")],
                value=SPECIALS[0],
                label="Special tokens",
                min_width=140,
                elem_id="special",
            )
            level = gr.Dropdown(list(LEVELS), value=LEVELS[0], label="By", min_width=90, elem_id="by")
            self.quadrant = gr.Dropdown(
                list(QUADRANTS), value="all", label="Of the pair", min_width=90, visible=False, elem_id="quadrant"
            )
        with gr.Row(elem_classes="controls"):
            self.display = gr.Radio(
                list(DISPLAYS.items()), value="heatmap", label="View", min_width=220, elem_id="display"
            )
            self.query = gr.Number(1, label="Word that asks (from 0)", precision=0, min_width=120, elem_id="query")
        return [shown, special, level, self.quadrant]

    def _other(self) -> list[Any]:
        """Whether to compare, and with what; the style sheet shows the fields when it is ticked."""
        with gr.Row(elem_classes="controls", elem_id="compare-with"):
            self.compare = gr.Checkbox(False, label="Compare with", min_width=130, scale=0, elem_id="compare-heads")
            layer = gr.Number(0, label="layer", precision=0, min_width=80)
            head = gr.Number(1, label="head", precision=0, min_width=80)
            text = gr.Textbox("", label="text (empty: the same; Enter)", lines=1, min_width=160)
            model = gr.Dropdown(
                [("the same model", ""), *[(card.name, card.name) for card in CATALOGUE]],
                value="",
                label="model",
                allow_custom_value=True,
                min_width=130,
            )
        return [self.compare, layer, head, text, model]

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress
    ) -> list[Any]:
        """The panels. Raises ChoiceError for a head that is not there."""
        return panels(service, ask, Wanted.of(controls))

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """A click in the overview opens that head, one on a word lets it ask; the address of the page follows."""
        self.overview.pick(None, None, self.places, js="() => window.bertAttention.picked('layer', 'head')", **AT_ONCE)
        self.steps.pick(None, None, self.query, js="() => window.bertAttention.picked('query')", **AT_ONCE)
        marked = "(compare) => window.bertDemo.mark('compare', compare ? 'on' : '')"
        self.compare.change(None, self.compare, None, js=marked, api_visibility="private")
        gr.on(
            [place.change for place in (*self.places, self.display)],
            None,
            [*self.places, self.display],
            js="(layer, head, view) => window.bertDemo.address({layer, head, view})",
            api_visibility="private",
        )

        def make(request: FileRequest, progress: JobProgress, ask: Ask, *controls: Any) -> NamedFile:
            return attention_file(page.service(), ask, Wanted.of(controls), request)

        return [*self.files.wire(page, self.window), self.downloads.wire(make, [page.asked, *parts.controls])]

    def working(self, done: int, planned: int) -> str:
        """While the model loads."""
        return working("Looking \N{HORIZONTAL ELLIPSIS}")
