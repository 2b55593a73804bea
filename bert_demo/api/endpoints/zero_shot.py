"""Labels of the visitor's own."""

from __future__ import annotations

from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.fields import Model, Request, argument
from bert_demo.core.scheduler import Cost
from bert_demo.results.zero_shot import ZeroShot


class ZeroShotRequest(Request):
    """A text and labels."""

    text: str = argument("the text to label.", examples=["The striker scored twice in the final."])
    labels: list[str] = argument(
        "from 1 to 50 labels, words or phrases.", min_length=1, max_length=50, examples=[["sports", "politics"]]
    )
    model: Model = "sentiment"
    template: str = argument("how a label becomes a sentence, with {} in its place.", "This example is {}.")
    entailment: str | None = argument(
        "the model's label that says that the sentence follows from the text; the one of that name when left out.",
        None,
        examples=["positive"],
    )
    several: bool = argument("whether a text may have several labels, each then by itself.", False)


# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "zero_shot", ZeroShotRequest, Cost.BATCH, ZeroShot,
        description="Labels of your own for a text, by a model that was trained for inference.",
        returns="model, revision, labels (label, hypothesis, number, score, descending), entailment, contradiction, "
        "template, several, windows.",
        needs=("text-classification",),
    ),
)
# fmt: on
