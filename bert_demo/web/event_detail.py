"""What a browser sends with an event: a row, a word, a candidate that was picked."""

from __future__ import annotations

from typing import Any

import gradio as gr


def detail(event: gr.EventData, name: str) -> Any:
    """The part of that name, or None: whatever was sent, of whatever kind."""
    try:
        return getattr(event, name)
    except (AttributeError, TypeError, KeyError):
        return None
