"""More about labelled rows than how well a classifier does on them."""

from __future__ import annotations

from typing import Any

from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.evaluation import MOST_CHARACTERS
from bert_demo.api.endpoints.fields import Baseline, Model, Request, argument
from bert_demo.core.scheduler import Cost
from bert_demo.results.label_issues import LabelIssues
from bert_demo.results.model_comparison import ModelComparison
from bert_demo.results.word_effects import WordEffects

_TWO = [["A warm film.", 1], ["A dull film.", 0]]
_TWELVE = [[f"A {word} film.", label] for word, label in (
    ("warm", 1), ("fine", 1), ("kind", 1), ("funny", 1), ("lovely", 1), ("tender", 0),
    ("dull", 0), ("loud", 0), ("empty", 0), ("bad", 0), ("boring", 0), ("awful", 1),
)]  # fmt: skip


def _rows(example: list[list[Any]]) -> Any:
    return argument(
        "from 2 to 2000 pairs of a text and its label, or a text, a second text and their label, as for /evaluate.",
        min_length=2,
        max_length=2000,
        examples=[example],
    )


class AttributeRows(Request):
    """Labelled rows, and the label that is explained."""

    rows: list[list[str | int]] = _rows(_TWO)
    model: Model = argument("a bundled name, a hub id, or a directory; a classifier.", "sentiment")
    target: str | None = argument("the label to explain; the one that most rows carry when left out.", None)
    method: str = argument("how each row is explained, by any method of /attribute.", "integrated_gradients")
    baseline: Baseline = "pad"
    output: str = argument("logit, probability or margin.", "logit")
    sample: int = argument("how many rows are drawn and explained, from 2 to 500.", 100, ge=2, le=500)


class FindLabelIssues(Request):
    """Labelled rows that may hold mistakes."""

    rows: list[list[str | int]] = _rows(_TWELVE)
    model: Model = argument(
        "a bundled name, a hub id, or a directory; the classifier whose labels these are.", "sentiment"
    )
    states: str = argument("the model whose frozen states are read; the same one when left out.", "")
    others: list[str] | None = argument(
        "the texts of another file, up to 20000, to see which of them are nearly those of a row.",
        None,
        max_length=20_000,
    )


class CompareModels(Request):
    """Labelled rows, and two models."""

    rows: list[list[str | int]] = _rows(_TWO)
    other: str = argument("the second model, with the same labels.", examples=["sentiment"])
    model: Model = argument("a bundled name, a hub id, or a directory; the first classifier.", "sentiment")


# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "attribute_rows", AttributeRows, Cost.EXCLUSIVE, WordEffects,
        description="Which words push a label over many rows: the mean attribution of each word, with an interval.",
        returns="model, revision, target, method, baseline, output, tolerance, rows (how many), explained (of them), "
        "too_long (left out), carrying (explained rows that carry the label), closed (rows whose ledger closed), least "
        "(rows that a word must stand in), words (word, rows, occurrences, carrying, effect with its 95 % interval, "
        "places of the rows from 0; the surest first), attributions (words and scores of each explained row).",
        limits={"most_read": MOST_CHARACTERS},
        seconds=300,
        ended="rows explained. Ask for a smaller sample, or send shorter texts.",
        long=("attributions",),
        needs=("text-classification",),
    ),
    Endpoint(
        "label_issues", FindLabelIssues, Cost.EXCLUSIVE, LabelIssues,
        description="Rows whose label is probably wrong (a guess: confident learning), near duplicates, shared texts.",
        returns="model, revision, states, rows (how many), folds, judged (rows), accuracy (of the cross-validated "
        "classifier on frozen states), left_out (labels of too few rows), issues (given, suggested, confidence: the "
        "probability of what is given; the least first), duplicates (rows, same, conflict: whether labels differ), "
        "others (how many), shared (rows whose text is nearly one of others).",
        limits={"most_read": MOST_CHARACTERS},
        seconds=300,
        ended="rows read. Send fewer of them.",
        needs=("text-classification",),
    ),
    Endpoint(
        "compare_models", CompareModels, Cost.EXCLUSIVE, ModelComparison,
        description="Two classifiers on the same rows: whether one is better beyond chance, and where they differ.",
        returns="measure, rows (how many), models (model, revision, accuracy, macro_f1), table as [[both right, only "
        "the first], [only the second, neither]], chance (McNemar's exact test), difference (of accuracy), "
        "macro_f1_difference, differing (rows that are answered otherwise).",
        limits={"most_read": MOST_CHARACTERS},
        seconds=300,
        ended="rows read. Send fewer of them.",
        needs=("text-classification",),
    ),
)
# fmt: on
