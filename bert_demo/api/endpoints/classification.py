"""What a classifier decides."""

from __future__ import annotations

from bert_demo import results
from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.fields import Model, Pair, Request, argument
from bert_demo.core.scheduler import Cost


class Classify(Request):
    """A text for a classifier."""

    text: str = argument("the text to classify.")
    pair: Pair = None
    model: Model = "sentiment"
    activation: str | None = argument(
        "none (raw numbers), sigmoid or softmax, instead of what the model's author set.", None
    )


# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "classify", Classify, Cost.INTERACTIVE, results.Classification,
        description="Probabilities of a classifier's labels, or a regression's numbers, for a text or a pair of texts.",
        returns="model, revision, labels (label and score, descending), tokens, windows (for texts beyond the "
        "limit).",
        needs=("text-classification",),
        added=("activation",),
    ),
)
# fmt: on
