"""The lens Without heads: heads switched off, what each is worth, and how many can be spared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import InputError
from bert_demo.core.scheduler import Cost
from bert_demo.views.markup import message, working
from bert_demo.views.panels import head_ablation as plots
from bert_demo.views.panels.attributions import progress_panel
from bert_demo.web.components.answering_model import Answering, answering
from bert_demo.web.components.head_effects import HeadEffectsView
from bert_demo.web.components.head_pruning import Pruning
from bert_demo.web.components.target_choice import PREDICTED, target_choice
from bert_demo.web.event_settings import LAST
from bert_demo.web.job_runner import JobProgress
from bert_demo.web.lens_groups import Group
from bert_demo.web.page_assets import beside
from bert_demo.web.tab import Ask, Hidden, Page, Parts, html

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

MOST_SWITCHES = 4096
"""More heads than any model has."""

ON_LOAD = "window.bertDemoHeads.connect(element, () => trigger('pick', {}), watch);"


class HeadAblationTab:
    """The untouched model beside one whose heads a visitor switches off."""

    name = "without"
    title = "Without heads"
    group = Group.EXPLAIN
    place = 100
    task: str | None = None
    cost = Cost.BATCH
    assets = beside(__file__)

    def build(self) -> Parts:
        """Switches and answers side by side; below them the worth of each head, and pruning."""
        with gr.Row(elem_classes="controls"):
            target = target_choice([PREDICTED], "off-target")
            self.box = gr.Checkbox(
                False, label="Attributions before and after, too (takes longer)", min_width=200, elem_id="off-explained"
            )
        with gr.Row(elem_classes="lens"):
            with gr.Column(scale=3, min_width=300):
                self.grid = html(elem_id="gates", js_on_load=ON_LOAD)
            with gr.Column(scale=4, min_width=300) as body:
                beside = html(elem_id="beside")
        self.off = gr.State(())
        self.explained = gr.State(False)
        self.chosen = gr.JSON(visible=False)
        self.effects = HeadEffectsView(target)
        self.pruning = Pruning()
        return Parts(
            body,
            [self.off, self.explained, target],
            [self.grid, beside],
            [self.off.change, self.explained.change, target.input],
            targets=target,
            hides=True,
            cost=cost_of,
            buttons=[self.effects.button],
        )

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], progress: JobProgress
    ) -> list[Any]:
        """The switches of this model, and its answers before and after."""
        asked, explained, target = controls
        who = answering(service, ask, hidden)
        info = service.model(who.model).info
        layers, heads = info.layers, info.heads
        grid = plots.grid_panel(layers, heads)
        off = [(layer, head) for layer, head in asked if 0 <= layer < layers and 0 <= head < heads]
        there = set(off)
        missing = plots.left_out([head for head in asked if head not in there], who.model, layers, heads)
        if not off:
            return [grid, missing + plots.NOTHING_OFF]
        chosen = target if target in service.labels(who.model) else None
        explained = bool(explained) and who.classifies
        try:
            found = service.ablate(who.text, off, who.pair, who.model, explained, chosen, on_progress=progress)
        except InputError as error:
            return [grid, missing + message(str(error), "error")]
        return [grid, plots.ablation_panels(found, missing + _answering_notice(who, bool(controls[1])), heads)]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """A switch sends all that are off; below, the buttons of the other two pictures.

        Both choices are states that their own event alone writes, one at a time: an answer reads what is current when
        it begins, so that two quick changes cannot overtake one another.
        """
        self.box.input(bool, self.box, self.explained, **LAST)
        self.grid.pick(heads_off, self.chosen, self.off, js="(_) => [window.bertDemoHeads.chosen()]", **LAST)
        return [*self.effects.wire(page), *self.pruning.wire(page)]

    def working(self, done: int, planned: int) -> str:
        """Passes done of those planned so far."""
        return progress_panel(done, planned) if planned else working("Switching heads off \N{HORIZONTAL ELLIPSIS}")


def cost_of(controls: Sequence[Any]) -> Cost:
    """What an answer costs: nothing is asked while all heads are on, and attributions twice take seconds."""
    off, explained, _ = controls
    return Cost.INTERACTIVE if not off else Cost.SLOW if explained else Cost.BATCH


def _answering_notice(who: Answering, explained: bool) -> str:
    notice = who.notice
    if explained and not who.classifies:
        notice += message(f"{who.model} has no label to attribute; there are no attributions to compare.")
    return notice


def heads_off(chosen: Any) -> tuple[tuple[int, int], ...]:
    """What the switches sent, as (layer, head) pairs; nothing where it is none."""
    pairs = chosen if isinstance(chosen, list) else []
    whole = [pair for pair in pairs if isinstance(pair, list) and len(pair) == 2 and all(type(n) is int for n in pair)]
    return tuple(dict.fromkeys((layer, head) for layer, head in whole[:MOST_SWITCHES]))
