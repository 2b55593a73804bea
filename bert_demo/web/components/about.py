"""The card of the chosen model, beside its name."""

from __future__ import annotations

import re

import gradio as gr

from bert_demo.registry.models import find
from bert_demo.views.markup import markdown
from bert_demo.views.panels.glossary import legend_panel
from bert_demo.web.event_settings import LAST
from bert_demo.web.tab import html

WORDS = ("confidence interval", "expected calibration error", "F1", "MFT", "INV", "DIR", "SRL", "perplexity")
"""Hard words of the cards, which are Markdown."""


class About:
    """A panel under the model's name: what the model is, is not for, and how well it does. Filled when it is opened."""

    def __init__(self, model: str) -> None:
        with gr.Accordion(label(model), open=False, elem_id="about") as self.panel:
            html(legend_panel("Words of the card:", WORDS))
            self.text = html(elem_id="card")

    def wire(self, model: gr.Dropdown) -> None:
        """Follow the chosen model."""
        model.change(
            lambda name, shown: (gr.Accordion(label=label(name)), card_panel(name) if shown else ""),
            [model, self.text],
            [self.panel, self.text],
            **LAST,
        )
        self.panel.expand(card_panel, model, self.text, **LAST)


def label(model: str) -> str:
    """The panel's heading."""
    return f"About the model {str(model or '').strip()[:80]}"


def failures_first(text: str) -> str:
    """A card with its sections "Known failures" before the others."""
    first, *sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    failures = [section for section in sections if section.startswith("## Known failures")]
    others = [section for section in sections if section not in failures]
    return "".join(section if section.endswith("\n") else f"{section}\n\n" for section in (first, *failures, *others))


def card_panel(model: str) -> str:
    """The model's card as HTML: gradio's own component for Markdown would be a tenth of what a first visit loads."""
    return markdown(card(model))


def card(model: str) -> str:
    """The model's card as Markdown; for a model that is not bundled, what is known of it."""
    row = find(str(model or "").strip())
    if row is not None and (text := row.text()):
        return failures_first(text)
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
