"""Named entities."""

from __future__ import annotations

from bert_demo import results
from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.attributions import METHODS_SAID, STEPS
from bert_demo.api.endpoints.fields import Baseline, Model, Request, argument
from bert_demo.core.scheduler import Cost
from bert_demo.results.entities import EntityReading

TEXT = "Ada Lovelace wrote to Charles Babbage from London."


class Entities(Request):
    """A text with names."""

    text: str = argument("the text to read, of any length.", examples=[TEXT])
    model: Model = "entities"
    aggregation: str = argument(
        "how the pieces of a word become one: first, average, max (of its pieces), simple (pieces alone, which parts "
        "words), or none (a label for each piece).",
        "first",
    )
    truth: list[list[str]] | None = argument(
        "what is there, pairs of a type and the words in the order of the text; then what was found is judged.",
        None,
        max_length=1000,
    )


class AttributeEntity(Request):
    """A stretch of a text, and how its type is to be explained."""

    text: str = argument("the text.", examples=[TEXT])
    start: int = argument("the first character of the stretch, from 0.", ge=0, examples=[0])
    end: int = argument("the character behind its last.", ge=0, examples=[3])
    target: str | None = argument("the type to explain, or O for none; the likeliest when left out.", None)
    against: str | None = argument("another type, or runner-up; then the difference of both is explained.", None)
    pieces: str = argument("first (of each word) or all: whose log-probabilities are averaged.", "first")
    model: Model = "entities"
    method: str = argument(METHODS_SAID, "integrated_gradients")
    baseline: Baseline = "pad"
    tolerance: float = argument("how closely the ledger must close.", 0.01, gt=0, lt=1)
    steps: int | None = argument(STEPS, None, ge=1)


# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "entities", Entities, Cost.BATCH, EntityReading,
        description="The names that a token classifier finds in a text, with their types and probabilities.",
        returns="model, revision, aggregation, entities (type, text, start, end, score, first and last token), labels, "
        "types, tokens, windows, probabilities (of each token), judgements, precision, recall and f1 (where truth is "
        "given).",
        needs=("token-classification",),
        long=("tokens", "probabilities"),
    ),
    Endpoint(
        "attribute_entity", AttributeEntity, Cost.SLOW, results.Attribution,
        description="Which words made a token classifier give a stretch of text its type, and not another.",
        returns="as attribute; output says what was shared out: the mean log-probability of the type over pieces of "
        "the stretch, or the difference of two.",
        needs=("token-classification",),
    ),
)
# fmt: on
