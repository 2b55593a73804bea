"""What is asked of an attribution: checked, and as the scalar function that is explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from bert_demo.attribution import METHODS
from bert_demo.core import validation
from bert_demo.core.errors import ChoiceError
from bert_demo.models.base import Model
from bert_demo.registry.attribution_methods import CARDS


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the attribution.

    target: index of the label, or id of the token behind a mask; steps: None for as many as `tolerance` needs; against:
    of the output "difference", the index whose logit is taken off; words: one of `validation.WORDS`.
    """

    target: int
    method: str
    baseline: str
    output: str
    tolerance: float
    steps: int | None
    max_steps: int
    against: int | None = None
    words: str = "spaces"


class Score:
    """The scalar that is explained, from a model's logits. activation: "softmax", "sigmoid" or "none"."""

    def __init__(self, question: Question, activation: str) -> None:
        self._target, self._against, self._output = question.target, question.against, question.output
        self._activation = activation

    def __call__(self, logits: torch.Tensor) -> torch.Tensor:
        """(batch, labels) -> (batch,)."""
        target = self._target
        if self._against is not None:
            return logits[:, target] - logits[:, self._against]
        if self._output == "probability" and self._activation != "none":
            return (logits.sigmoid() if self._activation == "sigmoid" else logits.softmax(-1))[:, target]
        if self._output == "margin":
            others = torch.cat((logits[:, :target], logits[:, target + 1 :]), 1)
            return logits[:, target] - others.max(1).values
        return logits[:, target]


def checked(
    model: Model,
    target: Any,
    method: Any,
    baseline: Any,
    output: Any,
    tolerance: Any,
    steps: Any,
    max_steps: int,
    words: Any = "spaces",
) -> Question:
    """The question, or a ChoiceError that says what may be asked. A target of None is left for the caller to set."""
    validation.checked_choice(method, "method", tuple(METHODS))
    validation.checked_choice(baseline, "baseline", validation.BASELINES)
    if baseline == "mask" and model.mask_token is None:
        raise ChoiceError("This model has no mask token. Choose the baseline pad or zero.")
    validation.checked_choice(output, "output", validation.OUTPUTS)
    if output == "margin" and len(model.labels) == 1:
        raise ChoiceError("This model has one label, so there is no margin over another. Choose logit.")
    if output == "probability" and model.activation == "none":
        raise ChoiceError("This model gives numbers, not probabilities. Choose logit, which is the number itself.")
    validation.checked_choice(words, "words", validation.WORDS)
    tolerance = validation.checked_tolerance(tolerance)
    if steps is not None and not CARDS[method].counts:
        raise ChoiceError(f"{CARDS[method].title} takes no steps. Leave them out.")
    if steps is not None:
        steps = validation.checked_whole(steps, "steps", 1, max_steps)
    index = validation.checked_target(target, model.labels)
    return Question(index or 0, method, baseline, output, tolerance, steps, max_steps, words=words)
