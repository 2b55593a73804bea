"""What the lenses answer that look at single heads, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bert_demo.records import attribution_record, tokens_record
from bert_demo.results import HABITS

if TYPE_CHECKING:
    from bert_demo.results import (
        Ablation,
        Classification,
        FillMask,
        HeadProfiles,
        HeadSteps,
        HeadWorth,
        PruneCurve,
    )


def steps_record(result: HeadSteps) -> dict[str, Any]:
    """softmax(q k^T / sqrt(d)) v of one query as JSON."""
    arrays = {
        name: getattr(result, name).tolist()
        for name in ("q", "keys", "values", "products", "scaled", "weights", "output")
    }
    return {
        "model": result.model,
        "revision": result.revision,
        "tokens": tokens_record(result.tokens),
        "layer": result.layer,
        "head": result.head,
        "query": result.query,
        **arrays,
        "largest_error": result.largest_error,
    }


def profiles_record(result: HeadProfiles) -> dict[str, Any]:
    """What each head does, as JSON: one row a head."""
    layers, heads = result.entropy.shape
    return {
        "model": result.model,
        "revision": result.revision,
        "tokens": tokens_record(result.tokens),
        "heads": [
            {
                "layer": layer,
                "head": head,
                "habit": result.habit(layer, head),
                "shares": dict(zip(HABITS, result.shares[layer, head].tolist(), strict=True)),
                "entropy": float(result.entropy[layer, head]),
                "distance": float(result.distance[layer, head]),
            }
            for layer in range(layers)
            for head in range(heads)
        ],
    }


def ablation_record(result: Ablation) -> dict[str, Any]:
    """A model without some heads beside the untouched one, as JSON; a part that the model lacks is null."""
    return {
        "model": result.model,
        "revision": result.revision,
        "heads": [list(head) for head in result.heads],
        "labels": _both(result.labels, _labels),
        "fillings": _both(result.fillings, _fillings),
        "attributions": _both(result.attributions, attribution_record),
    }


def worth_record(result: HeadWorth) -> dict[str, Any]:
    """What each head is worth, as JSON; changes as [layer][head]."""
    return {
        "model": result.model,
        "revision": result.revision,
        "target": result.target,
        "output": result.output,
        "score": result.score,
        "changes": result.changes.tolist(),
        "again": result.again,
        "layer_passes": result.layer_passes,
        "full_passes": result.full_passes,
    }


def prune_record(result: PruneCurve) -> dict[str, Any]:
    """The curve of pruning as JSON; the order from the least important head on."""
    return {
        "model": result.model,
        "revision": result.revision,
        "rows": result.rows,
        "measure": result.measure,
        "orders": result.orders,
        "points": [
            {"heads_off": count, "accuracy": accuracy, "random": random}
            for count, accuracy, random in zip(
                result.counts, result.accuracy.tolist(), result.random.tolist(), strict=True
            )
        ],
        "order": [list(head) for head in result.order],
        "importance": result.importance.tolist(),
    }


def _both(pair: Any, record: Any) -> dict[str, Any] | None:
    return None if pair is None else {"before": record(pair[0]), "after": record(pair[1])}


def _labels(result: Classification) -> list[dict[str, Any]]:
    return [{"label": each.label, "score": each.score} for each in result.labels]


def _fillings(result: FillMask) -> list[list[dict[str, Any]]]:
    return [
        [
            {"token_str": each.token_str, "token": each.token, "score": each.score, "sequence": each.sequence}
            for each in slot.candidates
        ]
        for slot in result.slots
    ]
