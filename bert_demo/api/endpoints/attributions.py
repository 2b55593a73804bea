"""Why a model decides as it does."""

from __future__ import annotations

from bert_demo import results
from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.fields import Baseline, Model, Pair, Request, Words, argument
from bert_demo.core.scheduler import Cost

EXPLAINED = "the label to explain; the predicted one when left out."
SCALE = "logit, probability or margin."
STEPS = "a fixed number of integration steps (or samples, or orders) instead."

METHODS_SAID = (
    "integrated_gradients, saliency, input_x_gradient, gradient_shap, occlusion, lime, shapley_value_sampling, "
    "attention_rollout, attention_last_layer or random."
)


class Attribute(Request):
    """A decision, and how it is to be explained."""

    text: str = argument("the text to explain.")
    pair: Pair = None
    model: Model = "sentiment"
    target: str | None = argument(EXPLAINED, None)
    method: str = argument(METHODS_SAID, "integrated_gradients")
    baseline: Baseline = "pad"
    output: str = argument("logit, probability, or margin (the target's logit less the greatest other).", "logit")
    tolerance: float = argument("how closely the ledger must close.", 0.01, gt=0, lt=1)
    steps: int | None = argument(STEPS, None, ge=1)
    words: Words = "spaces"


class AttributeMask(Request):
    """A filling, and how it is to be explained."""

    text: str = argument("a text with one or more [MASK].")
    candidate: str = argument("the word to explain, one token of the model.")
    against: str | None = argument("another candidate; then the difference of both logits is explained.", None)
    mask: int = argument("which mask, from 0.", 0, ge=0)
    model: Model = "base"
    method: str = argument("any of those of attribute.", "integrated_gradients")
    baseline: Baseline = "pad"
    output: str = argument("logit, probability, or margin (the candidate's logit less the greatest other).", "logit")
    tolerance: float = argument("how closely the ledger must close.", 0.01, gt=0, lt=1)
    steps: int | None = argument(STEPS, None, ge=1)
    words: Words = "spaces"


class AttributeLayers(Request):
    """A decision."""

    text: str = argument("the text to explain.")
    pair: Pair = None
    model: Model = "sentiment"
    target: str | None = argument(EXPLAINED, None)
    baseline: Baseline = "pad"
    output: str = argument(SCALE, "logit")
    tolerance: float = argument("how closely each layer's ledger must close.", 0.01, gt=0, lt=1)


class Compare(Request):
    """A decision."""

    text: str = argument("the text to explain, of up to 120 words.")
    pair: Pair = None
    model: Model = "sentiment"
    target: str | None = argument(EXPLAINED, None)
    baseline: Baseline = "pad"
    output: str = argument(SCALE, "logit")
    words: Words = "spaces"


class WhatIf(Request):
    """A word, and what is to become of it."""

    text: str = argument("the text to change.")
    word: int = argument("the number of the word, from 0, counted through both texts.", ge=0)
    change: str = argument("mask, delete or replace.", "mask")
    replacement: str = argument("the word to put in its place.", "", max_length=200)
    pair: Pair = None
    model: Model = "sentiment"
    target: str | None = argument("the label to score; the predicted one when left out.", None)
    output: str = argument(SCALE, "logit")
    words: Words = "spaces"


# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "attribute", Attribute, Cost.SLOW, results.Attribution,
        added=("words",),
        description="How much each token carried the decision, with the ledger that shows whether the scores add up.",
        returns="tokens, words, scores, input_output, baseline_output, delta, relative_delta, forward_passes, "
        "converged\n"
        "(null for a method whose scores need not add up).",
        needs=("text-classification",),
    ),
    Endpoint(
        "attribute_mask", AttributeMask, Cost.SLOW, results.Attribution,
        added=("words",),
        description="Why that word: how much each token made a masked-language model write a candidate behind a mask.",
        returns="the same as attribute.",
        needs=("fill-mask",),
    ),
    Endpoint(
        "attribute_layers", AttributeLayers, Cost.SLOW, results.LayerAttribution,
        description="Integrated Gradients at every layer: where in the model the decision is carried.",
        returns="tokens, scores as [layer][token] (before each layer, and behind the last), deltas, converged of "
        "each row.",
        needs=("text-classification",),
    ),
    Endpoint(
        "compare", Compare, Cost.EXCLUSIVE, results.Comparison,
        added=("words",),
        description="Every attribution method on one text, each put to the test of masking words in its order.",
        returns="words, methods (each with scores of the words, passes, seconds, curve, area, comprehensiveness, "
        "sufficiency), random (mean, low and high of the curve in random orders), agreement (Kendall's "
        "tau).",
        needs=("text-classification",),
    ),
    Endpoint(
        "what_if", WhatIf, Cost.BATCH, results.WhatIf,
        added=("words",),
        description="What the model says when one word is masked, deleted or replaced.",
        returns="word, text (as changed), before, after (scores of the target), before_label, after_label.",
        needs=("text-classification",),
    ),
)
# fmt: on
