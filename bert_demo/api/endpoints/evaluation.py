"""A model on rows with what is right of each."""

from __future__ import annotations

from bert_demo.api.endpoint import Endpoint
from bert_demo.api.endpoints.fields import Model, Request, argument
from bert_demo.core.scheduler import Cost
from bert_demo.results.answer_evaluation import AnswerEvaluation
from bert_demo.results.entity_evaluation import EntityEvaluation
from bert_demo.results.evaluation import Evaluation
from bert_demo.results.regression_evaluation import RegressionEvaluation

MOST_CHARACTERS = 1_000_000
"""Of all texts of one call."""


class Evaluate(Request):
    """Rows with what is right of each."""

    rows: list[list[str | int | float]] = argument(
        "from 2 to 2000 pairs of a text and its label, or a text, a second text and their label, such as "
        '[["A warm film.", "positive"], ...]. A label is a name, a number or a short form, as in a file. Of a model '
        'that judges each label by itself: its labels with ";" between, or "" for none. Of a model that gives one '
        "number: the right number. Of a model of entities: a text and its tags, words and tags with blanks between, "
        'such as ["Ada lives in Paris .", "B-PER O O B-LOC O"]. Of a model that finds answers: a question, a passage, '
        "and each answer that is right, none where the passage has none. All texts together may have "
        "1,000,000 characters. After 300 seconds it is ended.",
        min_length=2,
        max_length=2000,
        examples=[[["A warm film.", 1], ["A dull film.", 0]]],
    )
    model: Model = argument(
        "a bundled name, a hub id, or a directory; a classifier, or a model of one number, entities or answers.",
        "sentiment",
    )
    word: str = argument("rows whose text has this word are a slice of their own; of a classifier.", "")


# fmt: off
ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "evaluate", Evaluate, Cost.EXCLUSIVE, Evaluation | RegressionEvaluation | EntityEvaluation | AnswerEvaluation,
        call="evaluate_rows",
        description="How well a model does on rows with labels, numbers, tags or answers, all figures with 95 % "
        "intervals.",
        returns="model, revision, rows (how many), measure (accuracy, or subset accuracy: all labels of a row right "
        "at 0.5), accuracy, macro_precision, macro_recall, macro_f1, micro_f1 (of independent labels, else null), "
        "labels (precision, recall, f1, support, predicted, confusion of each), confusion (truth in rows, answers in "
        "columns; null for independent labels), calibration (error without the bias of bins, bins), slices (rows, "
        "right, others, chance), mistakes (the most confident first), probabilities as [row][label], "
        "tuning (chosen on one half of the rows and reported on the other: temperature, or the "
        "threshold of each label; null for fewer than 20 rows). Of a model that gives one number: model, revision, "
        "output (its name), rows, pearson, spearman (null where one side is the same number throughout), "
        "mean_absolute_error, farthest (the greatest error first), answers (a number for each row). Of "
        "a model of entities: model, revision, rows, words, precision, recall, f1 (of whole entities), types (the same "
        "of each, support, predicted), outcomes (right, wrong_type, wrong_borders, missed, spurious), mistakes (the "
        "surest first), answers (the tags of each row). Of a model that finds answers: model, revision, rows, "
        "without_answer, exact_match, f1 (of words), mistakes (the surest first), answers (what was found in "
        "each row).",
        limits={"most_read": MOST_CHARACTERS},
        seconds=300,
        ended="rows read. Send fewer of them.",
        long=("probabilities",),
        needs=("text-classification", "token-classification", "question-answering"),
    ),
)
# fmt: on
