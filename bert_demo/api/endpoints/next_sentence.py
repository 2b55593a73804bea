"""Whether a second text follows the first."""

from __future__ import annotations

from bert_demo import results
from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.fields import Model, Request, argument
from bert_demo.core.scheduler import Cost
from bert_demo.results.next_sentence import NextSentenceBaseline as Baseline


class NextSentence(Request):
    """Two texts."""

    first: str = argument("the first text.")
    second: str = argument("the second text.")
    model: Model = "base"


class NextSentenceBaseline(Request):
    """A model."""

    model: Model = "base"


# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "next_sentence", NextSentence, Cost.INTERACTIVE, results.NextSentence,
        description="The probability that the second text follows the first.",
        returns="model, revision, is_next, not_next.",
        needs=("next-sentence",),
    ),
    Endpoint(
        "next_sentence_baseline", NextSentenceBaseline, Cost.BATCH, Baseline,
        description="What next-sentence prediction says of 8 shipped pairs of sentences, and of all that come of "
        "shuffling them.",
        returns="firsts, seconds, matrix (probability that the second follows, as [first][second]), turned (that "
        "the first follows the second, of each pair), true and shuffled: how many pairs, their mean, the "
        "share judged right.",
        needs=("next-sentence",),
    ),
)
# fmt: on
