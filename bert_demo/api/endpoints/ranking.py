"""Passages for a query."""

from __future__ import annotations

from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.fields import Baseline, Model, Request, argument
from bert_demo.core.scheduler import Cost
from bert_demo.results.ranking import Ranking, RankingAttribution

QUERY = "a film to laugh about"
FUNNY, DULL = "A warm and funny comedy.", "A dull and endless drama."
BY = "the label whose number ranks, where a model has several; the last when left out."


class Rerank(Request):
    """A query and its passages."""

    query: str = argument("the query.", examples=[QUERY])
    passages: list[str] = argument("from 1 to 50 passages.", min_length=1, max_length=50, examples=[[FUNNY, DULL]])
    model: Model = "sentiment"
    target: str | None = argument(BY, None)


class AttributeRanking(Request):
    """A query and two passages."""

    query: str = argument("the query.", examples=[QUERY])
    first: str = argument("the passage that is lifted.", examples=[FUNNY])
    second: str = argument("the passage that it is lifted above.", examples=[DULL])
    model: Model = "sentiment"
    target: str | None = argument(BY, None)
    baseline: Baseline = "pad"
    tolerance: float = argument("how closely the ledger of the difference must close.", 0.01, gt=0, lt=1)


# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "rerank", Rerank, Cost.BATCH, Ranking,
        description="Passages in the order in which a reranker puts them for a query, with its raw numbers.",
        returns="model, revision, target, activation, passages (place, text, number, score, windows), best first.",
        needs=("text-classification",),
    ),
    Endpoint(
        "attribute_ranking", AttributeRanking, Cost.SLOW, RankingAttribution,
        description="Which words lifted one passage above another for a query.",
        returns="model, target, outputs of both, difference, words (word, part, score), rest, total, delta, converged, "
        "parts (sums of the words of the query, of the first, of the second, and the rest).",
        needs=("text-classification",),
    ),
)
# fmt: on
