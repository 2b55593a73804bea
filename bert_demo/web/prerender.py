"""Make computed values part of the page that is served, as if the components had been built with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bert_demo.web.gradio_patches.components import build_with, is_update


def prerender(values: Iterable[tuple[Any, Any]]) -> None:
    """Set each component to its value; a value may be an update such as gr.Dropdown(choices=..., value=...)."""
    for component, value in values:
        if is_update(value):
            for name, given in value.constructor_args.items():
                setattr(component, name, [(str(c), c) for c in given] if name == "choices" else given)
                build_with(component, name, given)
            continue
        payload = component.postprocess(value)
        component.value = payload.model_dump() if hasattr(payload, "model_dump") else payload
