"""Where a model computes, and tensors on their way there and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from bert_demo.core.errors import BrokenModelError, ModelError

CPU = torch.device("cpu")


def numbers(tensor: torch.Tensor) -> np.ndarray:
    """A tensor of any device as an array."""
    return np.asarray(tensor.detach().cpu())


def finite(answer: np.ndarray) -> np.ndarray:
    """The same, if all are numbers. Raises BrokenModelError."""
    if not np.isfinite(answer).all():
        raise BrokenModelError(
            "This model gives no numbers for this text: its weights are too large for single precision. Choose another."
        )
    return answer


def chosen(wanted: str) -> torch.device:
    """The device that the setting means: "auto" is a GPU where torch sees one.

    Raises ModelError for "cuda" without one.
    """
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise ModelError("torch sees no GPU here. Set BERT_DEMO_DEVICE to auto or cpu.")
    return torch.device("cuda") if there and wanted != "cpu" else CPU


def on_device(device: torch.device, function: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """A function of tensors of the processor that computes on `device`; gradients pass through."""
    if device == CPU:
        return function
    return lambda inputs: function(inputs.to(device)).cpu()
