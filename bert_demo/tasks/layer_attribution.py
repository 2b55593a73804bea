"""Integrated Gradients at every layer: where in the model the decision is carried, and by which token."""

from __future__ import annotations

import numpy as np
import torch

from bert_demo.attribution import METHODS
from bert_demo.attribution.base import Problem, Refining
from bert_demo.core.errors import TextError
from bert_demo.models.base import Embedded, Model
from bert_demo.models.embedding import embed_layers
from bert_demo.results import LayerAttribution
from bert_demo.tasks.attribution import Ledger, OnProgress, scores_of
from bert_demo.tasks.attribution_request import Question, Score

PLAN = 30
"""Passes that a layer is thought to take."""


def by_layer(
    model: Model, question: Question, text: str, pair: str | None, on_progress: OnProgress
) -> LayerAttribution:
    """Explain the states before each layer and behind the last, from those of the baseline. Raises TextError."""
    encoding = model.encode(text, pair)
    if len(encoding.windows) > 1:
        raise TextError(f"Layers are explained for texts of up to {model.info.limit} tokens. Shorten the text.")
    run = _Run(question, Score(question, model.activation), on_progress, PLAN * (model.info.layers + 1))
    states = embed_layers(model, encoding, question.baseline)
    ends = run.ends(states[0])
    rows = [run.row(state, ends) for state in states]
    return LayerAttribution(
        model=model.info.name,
        revision=model.info.revision,
        target=model.labels[question.target],
        baseline=question.baseline,
        output=question.output,
        tokens=encoding.tokens,
        scores=np.stack([scores for scores, _ in rows]),
        input_output=float(ends[0]),
        baseline_output=float(ends[1]),
        tolerance=question.tolerance,
        converged=tuple(closed for _, closed in rows),
        forward_passes=run.passes,
    )


class _Run:
    """Counts the passes of all layers together."""

    def __init__(self, question: Question, score: Score, on_progress: OnProgress, planned: int) -> None:
        self._question, self._score, self._on_progress = question, score, on_progress
        self._planned = planned
        self.passes = 0

    def ends(self, state: Embedded) -> np.ndarray:
        """(2,): the scores of the text and of the baseline."""
        with torch.no_grad():
            found: np.ndarray = self._of(state, torch.cat((state.inputs, state.baseline))).double().numpy()
        return found

    def row(self, state: Embedded, ends: np.ndarray) -> tuple[np.ndarray, bool]:
        """(scores of the tokens, whether they add up) of one layer. ends: (2,), what `ends` gave."""
        difference, size = float(ends[0] - ends[1]), float(np.abs(ends).max())
        problem = Problem(lambda rows: self._of(state, rows), state.inputs, state.baseline)
        method = METHODS["integrated_gradients"]
        if not isinstance(method, Refining):
            raise TypeError("Integrated Gradients can be refined")
        scores, closed = np.empty(0), False
        for solution in method.refine(problem, self._question.max_steps):
            scores = scores_of(solution)
            ledger = Ledger(float(scores.sum()) - difference, abs(difference), float(np.abs(scores).sum()), size)
            closed = ledger.criterion(self._question.tolerance) != "none"
            if ledger.settled(solution.unsettled, self._question.tolerance):
                break
        return scores, closed

    def _of(self, state: Embedded, rows: torch.Tensor) -> torch.Tensor:
        self._on_progress(self.passes, max(self._planned, self.passes + len(rows)))
        self.passes += len(rows)
        return self._score(state.logits_from(rows))
