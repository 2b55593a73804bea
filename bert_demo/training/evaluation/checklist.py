"""CheckList (Ribeiro et al. 2020, arXiv 2005.04118) for a sentiment classifier: the failure rate of each test.

The rules are those of the authors' code. A model with two labels is neutral where its probability p of "positive" lies
between 1/3 and 2/3; there the probability of neutral is 1 - 3 |p - 1/2|, and the rest goes to the nearer label. A case
fails when its text, or any variant of it, breaks the expectation. MFT: the answer is the label. INV: the answer stays
that of the original, or the original answer's probability moved by no more than 0.1. DIR, reducers: the probability of
the original answer rises by no more than 0.1 (cases whose original is neutral or surer than 0.9 do not count). DIR,
positive phrases: P(positive) - P(negative) falls by no more than 0.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerBase

from bert_demo.core.errors import BadDataError
from bert_demo.data.checklist import NEGATIVE, NEUTRAL, POSITIVE, Case
from bert_demo.training.evaluation.classification import probabilities
from bert_demo.training.evaluation.interval import Interval, mean

TOLERANCE = 0.1
NOT_NEGATIVE = ("should be neutral or positive", "Q & A: no")
"""Tests in which a case without the label "negative" asks only that the answer be not negative."""


@dataclass(frozen=True, slots=True)
class TestReport:
    """Failure rate of a test (None when no case counts), its cases that count, and the worst failures.

    worst: failing texts whose answer was most confident, with that answer and its probability.
    """

    test: str
    kind: str
    capability: str
    failures: Interval | None
    cases: int
    worst: tuple[tuple[str, str, float], ...]


def evaluate_checklist(
    model: Any, tokenizer: PreTrainedTokenizerBase, cases: Sequence[Case], worst: int = 3
) -> list[TestReport]:
    """The report of each test, in the order of the file. The model needs a label "positive" and one "negative"."""
    labels = {str(name).lower(): int(index) for index, name in model.config.id2label.items()}
    if set(labels) != {"positive", "negative"}:
        raise BadDataError("CheckList's sentiment tests need a model with the labels negative and positive.")
    texts = sorted({text for case in cases for text in case.texts})
    scores = probabilities(model, tokenizer, texts)[:, labels["positive"]]
    positive = dict(zip(texts, scores.tolist(), strict=True))
    reports = []
    for test in dict.fromkeys(case.test for case in cases):
        own = [case for case in cases if case.test == test]
        broken = [first_broken(case, [positive[text] for text in case.texts]) for case in own]
        counted = np.asarray([bad is not None for bad in broken if bad != -1])
        shown = sorted(
            {
                (case.texts[bad], positive[case.texts[bad]])
                for case, bad in zip(own, broken, strict=True)
                if bad not in (None, -1)
            },
            key=lambda each: (-abs(each[1] - 0.5), each[0]),
        )[:worst]
        reports.append(
            TestReport(
                test,
                own[0].kind,
                own[0].capability,
                mean(counted) if len(counted) else None,
                len(counted),
                tuple((text, "positive" if p > 0.5 else "negative", max(p, 1 - p)) for text, p in shown),
            )
        )
    return reports


def three_ways(positive: float) -> np.ndarray:
    """(3,) probabilities of negative, neutral and positive for a probability of "positive" among two labels."""
    if not 1 / 3 <= positive <= 2 / 3:
        return np.asarray([1 - positive, 0.0, positive])
    neutral = 1 - 3 * abs(positive - 0.5)
    return np.asarray([0.0, neutral, 1 - neutral] if positive >= 0.5 else [1 - neutral, neutral, 0.0])


def first_broken(case: Case, positive: Sequence[float]) -> int | None:
    """The first text of a case that breaks the expectation, None when it holds, -1 when the case does not count."""
    scores = np.stack([three_ways(each) for each in positive])
    answers = scores.argmax(1)
    original = int(answers[0])
    moved = scores[:, original] - scores[0, original]
    if case.kind == "MFT":
        broken = np.asarray([not _expected(case, int(given)) for given in answers])
    elif case.kind == "INV":
        broken = (answers != original) & (np.abs(moved) > TOLERANCE)
    elif "reducer" in case.test:
        if original == NEUTRAL or scores[0, original] >= 1 - TOLERANCE:
            return -1
        broken = moved > TOLERANCE
    else:
        gain = scores[:, POSITIVE] - scores[:, NEGATIVE]
        broken = gain < gain[0] - TOLERANCE
    return int(np.argmax(broken)) if broken.any() else None


def _expected(case: Case, given: int) -> bool:
    if case.label is None or (case.label == NEUTRAL and any(name in case.test for name in NOT_NEGATIVE)):
        return given != NEGATIVE
    return given == case.label
