"""How to train: the way, the model to begin from, and the choices that are folded away, each only where it fits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import gradio as gr

from bert_demo.core.errors import ChoiceError
from bert_demo.registry.training_ways import BY_NAME, POOLINGS, WAYS
from bert_demo.views.panels.training import ways_panel
from bert_demo.web.components.model_choices import model_choices
from bert_demo.web.event_settings import QUIET
from bert_demo.web.tab import html

_STEPS = frozenset({"epochs", "learning_rate", "batch_size", "early_stopping"})
_ALWAYS = frozenset({"length", "seed", "class_weights"})
FITS = {
    "frozen": _ALWAYS | {"layer", "pooling"},
    "lora": _ALWAYS | _STEPS | {"rank", "layer_decay"},
    "full": _ALWAYS | _STEPS | {"layer_decay"},
    "head": _ALWAYS | _STEPS,
    "pretrain": _STEPS | {"length", "seed", "layer_decay"},
}
"""The choices that each way can use."""
DEFAULTS: dict[str, Any] = {
    "epochs": 0,
    "learning_rate": 0,
    "batch_size": 32,
    "early_stopping": 0,
    "rank": 8,
    "layer_decay": 1,
    "layer": -1,
    "length": 128,
    "seed": 0,
    "pooling": "mean",
    "class_weights": False,
}
"""The folded choices in the order of their components."""
FIRST = "frozen"
"""The way that is chosen at first."""
LEAST_STEPS, MOST_EPOCHS = 100, 30
"""Of a way that learns in steps, where nobody says how many epochs: with few rows its own would hardly learn."""
_WHOLE = frozenset({"epochs", "batch_size", "length", "seed", "rank", "early_stopping", "layer"})
_POOLED = {title.removeprefix("the ").capitalize(): name for name, title in POOLINGS.items()}


class TrainingChoices:
    """controls: way, model to begin from, the folded choices in the order of DEFAULTS, a text without labels."""

    def __init__(self) -> None:
        with gr.Row(elem_classes="controls", elem_id="train-how"):
            self.way = gr.Radio(
                [(way.title, way.name) for way in WAYS],
                value=FIRST,
                label="How to train",
                elem_id="train-way",
                scale=3,
            )
            self.start = gr.Dropdown(
                model_choices(),
                value="base",
                label="Begin from the model",
                allow_custom_value=True,
                min_width=180,
                scale=1,
                elem_id="train-start",
            )
        html(ways_panel(), elem_id="train-ways")
        self._text = gr.Textbox(
            label="Text to read",
            info="A passage on each line. Empty: the texts of the rows above, without their labels.",
            lines=4,
            max_lines=9,
            visible=False,
            elem_id="train-text",
        )
        with gr.Accordion("More choices", open=False, elem_id="train-more"), gr.Row(elem_classes="controls"):
            self._folded = _folded()
        self.controls = [self.way, self.start, *self._folded.values(), self._text]
        for name, component in self._folded.items():
            component.visible = name in FITS[FIRST]

    def wire(self) -> None:
        """Only what the way can use is on offer."""
        places = [self._text, *self._folded.values()]

        def fit(way: Any) -> list[Any]:
            text = way in BY_NAME and BY_NAME[way].text
            return [gr.update(visible=text), *(gr.update(visible=name in FITS.get(way, ())) for name in DEFAULTS)]

        self.way.change(fit, self.way, places, **QUIET)


def recipe_of(values: Sequence[Any], rows: int) -> dict[str, Any]:
    """Arguments of the service's call, by name, of what the controls hold: those that the way can use.

    rows: how many there are; with few of them more epochs than the way's own make LEAST_STEPS. Raises ChoiceError.
    """
    way, start, *folded = values
    if way not in FITS:
        raise ChoiceError(f"Choose one of the ways: {', '.join(each.title for each in WAYS)}.")
    given = {name: _number(name, value) for name, value in zip(DEFAULTS, folded, strict=True) if name in FITS[way]}
    if given.get("epochs") == 0 and given["batch_size"] > 0:
        own, steps = BY_NAME[way].epochs, math.ceil(rows / given["batch_size"])
        given["epochs"] = max(own, min(MOST_EPOCHS, math.ceil(LEAST_STEPS / max(1, steps))))
    return {"way": way, "start": start, **given}


NUMBERS = {
    "epochs": ("Epochs", "How often all rows are read. 0: the way's own, or as many as make 100 steps."),
    "learning_rate": ("Learning rate", "How far a step goes. 0: the way's own."),
    "batch_size": ("Rows in a batch", "Read together before each step."),
    "early_stopping": ("Patience", "Ends after so many epochs without a better one. 0: never."),
    "rank": ("Rank", "Of LoRA's small tables: more can learn more."),
    "layer_decay": ("Decay by layer", "Rate of a layer over that of the next: below 1 spares early ones."),
    "layer": ("Layer", "Whose states are read, from 0. -1: the last."),
    "length": ("Most tokens", "Of a text; the rest is cut, and counted below."),
    "seed": ("Seed", "Of all chance: parts, order, fresh weights. Try 0, 1 and 2."),
}
"""Label and explanation of each choice that is a number."""


def _folded() -> dict[str, Any]:
    """The components by the name of their argument, in the order of DEFAULTS."""
    made = {
        name: gr.Number(DEFAULTS[name], label=label, info=info, min_width=150)
        for name, (label, info) in NUMBERS.items()
    }
    said = "What stands for the whole text."
    pooling = gr.Dropdown(list(_POOLED.items()), value="mean", label="Of each text", info=said, min_width=150)
    weights = gr.Checkbox(False, label="Class weights", info="Rare labels count for more.", min_width=150)
    return {**made, "pooling": pooling, "class_weights": weights}


def _number(name: str, value: Any) -> Any:
    """As the service takes it: a whole number where one is meant."""
    if name not in _WHOLE:
        return value
    if not isinstance(value, (int, float)) or not math.isfinite(value) or value != int(value):
        raise ChoiceError(f"{name.replace('_', ' ').capitalize()} must be a whole number.")
    return int(value)
