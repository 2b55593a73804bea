"""Passages ranked for a query by a model's raw number, and what lifted one above another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bert_demo.core.progress import OnProgress
from bert_demo.models.base import Model
from bert_demo.results import Attribution
from bert_demo.results.ranking import RankedPassage, Ranking, RankingAttribution, SharedWord
from bert_demo.tasks.attribution import Ledger, attribute
from bert_demo.tasks.attribution_request import Question
from bert_demo.tasks.attribution_targets import Label
from bert_demo.tasks.classification import label_logits
from bert_demo.tasks.probabilities import activate

FINER = (1.0, 0.1, 0.01)
"""Shares of the tolerance that both ledgers are closed within, until their difference closes, too."""


def rank(model: Model, target: int, query: str, passages: Sequence[str], watch: OnProgress) -> Ranking:
    """Each passage beside the query; a long one is the mean of its windows. Raises TextError, MissingHeadError."""
    rows = []
    for place, passage in enumerate(passages):
        logits = label_logits(model, model.encode(query, passage))
        score = float(activate(logits, model.activation).mean(0)[target])
        rows.append(RankedPassage(place, passage, float(logits.astype(np.float64).mean(0)[target]), score, len(logits)))
        watch(place + 1, len(passages))
    rows.sort(key=lambda each: -each.number)
    return Ranking(model.info.name, model.info.revision, model.labels[target], model.activation, tuple(rows))


def share_out(
    model: Model, question: Question, query: str, first: str, second: str, watch: OnProgress
) -> RankingAttribution:
    """The difference of two attributions, each closed so finely that the difference closes within the tolerance."""
    passes = 0
    for share in FINER:
        finer = replace(question, tolerance=question.tolerance * share)
        parts = [attribute(Label(model), finer, query, passage, watch) for passage in (first, second)]
        passes += sum(each.forward_passes for each in parts)
        found = _difference(question, *parts)
        if found.converged:
            break
    return replace(found, forward_passes=passes)


def _difference(question: Question, first: Attribution, second: Attribution) -> RankingAttribution:
    both = [[(word, each.tokens[word.positions[0]].segment) for word in each.words] for each in (first, second)]
    queries = [[word for word, segment in words if segment == 0] for words in both]
    passages = [[word for word, segment in words if segment == 1] for words in both]
    words = [SharedWord(one.text, "query", one.score - other.score) for one, other in zip(*queries, strict=True)]
    words += [SharedWord(each.text, "first", each.score) for each in passages[0]]
    words += [SharedWord(each.text, "second", -each.score) for each in passages[1]]
    special = [each.total - sum(word.score for word in each.words) for each in (first, second)]
    found = RankingAttribution(
        model=first.model,
        revision=first.revision,
        target=first.target,
        method=first.method,
        baseline=first.baseline,
        words=tuple(words),
        rest=special[0] - special[1],
        tolerance=question.tolerance,
        criterion="none",
        forward_passes=0,
        first=first,
        second=second,
    )
    size = max(abs(each) for part in (first, second) for each in (part.input_output, part.baseline_output))
    ledger = Ledger(found.delta, abs(found.change), sum(abs(each.score) for each in words), size)
    return replace(found, criterion=ledger.criterion(question.tolerance))
