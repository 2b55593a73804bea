"""Attention heads. Layers and heads count from 0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bert_demo import results
from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.fields import Model, Pair, Request, argument
from bert_demo.core.scheduler import Cost

MOST_CHARACTERS = 4_000_000
"""Characters that one call of prune may read, in all its passes together: minutes of the bundled models."""


class AttentionSteps(Request):
    """A query of a head."""

    text: str = argument("the text to read.")
    query: int = argument("the position of the token that asks, from 0, special tokens counted.", ge=0)
    pair: Pair = None
    model: Model = "base"
    layer: int = argument("from 0.", 0, ge=0)
    head: int = argument("from 0.", 0, ge=0)


class HeadProfiles(Request):
    """A text."""

    text: str = argument("the text to read.")
    pair: Pair = None
    model: Model = "base"


class Ablate(Request):
    """A text, and heads to switch off."""

    text: str = argument("the text to read; with a [MASK] for a masked-language model.")
    heads: list[list[int]] = argument(
        "those to switch off, each as [layer, head], both from 0, such as [[3, 7], [2, 1]].", min_length=1
    )
    pair: Pair = None
    model: Model = "sentiment"
    attributions: bool = argument("whether to explain both answers too (Integrated Gradients).", False)
    target: str | None = argument("the label to explain; the predicted one when left out.", None)
    top_k: int = argument("how many candidates for each mask.", 5, ge=1)


class HeadEffects(Request):
    """A text, and the score that is watched."""

    text: str = argument("the text to read; with a [MASK] for a masked-language model.")
    pair: Pair = None
    model: Model = "sentiment"
    target: str | None = argument("a label, or the word behind the first mask; the most probable when left out.", None)
    output: str = argument("logit or probability.", "logit")


class Prune(Request):
    """Labelled texts."""

    rows: list[list[str]] = argument(
        'from 2 to 2000 pairs of a text and its label, such as [["A warm film.", "positive"], ...]. Of a model that '
        'judges each label by itself: its labels with ";" between, or "" for none. All passes together may read '
        "4,000,000 characters: by default 39 passes over 102,564 characters, a text counted as 20 at least. After 300 "
        "seconds it is ended.",
        min_length=2,
        max_length=2000,
    )
    model: Model = argument("a bundled name, a hub id, or a directory; a classifier.", "sentiment")
    points: int = argument("steps from no head off to all, from 2 to 100.", 10, ge=2, le=100)
    orders: int = argument("random orders to compare with, from 1 to 20.", 3, ge=1, le=20)


def _cost_of_ablation(arguments: Mapping[str, Any]) -> Cost:
    """Attributions before and after take as long as two of /attribute."""
    return Cost.SLOW if arguments.get("attributions") else Cost.BATCH


# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "attention_steps", AttentionSteps, Cost.INTERACTIVE, results.HeadSteps,
        description="Every number of softmax(q k^T / sqrt(d)) v for one query token of one head.",
        returns="tokens, q, keys, values, products (q times each key), scaled (over sqrt(d)), weights (their "
        "softmax), output (the weighted sum of the values), largest_error (the greatest distance from what "
        "the model itself had).",
        long=("keys", "values"),
    ),
    Endpoint(
        "head_profiles", HeadProfiles, Cost.INTERACTIVE, results.HeadProfiles,
        description="What each head does on a text: where its attention goes, how broad it is, how far it reaches.",
        returns="tokens, heads (each with layer, head, habit, shares of attention by where it goes, entropy in "
        "nats,\n"
        "distance in tokens).",
    ),
    Endpoint(
        "ablate", Ablate, Cost.BATCH, results.Ablation,
        description="What a model says with some heads switched off, beside the untouched model.",
        returns="heads, labels, fillings, attributions: each of the last three as before and after, or null where "
        "the model lacks the head for it.",
        cost_of=_cost_of_ablation,
        needs=("text-classification", "fill-mask"),
    ),
    Endpoint(
        "head_worth", HeadEffects, Cost.SLOW, results.HeadEffects,
        description="What each head is worth: the change of one score when that head alone is switched off.",
        returns="target, output, score (of the whole model), changes as [layer][head], again (the greatest of them "
        "by full passes of the model without that head), layer_passes (passes through single layers that "
        "it took), full_passes (as many through all layers would have been taken otherwise).",
        needs=("text-classification", "fill-mask"),
    ),
    Endpoint(
        "prune", Prune, Cost.EXCLUSIVE, results.PruneCurve,
        description="Accuracy over labelled texts while heads are switched off, the least important first "
        "(Michel et al. 2019).",
        returns="model, revision, rows (how many), measure (accuracy, or subset accuracy: all labels of a text "
        "right at 0.5), orders, points (heads_off, accuracy, random: the mean of the random orders), order "
        "(heads as [layer, head], the least important first), importance as [layer][head].",
        limits={"most_read": MOST_CHARACTERS},
        seconds=300,
        ended="texts read. Send fewer rows, or ask for fewer points and orders.",
        needs=("text-classification",),
    ),
)
# fmt: on
