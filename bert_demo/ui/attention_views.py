"""What the lens Attention shows: the visitor's choices, and the panels made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.errors import DemoError
from bert_demo.plots import attention as overview
from bert_demo.plots import one_head
from bert_demo.plots.arcs import arcs_panel
from bert_demo.plots.markup import message
from bert_demo.plots.steps import steps_panel
from bert_demo.results import Attention
from bert_demo.results.views import LEVELS, QUADRANTS, SPECIALS, SUMMARIES, Choice, HeadView, difference, look
from bert_demo.ui.base import Ask
from bert_demo.ui.windows import window_of
from bert_demo.validation import checked_layer_or_head

if TYPE_CHECKING:
    from bert_demo.service import BertService

DISPLAYS = {"Heatmap": "heatmap", "Arcs": "arcs", "Steps": "steps"}
"""Views of what is open, as they are called and as they stand in a link."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is compared: another head, text or model; empty text and model mean the same ones."""

    layer: int
    head: int
    text: str
    model: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that a visitor has chosen in this lens, from the values of its controls.

    query: the word that asks in the steps; drawn: the overview that the visitor has (see `drawing_of`).
    """

    choice: Choice
    window: Any
    display: str
    query: int
    beside: Beside | None
    drawn: Any

    @classmethod
    def of(cls, controls: Sequence[Any]) -> Wanted:
        """From layer, head, window, display, shown, special, level, quadrant, query, compare, its four, drawn."""
        layer, head, window, display, shown, special, level, quadrant, query, compare, *other, drawn = controls
        choice = Choice(
            whole(layer),
            whole(head),
            shown if shown in SUMMARIES else "head",
            special if special in SPECIALS else "keep",
            level if level in LEVELS else "tokens",
            quadrant if quadrant in QUADRANTS else "all",
        )
        beside = None
        if compare:
            beside = Beside(whole(other[0]), whole(other[1]), str(other[2] or "").strip(), str(other[3] or "").strip())
        display = display if display in DISPLAYS.values() else "heatmap"
        return cls(choice, window, display, max(0, whole(query)), beside, drawn)


def whole(value: Any) -> int:
    """A number field's value; an empty one counts as 0."""
    return int(value or 0)


def drawing_of(ask: Ask, window: int) -> tuple[Any, ...]:
    """What an overview was drawn of, so that it is not sent again when only the open head changes."""
    return (ask.text, ask.pair, ask.model, ask.turn, window)


def panels(service: BertService, ask: Ask, wanted: Wanted) -> list[Any]:
    """Overview, title, window, quadrant, heatmap, arcs, steps, table, and title, heatmap, arcs of what is compared;
    then what the overview is drawn of.

    The model reads the text once, however large the result; the steps of a head take one more pass to look into it.
    Raises ChoiceError for a layer or head that is not there.
    """
    window = window_of(wanted.window, service.count_windows(ask.text, ask.pair, ask.model))
    choice = wanted.choice
    if wanted.display == "steps":  # the steps are of one head and all tokens, whatever else is chosen
        choice = Choice(choice.layer, choice.head, "head", "keep", "tokens", "all")
        wanted = replace(wanted, choice=choice)
    result = service.attention(ask.text, ask.pair, ask.model, window=window)
    check_head(result, choice.layer, choice.head)
    profiles = service.head_profiles(ask.text, ask.pair, ask.model, window, known=result)
    view = look(result, choice)
    drawing = drawing_of(ask, window)
    fresh = wanted.drawn != drawing
    return [
        overview.overview_panel(result, (choice.layer, choice.head), profiles) if fresh else gr.skip(),
        one_head.title_panel(choice, view, result.model, wanted.display, profiles),
        gr.Dropdown(choices=list(range(result.windows)), value=window, visible=result.windows > 1),
        gr.Dropdown(list(QUADRANTS), value=choice.quadrant if view.shares else "all", visible=view.shares is not None),
        *_opened(service, ask, wanted, result, view),
        *_compared(service, ask, wanted, result, view),
        drawing,
    ]


def check_head(result: Attention, layer: int, head: int) -> None:
    """Raises ChoiceError for a layer or head that the model does not have."""
    checked_layer_or_head(layer, "layer", len(result.layers))
    checked_layer_or_head(head, "head", len(result.heads))


def _opened(service: BertService, ask: Ask, wanted: Wanted, result: Attention, view: HeadView) -> list[Any]:
    """Heatmap, arcs, steps, table: only what is displayed is made; the page hides the others."""
    keep = one_head.strongest_panel(wanted.choice, view)
    if wanted.display == "heatmap":
        return [one_head.head_figure(view), "", "", keep]
    if wanted.display == "arcs":
        return [None, arcs_panel(view), "", keep]
    choice, query = wanted.choice, min(wanted.query, len(result.tokens) - 1)
    steps = service.attention_steps(
        ask.text, query, ask.pair, ask.model, choice.layer, choice.head, result.window, known=result
    )
    return [None, "", steps_panel(steps), ""]


def _compared(service: BertService, ask: Ask, wanted: Wanted, result: Attention, view: HeadView) -> list[Any]:
    """Title, heatmap and arcs of the other head, text or model; steps are compared as a heatmap.

    The other text's window is its first; it has no second text unless it is the same.
    """
    beside = wanted.beside
    if beside is None:
        return ["", None, ""]
    try:
        return _beside(service, ask, wanted, result, view, beside)
    except DemoError as error:  # what is open stays
        return [message(str(error), "error"), None, ""]


def _beside(
    service: BertService, ask: Ask, wanted: Wanted, result: Attention, view: HeadView, beside: Beside
) -> list[Any]:
    same = not beside.text
    text, pair, model = beside.text or ask.text, ask.pair if same else None, beside.model or ask.model
    other = result
    if (text, pair, model) != (ask.text, ask.pair, ask.model):
        window = min(result.window if same else 0, service.count_windows(text, pair, model) - 1)
        other = service.attention(text, pair, model, window=window)
    check_head(other, beside.layer, beside.head)
    choice = replace(wanted.choice, layer=beside.layer, head=beside.head)
    seen = look(other, choice)
    names = (_named(wanted.choice, result, "this text"), _named(choice, other, "this text" if same else _brief(text)))
    title = one_head.compared_panel(names, (view, seen), difference(view, seen), choice)
    if wanted.display == "arcs":
        return [title, None, arcs_panel(seen)]
    return [title, one_head.head_figure(seen), ""]


def _named(choice: Choice, result: Attention, text: str) -> str:
    names = {
        "head": f"head {choice.layer}-{choice.head}",
        "layer": f"mean of layer {choice.layer}",
        "across": f"mean of head {choice.head}",
        "all": "mean of all heads",
        "rollout": "rollout",
    }
    return f"{names[choice.shown]} of {result.model} on {text}"


def _brief(text: str) -> str:
    shown = text if len(text) <= 40 else f"{text[:39]}\N{HORIZONTAL ELLIPSIS}"
    return f"\N{LEFT DOUBLE QUOTATION MARK}{shown}\N{RIGHT DOUBLE QUOTATION MARK}"
