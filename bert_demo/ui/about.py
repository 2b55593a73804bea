"""The card of the chosen model, beside its name."""

from __future__ import annotations

from typing import Any

import gradio as gr

from bert_demo.catalogue import find


class About:
    """A panel under the model's name: what the model is, is not for, and how well it does. Filled when it is opened."""

    def __init__(self, model: str) -> None:
        with gr.Accordion(label(model), open=False, elem_id="about") as self.panel:
            self.text = gr.Markdown("", elem_id="card")

    def wire(self, model: gr.Dropdown) -> None:
        """Follow the chosen model."""
        model.change(
            lambda name, shown: (gr.Accordion(label=label(name)), card(name) if shown else ""),
            [model, self.text],
            [self.panel, self.text],
            **SOON,
        )
        self.panel.expand(card, model, self.text, **SOON)


SOON: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": None, "trigger_mode": "always_last"}


def label(model: str) -> str:
    """The panel's heading."""
    return f"About the model {str(model or '').strip()[:80]}"


def card(model: str) -> str:
    """The model's card as Markdown; for a model that is not bundled, what is known of it."""
    row = find(str(model or "").strip())
    if row is not None and (text := row.text()):
        return text
    if row is not None:
        labels = f" Its labels: {', '.join(row.labels)}." if row.labels else ""
        return (
            f"{row.description}{labels}\n\n"
            f"For: {', '.join(row.tasks)}. Language: {row.language}. Licence: {row.licence}. From the hub, where its "
            f"authors' card stands: `{row.source}`. Nothing was measured here. It is downloaded when somebody first "
            "asks it, which takes a while."
        )
    return (
        "This model is not bundled with the page, so nothing was measured here. Its authors' card stands where it "
        "comes from: on the hub, or in its directory."
    )
