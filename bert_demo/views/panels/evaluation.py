"""An Evaluation: its figures, its confusions, its calibration, its slices, its rows."""

from __future__ import annotations

from bert_demo.results.evaluation import Evaluation
from bert_demo.views.tables import Table
from bert_demo.views.templates import render

BEYOND_CHANCE = 0.05
"""A slice that chance explains more rarely differs."""
_INTERVAL = ("", "_low", "_high")


def figures_panel(result: Evaluation) -> str:
    """Accuracy, means over the labels, and each label, all with intervals."""
    names = ("precision", "recall", "f1")
    columns = ["label", "support", "predicted", *(f"{name}{end}" for name in names for end in _INTERVAL)]
    rows = []
    for each in result.labels:
        intervals = (each.precision, each.recall, each.f1)
        numbers = [part for one in intervals for part in (one.value, one.low, one.high)]
        rows.append([each.label, each.support, each.predicted, *numbers])
    means = [
        ("macro precision", result.macro_precision),
        ("macro recall", result.macro_recall),
        ("macro F1", result.macro_f1),
        *([("micro F1", result.micro_f1)] if result.micro_f1 else []),
    ]
    return render("evaluation.figures", result=result, means=means, numbers=Table(columns, rows, "labels"))


def matrix_panel(result: Evaluation) -> str:
    """Which label was given for which; of independent labels one matrix each. Each cell shows its rows."""
    if result.confusion is None:
        columns = ("label", "true_negative", "false_positive", "false_negative", "true_positive")
        counts = [(each.label, *each.confusion[0], *each.confusion[1]) for each in result.labels]
        return render("evaluation.matrices", result=result, numbers=Table(columns, counts, "confusion"))
    names = [each.label for each in result.labels]
    confusion = [list(map(int, row)) for row in result.confusion]
    rows = [
        (name, [(count, count / max(1, sum(row))) for count in row]) for name, row in zip(names, confusion, strict=True)
    ]
    table = Table(("truth", *names), [(name, *row) for name, row in zip(names, confusion, strict=True)], "confusion")
    return render("evaluation.matrix", result=result, names=names, rows=rows, numbers=table)


def calibration_panel(result: Evaluation) -> str:
    """What the reliability diagram shows, and its numbers."""
    columns = ("answers", "confidence", "right", "right_low", "right_high")
    bins = result.calibration.bins
    rows = [(each.count, each.confidence, each.right.value, each.right.low, each.right.high) for each in bins]
    return render("evaluation.calibration", result=result, numbers=Table(columns, rows, "calibration"))


def slices_panel(result: Evaluation) -> str:
    """Rows with something in common; those that differ beyond chance stand first."""
    columns = ("slice", "rows", "right", "others", "chance")
    rows = [(each.name, each.rows, each.right.value, each.others.value, each.chance) for each in result.slices]
    differ = sum(each.chance < BEYOND_CHANCE for each in result.slices)
    table = Table(columns, rows, "slices")
    return render("evaluation.slices", result=result, differ=differ, limit=BEYOND_CHANCE, numbers=table)


def rows_panel(result: Evaluation) -> str:
    """All rows: the wrong answers, the most confident first, then the right ones; a click opens one in a lens."""
    places = {each.label: place for place, each in enumerate(result.labels)}
    rows = []
    for each in result.answered:
        pick = {"text": each.text, "pair": each.pair or ""}
        truth, answer = (" ".join(str(places[name]) for name in names) for names in (each.truth, each.answer))
        rows.append((each, truth, answer, pick))
    return render("evaluation.rows", result=result, rows=rows, wrong=len(result.mistakes))
