"""A classifier on labelled texts: accuracy, precision, recall, F1, confusion, calibration, and its worst mistakes.

Accuracy aside, the metrics are those of scikit-learn. Calibration error: Guo et al. 2017 (arXiv 1706.04599), 15 bins of
equal width; of a model that is perfectly calibrated it is not 0 but small, since every bin is off a little by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from transformers import PreTrainedTokenizerBase

from bert_demo.backends.encoding import encode
from bert_demo.backends.hub import reads_at_once
from bert_demo.errors import BadDataError, TextError
from bert_demo.training.evaluation.batching import padded
from bert_demo.training.evaluation.interval import RESAMPLES, Interval, bootstrap_many

BINS = 15
BATCH_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """Figures of one label, and how many rows carry it."""

    label: str
    precision: Interval
    recall: Interval
    f1: Interval
    support: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of like confidence: how many, their mean confidence, and the share that was right."""

    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong answer: its text (whole), the true label, the answer and its probability."""

    text: str
    label: str
    answer: str
    score: float


@dataclass(frozen=True, slots=True)
class ClassifierReport:
    """Everything that `evaluate` says of a classifier.

    confusion: (labels, labels) counts, true label in rows, answer in columns; mistakes: the most confident first.
    """

    rows: int
    accuracy: Interval
    macro_precision: Interval
    macro_recall: Interval
    macro_f1: Interval
    calibration_error: Interval
    labels: tuple[LabelFigures, ...]
    confusion: np.ndarray
    bins: tuple[Bin, ...]
    mistakes: tuple[Mistake, ...]


@torch.inference_mode()
def probabilities(
    model: Any, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], rows_of_file: Sequence[int] = ()
) -> np.ndarray:
    """(texts, labels) probabilities; long texts as the mean of their windows, as the page reads them.

    Raises BadDataError for a text in which the tokenizer reads nothing, naming its row of the file.
    """
    limit = reads_at_once(model.config, tokenizer)
    rows: list[tuple[int, list[int]]] = []
    for number, text in enumerate(texts):
        try:
            encoding = encode(tokenizer, text, None, limit)
        except TextError as error:
            place = f"row {rows_of_file[number]}" if rows_of_file else f"text {number + 1}"
            raise BadDataError(f"The {place} holds no character that this model reads.") from error
        rows += [(number, [encoding.tokens[place].id for place in window]) for window in encoding.windows]
    rows.sort(key=lambda row: len(row[1]))
    total = np.zeros((len(texts), model.config.num_labels))
    windows = np.zeros((len(texts), 1))
    single = model.config.num_labels == 1 or model.config.problem_type == "multi_label_classification"
    start = 0
    while start < len(rows):
        end = start + 1
        while end < len(rows) and len(rows[end][1]) * (end + 1 - start) <= BATCH_TOKENS:
            end += 1
        logits = model(**padded([ids for _, ids in rows[start:end]], int(tokenizer.pad_token_id))).logits.double()
        scores = np.asarray(logits.sigmoid() if single else logits.softmax(-1))
        for (number, _), row in zip(rows[start:end], scores, strict=True):
            total[number] += row
            windows[number] += 1
        start = end
    return np.asarray(total / windows)


def report(
    scores: np.ndarray,
    truth: Sequence[int],
    labels: Sequence[str],
    texts: Sequence[str] = (),
    worst: int = 10,
    resamples: int = RESAMPLES,
) -> ClassifierReport:
    """All figures from (rows, labels) probabilities and the true label of each row."""
    answers, confidence = scores.argmax(1), scores.max(1)
    true = np.asarray(truth)
    right = answers == true
    every = list(range(len(labels)))
    at = np.minimum((confidence * BINS).astype(int), BINS - 1)

    cells = true * len(labels) + answers
    ends = np.divmod(np.arange(len(labels) ** 2), len(labels))

    def figures(counts: np.ndarray) -> np.ndarray:
        weights = np.bincount(cells, counts, len(labels) ** 2)  # one row for each pair of true label and answer
        each = precision_recall_fscore_support(*ends, labels=every, sample_weight=weights, zero_division=0.0)
        precision, recall, f1 = (np.asarray(part) for part in each[:3])
        accuracy = float(counts @ right / counts.sum())
        error = calibration_error(at, confidence, right, counts)
        there = (np.bincount(true, counts, len(labels)) + np.bincount(answers, counts, len(labels))) > 0
        macro = [part[there].mean() for part in (precision, recall, f1)]
        return np.concatenate([[accuracy, error, *macro], precision, recall, f1])

    accuracy, error, *rest = bootstrap_many(len(true), figures, resamples)
    count, each_label = len(labels), rest[3:]
    wrong = np.flatnonzero(~right)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")][:worst] if len(texts) else wrong[:0]
    return ClassifierReport(
        rows=len(true),
        accuracy=accuracy,
        macro_precision=rest[0],
        macro_recall=rest[1],
        macro_f1=rest[2],
        calibration_error=error,
        labels=tuple(
            LabelFigures(label, each_label[i], each_label[count + i], each_label[2 * count + i], int((true == i).sum()))
            for i, label in enumerate(labels)
        ),
        confusion=np.asarray(confusion_matrix(true, answers, labels=every)),
        bins=tuple(
            Bin(int((at == i).sum()), float(confidence[at == i].mean()), float(right[at == i].mean()))
            for i in range(BINS)
            if (at == i).any()
        ),
        mistakes=tuple(
            Mistake(texts[i], labels[int(true[i])], labels[int(answers[i])], float(confidence[i]))
            for i in wrong.tolist()
        ),
    )


def calibration_error(at: np.ndarray, confidence: np.ndarray, right: np.ndarray, counts: np.ndarray) -> float:
    """Mean over the bins of |share right - mean confidence|, weighted by the rows in them.

    at: (rows,) bin of each row; counts: (rows,) how often each row counts.
    """
    gaps = np.bincount(at, weights=counts * (right - confidence), minlength=BINS)
    return float(np.abs(gaps).sum() / counts.sum())
