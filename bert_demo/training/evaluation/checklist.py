"""CheckList (Ribeiro et al. 2020, arXiv 2005.04118) for a sentiment classifier: the failure rate of each test.

A case fails when its text, or any variant of it, breaks the expectation: MFT, the label is the expected one; INV, the
answer stays that of the original; DIR, the probability of "positive" does not move the wrong way by more than 0.1.
A model with two labels counts as neutral where its probability of "positive" lies between 1/3 and 2/3, as in the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerBase

from bert_demo.errors import BadDataError
from bert_demo.training.evaluation.classification import probabilities
from bert_demo.training.evaluation.interval import Interval, mean
from bert_demo.training.evaluation.pseudo_likelihood import read_records

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2
TOLERANCE = 0.1
NOT_NEGATIVE = ("should be neutral or positive", "Q & A: no")
"""Tests in which a case without the label "negative" asks only that the answer be not negative."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case: its texts (the original first) and the expected label, or None."""

    test: str
    kind: str
    capability: str
    texts: tuple[str, ...]
    label: int | None


@dataclass(frozen=True, slots=True)
class TestReport:
    """Failure rate of a test, its cases, and the failing texts whose answer was most confident, with that answer."""

    test: str
    kind: str
    capability: str
    failures: Interval
    cases: int
    worst: tuple[tuple[str, str, float], ...]


def read_checklist(path: Path) -> list[Case]:
    """Read JSON lines with test, type, capability, case (a text or several) and label. Raises BadDataError."""
    cases: list[Case] = []
    for number, row in read_records(path):
        texts = row.get("case")
        texts = [texts] if isinstance(texts, str) else texts
        if not isinstance(texts, list) or not texts or row.get("type") not in ("MFT", "INV", "DIR"):
            raise BadDataError(f"{path}, row {number}: test, type (MFT, INV or DIR) and case are needed.")
        label = row.get("label")
        if label not in (None, NEGATIVE, NEUTRAL, POSITIVE):
            raise BadDataError(f"{path}, row {number}: label must be 0, 1, 2 or null.")
        cases.append(Case(str(row["test"]), str(row["type"]), str(row.get("capability", "")), tuple(texts), label))
    return cases


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
        counted = [(bad is not None, bad) for bad in broken if bad != -1]
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
                mean(np.asarray([failed for failed, _ in counted] or [False])),
                len(counted),
                tuple((text, "positive" if p > 0.5 else "negative", max(p, 1 - p)) for text, p in shown),
            )
        )
    return reports


def answer(positive: float) -> int:
    """The label for a probability of "positive"."""
    return NEGATIVE if positive < 1 / 3 else POSITIVE if positive > 2 / 3 else NEUTRAL


def first_broken(case: Case, positive: Sequence[float]) -> int | None:
    """The first text of a case that breaks the expectation, None when it holds, -1 when the case does not count."""
    answers = [answer(each) for each in positive]
    if case.kind == "MFT":
        return next((place for place, given in enumerate(answers) if not _expected(case, given)), None)
    if case.kind == "INV":
        return next((place for place, given in enumerate(answers) if given != answers[0]), None)
    if "reducer" in case.test:
        if answers[0] == NEUTRAL:
            return -1
        sign = 1 if answers[0] == POSITIVE else -1
        return next((i for i, each in enumerate(positive) if sign * (each - positive[0]) > TOLERANCE), None)
    return next((i for i, each in enumerate(positive) if each < positive[0] - TOLERANCE), None)


def _expected(case: Case, given: int) -> bool:
    if case.label is None or (case.label == NEUTRAL and any(name in case.test for name in NOT_NEGATIVE)):
        return given != NEGATIVE
    return given == case.label
