"""The choice of a window of a long text."""

from __future__ import annotations

from typing import Any

import gradio as gr

from bert_demo.core.errors import ChoiceError


def window_choice() -> gr.Dropdown:
    """The first window; hidden until a text has more.

    It takes any number: gradio would refuse the window of the text before, which a browser may still send with the next
    question, and the lens would wait for ever.
    """
    return gr.Dropdown([0], value=0, label="Window", allow_custom_value=True, min_width=90, visible=False)


def window_of(value: Any, windows: int) -> int:
    """The chosen window, or the last one where the text has fewer. Raises ChoiceError for what is no number."""
    typed = str(value if value is not None else 0).strip()
    if not (typed.isascii() and typed.isdigit()):
        raise ChoiceError(f"There is no window {typed[:20]!r}: the windows of this text are 0 to {windows - 1}.")
    return min(int(typed[:9]), windows - 1)
