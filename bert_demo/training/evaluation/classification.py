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
from sklearn.metrics import confusion_matrix
from transformers import PreTrainedTokenizerBase

from bert_demo.core.errors import BadDataError, TextError
from bert_demo.models.loading.load import longest_text
from bert_demo.models.tokenization import encode
from bert_demo.training.batches import padded
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
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    lines: Sequence[int] = (),
    pairs: Sequence[str] = (),
) -> np.ndarray:
    """(texts, labels) probabilities; long texts as the mean of their windows, as the page reads them.

    pairs: the second text of each, if they have any. Raises BadDataError for a text in which the tokenizer reads
    nothing, naming its line of the file.
    """
    limit = longest_text(model.config, tokenizer)
    rows: list[tuple[int, list[int], list[int]]] = []
    for number, text in enumerate(texts):
        try:
            encoding = encode(tokenizer, text, pairs[number] if pairs else None, limit)
        except TextError as error:
            place = f"line {lines[number]}" if lines else f"text {number + 1}"
            raise BadDataError(f"The {place} holds no character that this model reads.") from error
        for window in encoding.windows:
            ids = [encoding.tokens[place].id for place in window]
            rows.append((number, ids, [encoding.segments[place] for place in window]))
    rows.sort(key=lambda row: len(row[1]))
    total = np.zeros((len(texts), model.config.num_labels))
    windows = np.zeros((len(texts), 1))
    single = model.config.num_labels == 1 or model.config.problem_type == "multi_label_classification"
    start = 0
    while start < len(rows):
        end = start + 1
        while end < len(rows) and len(rows[end][1]) * (end + 1 - start) <= BATCH_TOKENS:
            end += 1
        inputs = padded(tokenizer, [ids for _, ids, _ in rows[start:end]])
        if pairs and "token_type_ids" in tokenizer.model_input_names:
            width = inputs["input_ids"].shape[1]
            types = [[*each, *[0] * (width - len(each))] for _, _, each in rows[start:end]]
            inputs["token_type_ids"] = torch.tensor(types)
        logits = model(**inputs).logits.double()
        scores = np.asarray(logits.sigmoid() if single else logits.softmax(-1))
        for (number, _, _), row in zip(rows[start:end], scores, strict=True):
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

    def figures(counts: np.ndarray) -> np.ndarray:
        table = np.bincount(cells, counts, len(labels) ** 2).reshape(len(labels), len(labels))
        hits, answered, there = table.diagonal(), table.sum(0), table.sum(1)
        precision, recall, f1 = ratio(hits, answered), ratio(hits, there), ratio(2 * hits, answered + there)
        accuracy = float(counts @ right / counts.sum())
        error = calibration_error(at, confidence, right, counts)
        macro = [part[answered + there > 0].mean() for part in (precision, recall, f1)]
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


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, and 0 where the whole is 0, as scikit-learn's `zero_division=0.0`."""
    return np.asarray(np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0))


def calibration_error(at: np.ndarray, confidence: np.ndarray, right: np.ndarray, counts: np.ndarray) -> float:
    """Mean over the bins of |share right - mean confidence|, weighted by the rows in them.

    at: (rows,) bin of each row; counts: (rows,) how often each row counts.
    """
    gaps = np.bincount(at, weights=counts * (right - confidence), minlength=BINS)
    return float(np.abs(gaps).sum() / counts.sum())
