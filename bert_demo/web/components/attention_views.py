"""What the lens Attention shows: the visitor's choices, and the panels made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import DemoError
from bert_demo.core.validation import checked_layer_or_head
from bert_demo.results import Attention, HeadSteps
from bert_demo.results.attention_views import LEVELS, QUADRANTS, SPECIALS, SUMMARIES, Choice, HeadView, difference, look
from bert_demo.views.figures.attention_head import head_figure
from bert_demo.views.markup import message
from bert_demo.views.panels import attention_head
from bert_demo.views.panels import attention_overview as overview
from bert_demo.views.panels.attention_arcs import arcs_panel
from bert_demo.views.panels.attention_steps import steps_panel
from bert_demo.web.components.window_choice import window_of
from bert_demo.web.tab import Ask

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

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
    result, wanted = attention_of(service, ask, wanted)
    choice, window = wanted.choice, result.window
    profiles = service.head_profiles(ask.text, ask.pair, ask.model, window, known=result)
    view = look(result, choice)
    drawing = drawing_of(ask, window)
    fresh = wanted.drawn != drawing
    return [
        overview.overview_panel(result, (choice.layer, choice.head), profiles) if fresh else gr.skip(),
        attention_head.title_panel(choice, view, result.model, wanted.display, profiles),
        gr.Dropdown(choices=list(range(result.windows)), value=window, visible=result.windows > 1),
        gr.Dropdown(list(QUADRANTS), value=choice.quadrant if view.shares else "all", visible=view.shares is not None),
        *_opened(service, ask, wanted, result, view),
        *_compared(service, ask, wanted, result, view),
        drawing,
    ]


def attention_of(service: BertService, ask: Ask, wanted: Wanted) -> tuple[Attention, Wanted]:
    """All heads of the chosen window, and what is wanted of them: the steps are of one head and all tokens, whatever
    else is chosen. Raises ChoiceError for a layer or head that is not there."""
    window = window_of(wanted.window, service.count_windows(ask.text, ask.pair, ask.model))
    choice = wanted.choice
    if wanted.display == "steps":
        wanted = replace(wanted, choice=Choice(choice.layer, choice.head, "head", "keep", "tokens", "all"))
    result = service.attention(ask.text, ask.pair, ask.model, window=window)
    check_head(result, choice.layer, choice.head)
    return result, wanted


def steps_of(service: BertService, ask: Ask, wanted: Wanted, result: Attention) -> HeadSteps:
    """The steps of the open head for the word that asks, or for the last one when there are fewer."""
    choice, query = wanted.choice, min(wanted.query, len(result.tokens) - 1)
    return service.attention_steps(
        ask.text, query, ask.pair, ask.model, choice.layer, choice.head, result.window, known=result
    )


def check_head(result: Attention, layer: int, head: int) -> None:
    """Raises ChoiceError for a layer or head that the model does not have."""
    checked_layer_or_head(layer, "layer", len(result.layers))
    checked_layer_or_head(head, "head", len(result.heads))


def _opened(service: BertService, ask: Ask, wanted: Wanted, result: Attention, view: HeadView) -> list[Any]:
    """Heatmap, arcs, steps, table: only what is displayed is made; the page hides the others."""
    keep = attention_head.strongest_panel(wanted.choice, view)
    if wanted.display == "heatmap":
        return [head_figure(view), "", "", keep]
    if wanted.display == "arcs":
        return [None, arcs_panel(view), "", keep]
    return [None, "", steps_panel(steps_of(service, ask, wanted, result)), ""]


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
    title = attention_head.compared_panel(names, (view, seen), difference(view, seen), choice, wanted.display)
    if wanted.display == "arcs":
        return [title, None, arcs_panel(seen)]
    return [title, head_figure(seen), ""]


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
