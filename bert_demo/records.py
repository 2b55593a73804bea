"""Results as JSON: plain dictionaries, lists, strings and numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bert_demo.results import Attention, Attribution, Comparison, LayerAttribution, Token, WhatIf


def attention_record(result: Attention) -> dict[str, Any]:
    """An attention result as JSON."""
    return {
        "model": result.model,
        "revision": result.revision,
        "tokens": tokens_record(result.tokens),
        "layers": list(result.layers),
        "heads": list(result.heads),
        "weights": result.weights.tolist(),
    }


def attribution_record(result: Attribution) -> dict[str, Any]:
    """An attribution result as JSON; relative_delta is null when there is no difference to relate to."""
    return {
        "model": result.model,
        "revision": result.revision,
        "method": result.method,
        "target": result.target,
        "baseline": result.baseline,
        "output": result.output,
        "tokens": tokens_record(result.tokens),
        "words": [{"word": word.text, "tokens": list(word.positions), "score": word.score} for word in result.words],
        "scores": result.scores.tolist(),
        "input_output": result.input_output,
        "baseline_output": result.baseline_output,
        "delta": result.delta,
        "relative_delta": result.relative_delta if result.relative_delta != float("inf") else None,
        "tolerance": result.tolerance,
        "steps": result.steps,
        "forward_passes": result.forward_passes,
        "windows": result.windows,
        "signed": result.signed,
        "additive": result.additive,
        "converged": result.converged,
        "criterion": result.criterion,
    }


def comparison_record(result: Comparison) -> dict[str, Any]:
    """A comparison as JSON; agreement is null where a method's scores are all alike."""
    return {
        "model": result.model,
        "revision": result.revision,
        "target": result.target,
        "words": [word.text for word in result.trials[0].attribution.words],
        "methods": [
            {
                "method": trial.attribution.method,
                "scores": [word.score for word in trial.attribution.words],
                "signed": trial.attribution.signed,
                "additive": trial.attribution.additive,
                "delta": trial.attribution.delta if trial.attribution.additive else None,
                "forward_passes": trial.attribution.forward_passes,
                "seconds": trial.seconds,
                "curve": trial.curve.tolist(),
                "area": trial.area,
                "comprehensiveness": trial.comprehensiveness,
                "sufficiency": trial.sufficiency,
            }
            for trial in result.trials
        ],
        "random": {
            "orders": result.orders,
            "mean": result.random_mean.tolist(),
            "low": result.random_low.tolist(),
            "high": result.random_high.tolist(),
        },
        "agreement": [[None if math.isnan(cell) else cell for cell in row] for row in result.agreement.tolist()],
        "forward_passes": result.forward_passes,
    }


def tokens_record(tokens: Sequence[Token]) -> list[dict[str, Any]]:
    """Tokens as JSON."""
    return [
        {
            "token": token.text,
            "id": token.id,
            "start": token.start,
            "end": token.end,
            "segment": token.segment,
            "special": token.special,
            "unknown": token.unknown,
        }
        for token in tokens
    ]


def what_if_record(result: WhatIf) -> dict[str, Any]:
    """A changed word as JSON."""
    return {
        "model": result.model,
        "revision": result.revision,
        "target": result.target,
        "output": result.output,
        "word": result.word,
        "change": result.change,
        "text": result.text,
        "before": result.before,
        "after": result.after,
        "before_label": result.before_label,
        "after_label": result.after_label,
    }


def layers_record(result: LayerAttribution) -> dict[str, Any]:
    """Integrated Gradients by layer as JSON."""
    return {
        "model": result.model,
        "revision": result.revision,
        "method": "integrated_gradients",
        "target": result.target,
        "baseline": result.baseline,
        "output": result.output,
        "tokens": tokens_record(result.tokens),
        "scores": result.scores.tolist(),
        "input_output": result.input_output,
        "baseline_output": result.baseline_output,
        "deltas": result.deltas.tolist(),
        "tolerance": result.tolerance,
        "forward_passes": result.forward_passes,
        "converged": list(result.converged),
    }
