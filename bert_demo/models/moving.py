"""To another device, if it gives the numbers that the processor gives."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
import torch

from bert_demo.core.errors import MissingHeadError
from bert_demo.models.base import Model
from bert_demo.models.device import CPU, numbers
from bert_demo.models.embedding import embed
from bert_demo.models.surgery.attention_steps import trace_head
from bert_demo.models.surgery.each_head_off import each_head_off

_log = logging.getLogger(__name__)
TOLERANCE = 1e-4
"""By how much a GPU's numbers may differ from the processor's."""
TEXT, PAIR = "A lamp burned all night in the old lighthouse.", "Nobody had lit it."
"""What both are asked."""


def move(model: Model, device: torch.device) -> None:
    """Compute there from now on, if it gives the processor's numbers to 1e-4; else stay on the processor.

    Only for whoever loads the model: nobody else may use it meanwhile.
    """
    if device == CPU:
        return
    name = model.info.name
    try:
        here = dict(_answers(model))
        model.encoder.move(device)
        there = dict(_answers(model))
        wrong = [kind for kind, known in here.items() if not np.abs(there[kind] - known).max() <= TOLERANCE]
        if not wrong:
            return
        _log.warning("the %s gives other numbers (%s); %s stays on the processor", device.type, wrong[0], name)
    except Exception as error:  # whatever a device cannot do, the processor may
        _log.warning("%s stays on the processor: %s", name, type(error).__name__)
    model.encoder.move(CPU)


def _answers(model: Model) -> Iterator[tuple[str, np.ndarray]]:
    """What a model answers, by the lens that shows it; what it cannot do on the processor either is left out."""
    pair = model.encode(TEXT, PAIR)
    lacking = model.capabilities.lacking
    yield "states", model.encoder.hidden_states(pair, 0)
    if "attention" not in lacking:
        yield "attention", model.encoder.attentions(pair, 0)
    if "steps" not in lacking:
        yield "trace", trace_head(model, pair, 0, model.info.layers - 1, 0).output
    if "next-sentence" in model.heads:
        yield "next sentence", model.heads["next-sentence"].logits(pair)
    if "text-classification" in model.heads:
        yield "labels", model.heads["text-classification"].logits(pair)
        try:
            embedded = embed(model, pair, 0, "pad")
            inputs = embedded.inputs.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(embedded.logits_from(inputs).sum(), inputs)
            yield "gradient", numbers(gradient)
            whole, parts = each_head_off(model, pair, 0)
            yield "without heads", np.concatenate([whole[None], *(logits for _, _, logits in parts)])
        except MissingHeadError:
            pass
    if "fill-mask" in model.heads and model.mask_token is not None:
        masked = model.encode(f"A lamp burned all {model.mask_token} in the old lighthouse.")
        place = next(place for place, each in enumerate(masked.tokens) if each.text == model.mask_token)
        yield "mask", model.heads["fill-mask"].logits(masked, 0, (place,))
