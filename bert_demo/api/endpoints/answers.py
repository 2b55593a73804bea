"""Questions about a passage."""

from __future__ import annotations

from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.attributions import METHODS_SAID, STEPS
from bert_demo.api.endpoints.fields import Baseline, Model, Request, argument
from bert_demo.core.scheduler import Cost
from bert_demo.results.answers import AnswerAttribution, Answers

QUESTION, PASSAGE = "Where was Ada born?", "Ada Lovelace was born in London in 1815."


class Answer(Request):
    """A question and a passage."""

    question: str = argument("the question.", examples=[QUESTION])
    passage: str = argument("the passage that holds the answer, of any length.", examples=[PASSAGE])
    model: Model = "base"
    top_k: int = argument("how many answers.", 3, ge=1)
    longest: int = argument("tokens of the longest answer.", 15, ge=1, le=100)


class AttributeAnswer(Request):
    """An answer, and how it is to be explained."""

    question: str = argument("the question.", examples=[QUESTION])
    passage: str = argument("the passage.", examples=[PASSAGE])
    start: int = argument("the first character of the answer in the passage, from 0.", ge=0, examples=[0])
    end: int = argument("the character behind its last.", ge=0, examples=[3])
    model: Model = "base"
    method: str = argument(METHODS_SAID, "integrated_gradients")
    baseline: Baseline = "pad"
    tolerance: float = argument("how closely the ledger must close.", 0.01, gt=0, lt=1)
    steps: int | None = argument(STEPS, None, ge=1)


# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "answer", Answer, Cost.BATCH, Answers,
        description="The stretches of a passage that answer a question, with their probabilities.",
        returns="model, revision, answers (text, start, end, score, window), no_answer (probability that there is "
        "none), windows, tokens.",
        needs=("question-answering",),
        long=("tokens",),
    ),
    Endpoint(
        "attribute_answer", AttributeAnswer, Cost.SLOW, AnswerAttribution,
        description="Which words of question and passage made a model answer so.",
        returns="question, passage, rest (sums of the scores of each), attribution (as attribute; what is shared out "
        "is the log-probability of the answer).",
        needs=("question-answering",),
    ),
)
# fmt: on
