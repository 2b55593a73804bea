"""The dropdowns that name a model's labels, filled anew when another model answers.

No lens has them among its outputs: a dropdown that gets its choices again is empty for a moment, and whoever chose
something else in that moment would lose their target. They take any text: gradio would refuse the label of the model
before, which a browser may still send with the next question, and the lens would wait for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import DemoError
from bert_demo.web.event_settings import LAST, QUIET
from bert_demo.web.tab import Ask

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService


PREDICTED, EVERY = "the predicted label", "every label"
"""Choices that do not depend on the model; the first is what every lens begins with."""


def target_choice(first: Sequence[str], elem_id: str | None = None) -> gr.Dropdown:
    """The dropdown that names a lens's target, before the labels of a model are known."""
    return gr.Dropdown(
        list(first), value=first[0], label="Target", allow_custom_value=True, min_width=140, elem_id=elem_id
    )


class Targets:
    """dropdowns: of all lenses, built with the choices that do not depend on the model, the first of them chosen."""

    def __init__(self, dropdowns: Sequence[gr.Dropdown]) -> None:
        self._dropdowns = list(dropdowns)
        self._first = [[value for _, value in each.choices] for each in dropdowns]
        self.offered = gr.State(())

    def wire(self, renewed: Any, asked: gr.JSON, service: Callable[[], BertService]) -> None:
        """Follow the model of every new question to a lens that has a target; what was chosen stays while the labels
        stay. renewed: the listener of such a question."""
        nothing = [gr.skip()] * (len(self._dropdowns) + 1)

        def follow(ask: Ask, offered: Sequence[str], *chosen: str) -> list[Any]:
            try:
                labels = labels_of(service(), ask)
            except DemoError:
                return nothing
            return nothing if labels == tuple(offered) else [value for _, value in self.values(labels, chosen)]

        renewed(follow, [asked, self.offered, *self._dropdowns], [self.offered, *self._dropdowns], **QUIET)
        for dropdown, first in zip(self._dropdowns, self._first, strict=True):
            dropdown.input(check_of(first), [self.offered, dropdown], dropdown, **LAST)

    def values(self, labels: tuple[str, ...], chosen: Sequence[str] = ()) -> list[tuple[Any, Any]]:
        """(component, new value) of what is offered and of each dropdown. A choice that is always there stays."""
        updates = [
            gr.Dropdown(choices=[*first, *labels], value=name if name in first else first[0], render=False)
            for first, name in zip(self._first, chosen or [""] * len(self._first), strict=True)
        ]
        return [(self.offered, labels), *zip(self._dropdowns, updates, strict=True)]


def check_of(first: Sequence[str]) -> Callable[[Sequence[str], str], Any]:
    """Handler of what a visitor chose: (labels on offer, choice) gives the choice back to `first` if it is none."""

    def check(offered: Sequence[str], chosen: str) -> Any:
        if chosen in first or chosen in offered:
            return gr.skip()
        gr.Warning(f"There is no label {str(chosen)[:40]!r} here: choose one of the list.")
        return first[0]

    return check


def labels_of(service: BertService, ask: Ask) -> tuple[str, ...]:
    """The labels of the model that classifies what was asked. Raises DemoError for a model that cannot be loaded."""
    return service.labels(service.choose("text-classification", ask.model, ask.text))
