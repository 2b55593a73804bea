"""Make computed values part of the page that is served, as if the components had been built with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gradio.blocks import Block


def paint(values: Iterable[tuple[Any, Any]]) -> None:
    """Set each component to its value; a value may be an update such as gr.Dropdown(choices=..., value=...)."""
    for component, value in values:
        if isinstance(value, Block):
            for name, given in value.constructor_args.items():
                setattr(component, name, [(str(c), c) for c in given] if name == "choices" else given)
                # gradio makes a visitor's own copy of the component from its constructor's arguments
                component._constructor_args[0][name] = given
            continue
        payload = component.postprocess(value)
        component.value = payload.model_dump() if hasattr(payload, "model_dump") else payload
