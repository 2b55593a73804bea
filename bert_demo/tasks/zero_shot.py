"""Zero-shot classification (Yin et al. 2019): does "This is about LABEL." follow from the text?

As the pipeline of transformers 5.23.0, except where that is wrong: the label that says "contradiction" is found by its
name, not by its place, and a long text is read in windows, not cut.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bert_demo.core.errors import ChoiceError
from bert_demo.core.progress import OnProgress
from bert_demo.models.base import Model
from bert_demo.results.zero_shot import ZeroShot, ZeroShotLabel
from bert_demo.tasks.classification import label_logits
from bert_demo.tasks.probabilities import softmax


def entailing(model: Model, chosen: str | None) -> int:
    """The place of the label that says "it follows": the visitor's, else the one whose name begins so.

    Raises ChoiceError where none does.
    """
    if chosen:
        if chosen not in model.labels:
            raise ChoiceError(f"entailment must be one of this model's labels: {', '.join(model.labels)}.")
        return model.labels.index(chosen)
    found = _named(model, "entail")
    if found is None:
        raise ChoiceError(
            f"No label of {model.info.name} is called entailment. Say which of them means that the second text "
            f"follows from the first: {', '.join(model.labels)}. Or choose a model trained for inference."
        )
    return found


def opposed(model: Model, entailment: int) -> int:
    """The place of the label that it is held against: contradiction by its name, or the other one of two.

    Raises ChoiceError.
    """
    found = _named(model, "contradict")
    if found is None and len(model.labels) == 2:
        return 1 - entailment
    if found is None or found == entailment:
        raise ChoiceError(
            f"No label of {model.info.name} is called contradiction, so that each label cannot be judged by itself. "
            "Leave out several."
        )
    return found


def _named(model: Model, beginning: str) -> int | None:
    return next((place for place, name in enumerate(model.labels) if name.strip().lower().startswith(beginning)), None)


def zero_shot(
    model: Model,
    text: str,
    labels: Sequence[str],
    template: str,
    entailment: int,
    contradiction: int | None,
    watch: OnProgress,
) -> ZeroShot:
    """One pass for each label, a long text in windows whose logits are averaged. contradiction: of `several`."""
    rows, windows = [], 1
    for number, label in enumerate(labels, start=1):
        found = label_logits(model, model.encode(text, template.replace("{}", label))).astype(np.float64)
        windows = max(windows, len(found))
        rows.append(found.mean(0))
        watch(number, len(labels))
    logits = np.stack(rows)
    follows = logits[:, entailment]
    scores = softmax(follows) if contradiction is None else softmax(logits[:, [contradiction, entailment]])[:, 1]
    ranked = [
        ZeroShotLabel(labels[place], template.replace("{}", labels[place]), float(follows[place]), float(scores[place]))
        for place in np.argsort(-scores, kind="stable")
    ]
    names = model.labels
    return ZeroShot(
        model.info.name,
        model.info.revision,
        tuple(ranked),
        names[entailment],
        "" if contradiction is None else names[contradiction],
        template,
        contradiction is not None,
        windows,
    )
