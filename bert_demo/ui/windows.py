"""The choice of a window of a long text."""

from __future__ import annotations

from typing import Any

import gradio as gr

from bert_demo.errors import ChoiceError


def window_choice() -> gr.Dropdown:
    """The first window; hidden until a text has more.

    It takes any number: gradio would refuse the window of the text before, which a browser may still send with the next
    question, and the lens would wait for ever.
    """
    return gr.Dropdown([0], value=0, label="Window", allow_custom_value=True, min_width=90, visible=False)


def window_of(value: Any, windows: int) -> int:
    """The chosen window, or the last one where the text has fewer. Raises ChoiceError for what is no number."""
    said = str(value if value is not None else 0).strip()
    if not (said.isascii() and said.isdigit()):
        raise ChoiceError(f"There is no window {said[:20]!r}: the windows of this text are 0 to {windows - 1}.")
    return min(int(said[:9]), windows - 1)
