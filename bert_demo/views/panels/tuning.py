"""What could be set better without training: a temperature, or a threshold for each label."""

from __future__ import annotations

from bert_demo.results.evaluation import Evaluation
from bert_demo.results.tuning import LEAST_ROWS
from bert_demo.views.tables import Table
from bert_demo.views.templates import render


def tuning_panel(result: Evaluation) -> str:
    """The temperature or the thresholds, and what they change."""
    found = result.tuning
    if found is None:
        return render("tuning.too_few", LEAST_ROWS)
    if found.temperature is not None:
        columns = ("temperature", "log_loss", "calibration_error", "calibration_low", "calibration_high")
        pairs = zip(found.temperature.log_loss, found.temperature.calibration_error, strict=True)
        rows = [
            (value, loss, error.value, error.low, error.high)
            for value, (loss, error) in zip((1.0, found.temperature.value), pairs, strict=True)
        ]
        return render("tuning.temperature", found, found.temperature, Table(columns, rows, "temperature"))
    columns = ("label", "threshold", "support", "f1_at_half", "f1_at_threshold")
    labels = [(each.label, each.value, each.support, *(one.value for one in each.f1)) for each in found.thresholds]
    return render("tuning.thresholds", found, Table(columns, labels, "thresholds"))
