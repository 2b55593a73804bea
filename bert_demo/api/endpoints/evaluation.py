"""A model on rows with what is right of each."""

from __future__ import annotations

from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.fields import Model, Request, argument
from bert_demo.core.scheduler import Cost
from bert_demo.results.evaluation import Evaluation
from bert_demo.results.regression_evaluation import RegressionEvaluation

MOST_CHARACTERS = 1_000_000
"""Of all texts of one call."""


class Evaluate(Request):
    """Rows with their labels or numbers."""

    rows: list[list[str | int | float]] = argument(
        "from 2 to 2000 pairs of a text and its label, or a text, a second text and their label, such as "
        '[["A warm film.", "positive"], ...]. A label is a name, a number or a short form, as in a file. Of a model '
        'that judges each label by itself: its labels with ";" between, or "" for none. Of a model that gives one '
        "number: the right number. All texts together may have "
        "1,000,000 characters. After 300 seconds it is ended.",
        min_length=2,
        max_length=2000,
        examples=[[["A warm film.", 1], ["A dull film.", 0]]],
    )
    model: Model = argument(
        "a bundled name, a hub id, or a directory; a classifier, or a model that gives one number.", "sentiment"
    )
    word: str = argument("rows whose text has this word are a slice of their own; of a classifier.", "")


# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "evaluate", Evaluate, Cost.EXCLUSIVE, Evaluation | RegressionEvaluation, call="evaluate_rows",
        description="How well a model does on rows with labels or numbers, every figure with its 95 % interval.",
        returns="model, revision, rows (how many), measure (accuracy, or subset accuracy: all labels of a row right "
        "at 0.5), accuracy, macro_precision, macro_recall, macro_f1, micro_f1 (of independent labels, else null), "
        "labels (precision, recall, f1, support, predicted, confusion of each), confusion (truth in rows, answers in "
        "columns; null for independent labels), calibration (error without the bias of bins, bins), slices (rows, "
        "right, others, chance), mistakes (the most confident first), probabilities as [row][label], "
        "tuning (chosen on one half of the rows and reported on the other: temperature, or the "
        "threshold of each label; null for fewer than 20 rows). Of a model that gives one number: model, revision, "
        "output (its name), rows, pearson, spearman (null where one side is the same number throughout), "
        "mean_absolute_error, farthest (the greatest error first), answers (a number for each row).",
        limits={"most_read": MOST_CHARACTERS},
        seconds=300,
        ended="rows read. Send fewer of them.",
        long=("probabilities",),
        needs=("text-classification",),
    ),
)
# fmt: on
