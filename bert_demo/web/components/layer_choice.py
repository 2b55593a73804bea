"""The choice of a state of the model: what goes into layer 0, what comes out of each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from bert_demo.core.errors import ChoiceError

if TYPE_CHECKING:
    from bert_demo.service.bert_service import BertService

LAST = "last"
OFFERED = 12
"""States on offer; of a larger model others may be typed."""


def state_choice(elem_id: str) -> gr.Dropdown:
    """The last state, or one by its number."""
    return gr.Dropdown(
        [LAST, *map(str, range(OFFERED + 1))],
        value=LAST,
        label="State (0: before layer 0, 1: after it)",
        allow_custom_value=True,
        min_width=150,
        scale=1,
        elem_id=elem_id,
    )


def state_of(service: BertService, model: str, value: Any) -> int | None:
    """The chosen state; None for the last. Raises ChoiceError for one that the model lacks."""
    typed = str(value if value is not None else "").strip().lower()
    if typed in ("", LAST):
        return None
    last = service.model(model).info.layers
    if not (typed.isascii() and typed.isdigit()) or int(typed[:9]) > last:
        raise ChoiceError(f"There is no state {typed[:20]!r}: {model} has states 0 (before layer 0) to {last}.")
    return int(typed)
