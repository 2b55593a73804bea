"""The lens Without heads: heads switched off, what each is worth, and how many can be spared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.errors import InputError
from bert_demo.plots import ablation as plots
from bert_demo.plots.attributions import progress_panel
from bert_demo.plots.markup import message, working
from bert_demo.ui.answering import Answering, answering
from bert_demo.ui.attributions import PREDICTED
from bert_demo.ui.bar import LAST
from bert_demo.ui.base import Ask, Hidden, Page, Parts, html
from bert_demo.ui.pruning import Pruning
from bert_demo.ui.running import Watch
from bert_demo.ui.targets import target_choice
from bert_demo.ui.worth import Worth

if TYPE_CHECKING:
    from bert_demo.service import BertService

MOST_SWITCHES = 4096
"""More heads than any model has."""

ON_LOAD = "window.bertDemoHeads.connect(element, () => trigger('pick', {}), watch);"


class AblationTab:
    """The untouched model beside one whose heads a visitor switches off."""

    name = "without"
    title = "Without heads"
    task: str | None = None
    hides = True
    """Words that are hidden in the lens Fill-mask are masks here as well."""

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
        self.worth = Worth(target)
        self.pruning = Pruning()
        return Parts(
            body,
            [self.off, self.explained, target],
            [self.grid, beside],
            [self.off.change, self.explained.change, target.input],
            targets=target,
        )

    def answer(
        self, service: BertService, ask: Ask, hidden: Hidden, controls: Sequence[Any], watch: Watch
    ) -> list[Any]:
        """The switches of this model, and its answers before and after."""
        asked, explained, target = controls
        who = answering(service, ask, hidden)
        layers, heads = shape(service, who.model)
        grid = plots.grid_panel(layers, heads)
        off = [(layer, head) for layer, head in asked if 0 <= layer < layers and 0 <= head < heads]
        there = set(off)
        missing = plots.left_out([head for head in asked if head not in there], who.model, layers, heads)
        if not off:
            return [grid, missing + plots.NOTHING_OFF]
        chosen = target if target in service.labels(who.model) else None
        explained = bool(explained) and who.classifies
        try:
            found = service.ablate(who.text, off, who.pair, who.model, explained, chosen, on_progress=watch)
        except InputError as error:
            return [grid, missing + message(str(error), "error")]
        return [grid, plots.ablation_panels(found, missing + _said(who, bool(controls[1])))]

    def wire(self, page: Page, parts: Parts) -> list[Any]:
        """A switch sends all that are off; below, the buttons of the other two pictures.

        Both choices are states that their own event alone writes, one at a time: an answer reads what is current when
        it begins, so that two quick changes cannot overtake one another.
        """
        self.box.input(bool, self.box, self.explained, **LAST)
        self.grid.pick(_off, self.chosen, self.off, js="(_) => [window.bertDemoHeads.chosen()]", **LAST)
        return [*self.worth.wire(page), *self.pruning.wire(page)]

    def working(self, done: int, planned: int) -> str:
        """Passes done of those planned so far."""
        return progress_panel(done, planned) if planned else working("Switching heads off \N{HORIZONTAL ELLIPSIS}")


def shape(service: BertService, model: str) -> tuple[int, int]:
    """Layers and heads of a model, from its reading of a single letter. Raises ModelError."""
    found = service.attention("a", model=model)
    return len(found.layers), len(found.heads)


def _said(who: Answering, explained: bool) -> str:
    said = who.said
    if explained and not who.classifies:
        said += message(f"{who.model} has no label to attribute; there are no attributions to compare.")
    return said


def _off(chosen: Any) -> tuple[tuple[int, int], ...]:
    """What the switches sent, as (layer, head) pairs; nothing where it is none."""
    pairs = chosen if isinstance(chosen, list) else []
    whole = [pair for pair in pairs if isinstance(pair, list) and len(pair) == 2 and all(type(n) is int for n in pair)]
    return tuple(dict.fromkeys((layer, head) for layer, head in whole[:MOST_SWITCHES]))
