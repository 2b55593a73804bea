"""Where a model computes: on the processor, or on a GPU that was seen to give the same numbers."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from bert_demo.backends.base import Encoding
from bert_demo.errors import ModelError

_log = logging.getLogger(__name__)
TOLERANCE = 1e-4
"""By how much a GPU's numbers may differ from the processor's."""
TEXT, PAIR = "A lamp burned all night in the old lighthouse.", "Nobody had lit it."
"""What both are asked."""
CPU = torch.device("cpu")


def numbers(tensor: torch.Tensor) -> np.ndarray:
    """A tensor of any device as an array."""
    return np.asarray(tensor.detach().cpu())


def chosen(wanted: str) -> torch.device:
    """The device that the setting means: "auto" is a GPU where torch sees one.

    Raises ModelError for "cuda" without one.
    """
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise ModelError("torch sees no GPU here. Set BERT_DEMO_DEVICE to auto or cpu.")
    return torch.device("cuda") if there and wanted != "cpu" else CPU


def at_home(device: torch.device, function: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """A function of tensors of the processor that computes on `device`; gradients pass through."""
    if device == CPU:
        return function
    return lambda inputs: function(inputs.to(device)).cpu()


class Movable(ABC):
    """What HubBackend does to compute elsewhere. Only for whoever loads it: nobody else may use it meanwhile."""

    device: torch.device = CPU
    info: Any
    mask_token: str | None
    _model: Any
    _memo: dict[str, Any]

    @abstractmethod
    def encode(self, text: str, pair: str | None = None) -> Encoding:
        """Tokenise."""

    def move(self, device: torch.device) -> None:
        """Compute there from now on, if it gives the processor's numbers to 1e-4; else stay on the processor."""
        if device == CPU:
            return
        name = self.info.name
        try:
            here = dict(self._asked())
            self._go(device)
            there = dict(self._asked())
            wrong = [kind for kind, known in here.items() if not np.abs(there[kind] - known).max() <= TOLERANCE]
            if not wrong:
                return
            _log.warning("the %s gives other numbers (%s); %s stays on the processor", device.type, wrong[0], name)
        except Exception as error:  # whatever a device cannot do, the processor may
            _log.warning("%s stays on the processor: %s", name, type(error).__name__)
        self._go(CPU)

    def _go(self, device: torch.device) -> None:
        self._model.to(device)
        self._memo.clear()  # what is kept there was made of the weights where they were
        self.device = device

    def _asked(self) -> Iterator[tuple[str, np.ndarray]]:
        """What a model says, by the lens that shows it."""
        model: Any = self
        pair = self.encode(TEXT, PAIR)
        yield "attention", model.attentions(pair, 0)
        yield "states", model.hidden_states(pair, 0)
        yield "trace", model.trace(pair, 0, model.layers - 1, 0).output
        tasks = self.info.tasks
        if "next-sentence" in tasks:
            yield "next sentence", model.next_sentence_logits(pair)
        if "text-classification" in tasks:
            yield "labels", model.label_logits(pair)
            embedded = model.embedded(pair, 0, "pad")
            inputs = embedded.inputs.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(embedded.logits_from(inputs).sum(), inputs)
            yield "gradient", numbers(gradient)
            whole, parts = model.without_each(pair, 0)
            yield "without heads", np.concatenate([whole[None], *(logits for _, _, logits in parts)])
        if "fill-mask" in tasks and self.mask_token is not None:
            masked = self.encode(f"A lamp burned all {self.mask_token} in the old lighthouse.")
            place = next(place for place, each in enumerate(masked.tokens) if each.text == self.mask_token)
            yield "mask", model.mask_probabilities(masked, 0, (place,))
            yield "mask logits", model.mask_logits(masked, 0, place)
